"""Proxies of an estimator and a scorer that let a search fit once for several candidates."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sklearn.base import clone

# Private, but it handles scorers that fail in the same way as the searches of scikit-learn.
from sklearn.model_selection._validation import _score

from ._staged import snapshot, staged_fit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from typing_extensions import Self


class EpochList(tuple[int, ...]):
    """Numbers of epochs of candidates whose other parameters are the same."""


class StagedEstimator:
    """Proxy of an estimator that fits it once and keeps a snapshot at each stage.

    All other attributes are those of the estimator. For a single number of epochs, ``set_params``
    returns the estimator itself.

    Parameters
    ----------
    estimator : estimator
        The estimator to fit.
    epochs_param : str
        Name of the parameter that sets the number of epochs.
    error_score : "raise" or float
        Whether to raise the error if the training fails after some of the stages.

    Attributes
    ----------
    stages : dict of int to (estimator, float)
        For each number of epochs, the snapshot of the estimator and the fit time in seconds.
    failure : str or None
        The traceback, if the training failed before the last stage.
    """

    epochs: EpochList
    stages: dict[int, tuple[BaseEstimator, float]]
    failure: str | None

    def __init__(
        self, estimator: BaseEstimator, epochs_param: str, error_score: str | float
    ) -> None:
        self.estimator = estimator
        self.epochs_param = epochs_param
        self.error_score = error_score

    def __getattr__(self, name: str) -> Any:
        # Special methods, such as those for copying and pickling, are not delegated.
        if name == "estimator" or (name.startswith("__") and not name.startswith("__sklearn")):
            raise AttributeError(name)
        return getattr(self.estimator, name)

    def __sklearn_clone__(self) -> StagedEstimator:
        return StagedEstimator(clone(self.estimator), self.epochs_param, self.error_score)

    def set_params(self, **params: Any) -> Self | BaseEstimator:
        """Set the parameters and return the estimator to fit: the proxy or the original."""
        epochs = params.get(self.epochs_param)
        if not isinstance(epochs, EpochList):
            return self.estimator.set_params(**params)
        self.epochs = epochs
        self.estimator.set_params(**{**params, self.epochs_param: max(epochs)})
        return self

    def fit(self, X: ArrayLike, y: ArrayLike | None = None, **params: Any) -> Self:
        """Fit, and keep a snapshot of the estimator at each stage."""
        self.stages, self.failure = {}, None
        if "_parent_callback_ctx" in vars(self):  # set by scikit-learn 1.9 or newer
            self.estimator._parent_callback_ctx = self._parent_callback_ctx

        def on_stage(n: int, seconds: float) -> None:
            self.stages[n] = snapshot(self.estimator, n), seconds

        try:
            staged_fit(self.estimator, self.epochs, on_stage, X, y, **params)
        except Exception:
            if self.error_score == "raise" or not self.stages:
                raise
            self.failure = traceback.format_exc()
        return self


class StagedScores(dict[str, Any]):
    """Dict of final scores, as scikit-learn expects, that also stores the scores of all stages.

    Attributes
    ----------
    stage_scores : dict of int to dict
        For each number of epochs, a dict with the keys "score" (a number, or a dict if there are
        several metrics), "fit_time" and "score_time".
    failure : str or None
        The traceback, if the training failed before the last stage.
    """

    stage_scores: dict[int, dict[str, Any]]
    failure: str | None


class StagedScorer:
    """Proxy of a scorer that scores each snapshot of a :class:`StagedEstimator`.

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
        """Score an estimator, or each snapshot of a StagedEstimator."""
        if not isinstance(estimator, StagedEstimator):
            return self._score(estimator, X, y, params)
        stage_scores: dict[int, dict[str, Any]] = {}
        for n, (fitted, fit_time) in estimator.stages.items():
            start = time.perf_counter()
            score = self._score(fitted, X, y, params)
            score_time = time.perf_counter() - start
            stage_scores[n] = {"score": score, "fit_time": fit_time, "score_time": score_time}
        scores = StagedScores(score if isinstance(score, dict) else {"score": score})
        scores.stage_scores, scores.failure = stage_scores, estimator.failure
        return scores

    def _score(self, estimator: Any, X: ArrayLike, y: ArrayLike | None, params: dict) -> Any:
        return _score(estimator, X, y, self.__wrapped__, params, self.error_score)


def split_results(fit: dict[str, Any], epochs: EpochList) -> list[dict[str, Any]]:
    """Split the results of a StagedEstimator into the results of its candidates.

    Parameters
    ----------
    fit : dict
        Result of one fit in a search of scikit-learn, with keys such as "test_scores" and
        "fit_error".
    epochs : EpochList
        The numbers of epochs of the candidates.

    Returns
    -------
    list of dict
        One such dict for each candidate. The scores of failed candidates are None.
    """
    score_keys = fit.keys() & {"test_scores", "train_scores"}
    failed = fit | dict.fromkeys(score_keys)
    if fit["fit_error"] is not None:
        return [failed] * len(epochs)
    stage_scores, failure = fit["test_scores"].stage_scores, fit["test_scores"].failure
    return [
        fit
        | {key: stage_scores[n][key] for key in ("fit_time", "score_time")}
        | {key: fit[key].stage_scores[n]["score"] for key in score_keys}
        if n in stage_scores
        else failed | {"fit_error": failure}
        for n in epochs
    ]
