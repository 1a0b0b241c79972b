"""Proxies of an estimator and a scorer that let a search fit once for several candidates."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import clone

# Private, but it handles scorers that fail in the same way as the searches of scikit-learn.
from sklearn.model_selection._validation import _score

from . import _time_limit
from ._continued_fit import continued_fit
from ._staged import snapshot, staged_fit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

    from skmnist._estimators.checkpoints import CheckpointTarget

    from ._stacked_search import FoldFits
    from ._stacking import StackedFit

# The parameter of a candidate that contains its plan.
PLAN = "fit_plan"


class FitPlan(NamedTuple):
    """How a search fits a candidate or a group of candidates.

    Attributes
    ----------
    epochs : tuple of int or None
        Numbers of epochs of candidates whose other parameters are the same. They are scored during
        a single fit. None: one candidate, which is scored after its fit.
    deadline : float or None
        The time after which no fit starts.
    state : CheckpointTarget or None
        The folder with the state of an earlier fit, from which this one continues.
    skip : bool
        Whether the scores are known, so that nothing is fitted.
    fitted : FoldFits or None
        The results of fits in a stack, which were done before.
    """

    epochs: tuple[int, ...] | None = None
    deadline: float | None = None
    state: CheckpointTarget | None = None
    skip: bool = False
    fitted: FoldFits | None = None

    def __str__(self) -> str:  # scikit-learn prints it with verbose=2
        return "one candidate" if self.epochs is None else f"epochs {self.epochs}"


class PlannedEstimator:
    """Proxy of an estimator that fits it as a :class:`FitPlan` says.

    All other attributes are those of the estimator. ``set_params`` without a plan returns the
    estimator itself.

    Parameters
    ----------
    estimator : estimator
        The estimator to fit.
    error_score : "raise" or float
        Whether to raise the error if the training fails after some of the stages.

    Attributes
    ----------
    stages : dict of int or None to (estimator, float)
        For each number of epochs of the plan, the snapshot of the estimator and the fit time in
        seconds. For a plan without epochs, the estimator itself, for the key None.
    failure : str or None
        The traceback, if the training failed before the last stage.
    skipped : bool
        Whether nothing was fitted.
    continued : bool
        Whether the fit continued from a state.
    """

    plan: FitPlan
    stages: dict[int | None, tuple[BaseEstimator, float]]
    failure: str | None
    skipped: bool
    continued: bool

    def __init__(self, estimator: BaseEstimator, error_score: str | float) -> None:
        self.estimator = estimator
        self.error_score = error_score

    def __getattr__(self, name: str) -> Any:
        # Special methods, such as those for copying and pickling, are not delegated.
        if name == "estimator" or (name.startswith("__") and not name.startswith("__sklearn")):
            raise AttributeError(name)
        return getattr(self.estimator, name)

    def __sklearn_clone__(self) -> PlannedEstimator:
        return PlannedEstimator(clone(self.estimator), self.error_score)

    def set_params(self, **params: Any) -> Self | BaseEstimator:
        """Set the parameters and return the estimator to fit: the proxy or the original."""
        plan = params.pop(PLAN, None)
        self.estimator.set_params(**params)
        if plan is None:
            return self.estimator
        self.plan = plan
        return self

    def fit(self, X: ArrayLike, y: ArrayLike | None = None, **params: Any) -> Self:
        """Fit, and keep the estimator at each stage."""
        self.stages, self.failure, self.continued = {}, None, False
        deadline = self.plan.deadline
        stacked = None if self.plan.fitted is None else self.plan.fitted.get(X, y)
        if stacked is not None:
            self.skipped = stacked.skipped
        else:
            past_deadline = deadline is not None and _time_limit.now() >= deadline
            self.skipped = self.plan.skip or past_deadline
        if self.skipped:
            return self
        if "_parent_callback_ctx" in vars(self):  # set by scikit-learn 1.9 or newer
            self.estimator._parent_callback_ctx = self._parent_callback_ctx
        try:
            if stacked is None:
                self._fit(X, y, params)
            else:
                self._take_over(stacked)
        except Exception:
            if self.error_score == "raise" or not self.stages:
                raise
            self.failure = traceback.format_exc()
        return self

    def _take_over(self, fit: StackedFit) -> None:
        """Keep the stages of a fit in a stack, and raise its error."""
        for n, stage in fit.stages.items():
            self.stages[None if self.plan.epochs is None else n] = stage
        if fit.error is not None:
            raise fit.error

    def _fit(self, X: ArrayLike, y: ArrayLike | None, params: dict[str, Any]) -> None:
        def on_stage(n: int, seconds: float) -> None:
            self.stages[n] = snapshot(self.estimator, n), seconds

        if self.plan.epochs is not None:
            staged_fit(self.estimator, self.plan.epochs, on_stage, X, y, **params)
            return
        start = time.perf_counter()
        if self.plan.state is None:
            self.estimator.fit(X, y, **params)
        else:
            self.continued = continued_fit(self.estimator, self.plan.state, X, y, **params)
        self.stages[None] = self.estimator, time.perf_counter() - start


class StagedScores(dict[str, Any]):
    """Dict of final scores, as scikit-learn expects, that also stores the scores of all stages.

    Attributes
    ----------
    stage_scores : dict of int or None to dict
        For each number of epochs, a dict with the keys "score" (a number, or a dict if there are
        several metrics), "fit_time" and "score_time".
    failure : str or None
        The traceback, if the training failed before the last stage.
    skipped, continued : bool
        See :class:`PlannedEstimator`.
    """

    stage_scores: dict[int | None, dict[str, Any]]
    failure: str | None
    skipped: bool
    continued: bool


class StagedScorer:
    """Proxy of a scorer that scores each stage of a :class:`PlannedEstimator`.

    Parameters
    ----------
    scorer : callable
        A scorer of scikit-learn for one or several metrics, or a function.
    error_score : "raise" or float
        The score if scoring fails.
    """

    def __init__(self, scorer: Callable[..., Any], error_score: str | float) -> None:
        # inspect.signature follows this attribute to the signature of the scorer.
        self.__wrapped__ = scorer
        self.error_score = error_score

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.__wrapped__, name)

    def __repr__(self) -> str:
        return repr(self.__wrapped__)

    def __call__(
        self, estimator: Any, X: ArrayLike, y: ArrayLike | None = None, **params: Any
    ) -> Any:
        """Score an estimator, or each stage of a PlannedEstimator."""
        if not isinstance(estimator, PlannedEstimator):
            return self._score(estimator, X, y, params)
        stage_scores: dict[int | None, dict[str, Any]] = {}
        score: Any = np.nan  # if the fit was skipped
        for n, (fitted, fit_time) in estimator.stages.items():
            start = time.perf_counter()
            score = self._score(fitted, X, y, params)
            score_time = time.perf_counter() - start
            stage_scores[n] = {"score": score, "fit_time": fit_time, "score_time": score_time}
        scores = StagedScores(score if isinstance(score, dict) else {"score": score})
        scores.stage_scores, scores.failure = stage_scores, estimator.failure
        scores.skipped, scores.continued = estimator.skipped, estimator.continued
        return scores

    def _score(self, estimator: Any, X: ArrayLike, y: ArrayLike | None, params: dict) -> Any:
        return _score(estimator, X, y, self.__wrapped__, params, self.error_score)


def split_results(fit: dict[str, Any], epochs: tuple[int, ...] | None) -> list[dict[str, Any]]:
    """Split the results of a fit into the results of its candidates.

    Parameters
    ----------
    fit : dict
        Result of one fit in a search of scikit-learn, with keys such as "test_scores" and
        "fit_error".
    epochs : tuple of int or None
        The numbers of epochs of the candidates, or None for one candidate.

    Returns
    -------
    list of dict
        One such dict for each candidate. The scores of candidates that failed or were not started
        are None.
    """
    score_keys = fit.keys() & {"test_scores", "train_scores"}
    n_candidates = 1 if epochs is None else len(epochs)
    failed = fit | dict.fromkeys(score_keys)
    if fit["fit_error"] is not None:
        return [failed] * n_candidates
    scores = fit["test_scores"]
    if not isinstance(scores, StagedScores):  # the scorer failed, so that all have `error_score`
        return [fit] * n_candidates
    if scores.skipped:
        return [failed | {"fit_error": _time_limit.NOT_STARTED}] * n_candidates
    return [
        fit
        | {key: scores.stage_scores[n][key] for key in ("fit_time", "score_time")}
        | {key: fit[key].stage_scores[n]["score"] for key in score_keys}
        if n in scores.stage_scores
        else failed | {"fit_error": scores.failure}
        for n in epochs or (None,)
    ]
