"""Successive halving over epochs, in which the remaining candidates continue their training."""

from __future__ import annotations

import os
from collections import defaultdict
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import joblib
import numpy as np
from sklearn.base import is_classifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV, check_cv
from sklearn.utils._param_validation import Interval

from skmnist._estimators.checkpoints import stable_repr
from skmnist._utils.warnings import warn_caller

from ._halving_store import open_store
from ._proxies import PLAN, FitPlan
from ._search_base import CONSTRAINTS, BaseEpochSearch, Group, with_params
from ._staged import epochs_param, supports_staged_fit
from ._time_limit import NOT_STARTED

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from typing_extensions import Self

# Parameters of the search on which the results of its fits depend.
_SETTINGS = (
    "param_grid",
    "factor",
    "max_resources",
    "min_resources",
    "aggressive_elimination",
    "scoring",
    "error_score",
    "return_train_score",
)


class EpochHalvingSearchCV(BaseEpochSearch, HalvingGridSearchCV):
    """Successive halving over epochs, in which the remaining candidates continue their training.

    All candidates are trained for a few epochs. The best third of them is trained for three times
    as many epochs, and so on. :class:`~sklearn.model_selection.HalvingGridSearchCV` with
    ``resource="max_epochs"`` trains the remaining candidates from scratch in each iteration. This
    search continues their training instead. With an integer `random_state` in the estimator, all
    scores are bit-for-bit the same.

    Parameters
    ----------
    estimator : estimator
        A classifier of skmnist, or a :class:`~sklearn.pipeline.Pipeline` that ends in one. With
        any other estimator that has the parameter max_epochs or max_iter, the candidates are
        trained from scratch in each iteration, see Notes.
    param_grid : dict or list of dict
        For each parameter, a list of values. It must not include ``max_epochs``. For a list of
        candidates, such as those of :class:`~sklearn.model_selection.ParameterSampler`, pass one
        dict with lists of one value for each candidate.
    factor : int or float, default=3
        The number of candidates is divided by it after each iteration, and the number of epochs
        is multiplied by it. It is greater than 1.
    max_resources : int or "auto", default="auto"
        Largest number of epochs. "auto" is the value of ``max_epochs`` in the estimator.
    min_resources : int, "exhaust" or "smallest", default="exhaust"
        Number of epochs of the first iteration. "smallest" is 1. With "exhaust", the last
        iteration uses as many of the `max_resources` as possible.
    aggressive_elimination : bool, default=False
        Whether to repeat the first number of epochs until the last iteration has fewer than
        `factor` candidates, if there are too few epochs for that.
    cv : int, splitter or iterable, default=5
        The cross-validation splitter. It must give the same splits each time.
    scoring : str or callable, default=None
        The metric. If None, the ``score`` method of the estimator.
    refit : bool or callable, default=True
        Whether to fit the best candidate on all samples at the end.
    error_score : "raise" or float, default=nan
        The score of a candidate if its fit fails. "raise" raises the error.
    return_train_score : bool, default=True
        Whether ``cv_results_`` includes the scores on the training set.
    random_state : int, RandomState instance or None, default=None
        Not used. It exists because HalvingGridSearchCV has it, for the resource "n_samples".
    n_jobs : int, default=None
        Number of fits that run in parallel.
    verbose : int, default=0
        Verbosity, as in HalvingGridSearchCV.
    time_limit : float, default=None
        Seconds after which no fit starts. Fits that are running are completed, and the best
        candidate is fitted on all samples as usual. A candidate with a fit that was not started
        gets the score NaN and cannot win. The best candidate is that of the last completed
        iteration. None: no limit.
    checkpoint_dir : str or path, default=None
        Folder for the state of the search, from which ``fit(..., resume=True)`` continues. None:
        a temporary folder, which is removed at the end.

    Attributes
    ----------
    cv_results_ : dict of ndarray
        As in HalvingGridSearchCV, with the columns ``iter`` and ``n_resources``. ``mean_fit_time``
        is the time of the iteration, without the earlier ones.
    continued_ : ndarray of bool of shape (n_candidates,)
        Whether the candidate continued the training of the previous iteration on all splits, for
        each entry of `cv_results_`.
    n_resources_, n_candidates_, n_iterations_, n_remaining_candidates_, max_resources_, \
min_resources_, n_possible_iterations_, n_required_iterations_
        As in HalvingGridSearchCV.
    best_estimator_, best_params_, best_index_, best_score_, scorer_, refit_time_, n_splits_, \
multimetric_, classes_, n_features_in_, feature_names_in_
        As in HalvingGridSearchCV.

    See Also
    --------
    EpochGridSearchCV : All combinations of a grid, for all numbers of epochs.
    EpochRandomizedSearchCV : The same for randomly drawn candidates.
    skmnist.displays.SearchDisplay : Plot of the results of a search.

    Notes
    -----
    A candidate is trained from scratch in each iteration, with the same scores as in
    HalvingGridSearchCV, in these cases. A warning counts them, and ``continued_`` shows them.

    - `lr_schedule` is "cosine", "step" or "onecycle", because these schedules depend on the number
      of epochs.
    - `callbacks` are used.
    - The estimator cannot continue a fit, such as those of scikit-learn.

    Between two iterations, the state of each fit is on the disk: the weights, their average and
    the state of the optimizer, about four times the size of the weights for Adam. There are at
    most two states per fit; those of eliminated candidates are removed, and none is in memory. The
    states are model files (safetensors), which contain no code. Workers on other machines need a
    `checkpoint_dir` that all machines share. A worker that does not find a state trains from
    scratch, and a warning is shown.

    With a `checkpoint_dir`, each fit writes its state after each epoch. An interrupted search and
    one that reached its `time_limit` can be resumed, with the same result.

    References
    ----------
    K. Jamieson, A. Talwalkar, "Non-stochastic best arm identification and hyperparameter
    optimization", AISTATS (2016).

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.studies import EpochHalvingSearchCV
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> grid = {"lr": [1e-4, 1e-3, 1e-2], "batch_size": [32, 64, 128]}
    >>> clf = MLPClassifier(max_epochs=9, random_state=0)
    >>> search = EpochHalvingSearchCV(clf, grid, cv=2).fit(X[::5], y[::5])
    >>> search.n_candidates_, search.n_resources_
    ([9, 3, 1], [1, 3, 9])
    >>> search.continued_.tolist()
    [False, False, False, False, False, False, False, False, False, True, True, True, True]
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **{k: v for k, v in HalvingGridSearchCV._parameter_constraints.items() if k != "resource"},
        **CONSTRAINTS,
        "factor": [Interval(Real, 1, None, closed="neither")],
        "checkpoint_dir": [str, os.PathLike, None],
    }

    def __init__(
        self,
        estimator: Any,
        param_grid: Any,
        *,
        factor: float = 3,
        max_resources: int | str = "auto",
        min_resources: int | str = "exhaust",
        aggressive_elimination: bool = False,
        cv: Any = 5,
        scoring: Any = None,
        refit: Any = True,
        error_score: Any = np.nan,
        return_train_score: bool = True,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        time_limit: float | None = None,
        checkpoint_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        super().__init__(
            estimator,
            param_grid,
            factor=factor,
            max_resources=max_resources,
            min_resources=min_resources,
            aggressive_elimination=aggressive_elimination,
            cv=cv,
            scoring=scoring,
            refit=refit,
            error_score=error_score,
            return_train_score=return_train_score,
            random_state=random_state,
            n_jobs=n_jobs,
            verbose=verbose,
        )
        self.time_limit = time_limit
        self.checkpoint_dir = checkpoint_dir

    def fit(
        self, X: ArrayLike, y: ArrayLike | None = None, *, resume: bool = False, **params: Any
    ) -> Self:
        """Fit and score the candidates of all iterations.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Images, in a format that the estimator accepts.
        y : array-like of shape (n_samples,)
            Labels.
        resume : bool, default=False
            Whether to continue the search in `checkpoint_dir`. With the same parameters and data,
            the result is the same as that of an uninterrupted search. If the folder contains no
            search, the search starts from scratch.
        **params
            Parameters passed to the ``fit`` method of the estimator, the splitter (``groups``) and
            the scorer (``sample_weight``), as in HalvingGridSearchCV.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If a parameter is invalid, if all fits fail, or if `time_limit` is reached before any
            candidate is fitted on all splits. With ``error_score="raise"``, the error of the first
            fit that fails is raised instead.
        CheckpointError
            If `checkpoint_dir` belongs to a search with other parameters or data, is damaged, or
            is used by another search.
        """
        self._validate_params()
        if resume and self.checkpoint_dir is None:
            raise ValueError(
                "resume=True requires checkpoint_dir, which is None. Set it to the folder of the "
                "search, in the first fit as well."
            )
        resource = epochs_param(self.estimator)
        max_resources = self.max_resources
        if max_resources == "auto":
            max_resources = self.estimator.get_params()[resource]
            if max_resources < 1:  # such as -1 of SVC, no limit
                raise ValueError(
                    f"max_resources='auto' needs a positive value of {resource}. Got "
                    f"{resource}={max_resources} instead. Set max_resources to an int."
                )
        cv = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        settings = {}
        if self.checkpoint_dir is not None:
            settings = self._settings() | {"max_resources": stable_repr(max_resources)}
            settings |= {"cv": joblib.hash(cv), "data": joblib.hash((X, y, params))}
        with open_store(self.checkpoint_dir, settings, resume) as store:
            return self._fit(
                X,
                y,
                params,
                resource=resource,
                max_resources=max_resources,
                cv=cv,
                _store=store,
                _iteration=0,
                _first=[],
                _continuing=[],
                _n_lost=0,
            )

    def _settings(self) -> dict[str, str]:
        """Return the parameters on which the results of the fits depend."""
        settings = {name: getattr(self, name) for name in _SETTINGS}
        settings |= {"estimator": self.estimator}
        settings |= {f"estimator__{k}": v for k, v in self.estimator.get_params().items()}
        # The parameters of an estimator have names of their own, and so have the steps of a list.
        return {
            name: stable_repr(type(value) if hasattr(value, "get_params") else value)
            for name, value in settings.items()
            if not name.endswith("steps")
        }

    def _run_search(self, evaluate_candidates: Any, callback_ctx: Any = None) -> None:
        """Search as HalvingGridSearchCV does, with a plan for each candidate."""
        self.continued_ = np.zeros(0, dtype=bool)

        def evaluate(candidates: list[dict[str, Any]], *args: Any, **kwargs: Any) -> Any:
            planned = self._plan_iteration(list(candidates))
            results = evaluate_candidates(planned, *args, **kwargs)
            self._iteration += 1
            return results

        # Only scikit-learn 1.9 or newer has this argument.
        context = {} if callback_ctx is None else {"callback_ctx": callback_ctx}
        super()._run_search(evaluate, **context)
        if self._n_lost:
            warn_caller(
                f"{self._n_lost} fits were trained from scratch, because the state of the previous "
                "iteration was not found or belongs to other data. Workers on other machines need "
                "a checkpoint_dir that all machines share, and the steps of a pipeline a "
                "random_state."
            )

    def _plan_iteration(self, candidates: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the candidates of the next iteration with their plans."""
        itr, saved = self._iteration, self._store.saved(self._iteration)
        if itr == 0:
            self._first = candidates
        numbers = self._find_numbers(candidates)
        self._store.discard(numbers)
        estimator, planned, self._continuing = self.estimator.estimator, [], []
        for number, params in zip(numbers, candidates, strict=True):
            self._groups.append(Group([len(self._candidates)], None))
            self._candidates.append(params)
            continues = supports_staged_fit(with_params(estimator, params))
            target = self._store.target(number, itr) if continues and saved is None else None
            plan = FitPlan(None, self._deadline, target, skip=saved is not None)
            planned.append(params if plan == FitPlan() else {**params, PLAN: plan})
            self._continuing.append(continues)
        n_scratch = self._continuing.count(False)
        if itr == 1 and n_scratch:
            warn_caller(
                f"{n_scratch} of {len(candidates)} candidates are trained from scratch in each "
                "iteration, because their training cannot be continued: the estimator is not one "
                "of skmnist, uses callbacks, or its lr_schedule depends on max_epochs. The scores "
                "are the same, but more epochs are trained."
            )
        return planned

    def _find_numbers(self, candidates: list[dict[str, Any]]) -> list[int]:
        """Return the index of each candidate among those of the first iteration."""

        def key(params: dict[str, Any]) -> frozenset[tuple[str, int]]:
            # Compare identities, because values need not be hashable or comparable.
            return frozenset((k, id(v)) for k, v in params.items() if k != self.resource)

        free = defaultdict(list)
        for number, params in enumerate(self._first):
            free[key(params)].append(number)
        return [free[key(params)].pop(0) for params in candidates]

    def _format_results(
        self,
        candidate_params: list[dict[str, Any]],
        n_splits: int,
        out: list[dict[str, Any]],
        more_results: dict[str, Any] | None = None,
    ) -> dict[str, np.ndarray]:
        """Format the results, and save those of the iteration or replace them by saved ones."""
        start = len(self.continued_) * n_splits
        saved = self._store.saved(self._iteration)
        if saved is not None:
            out[start:], continued = saved["fits"], saved["continued"]
        else:
            continued = self._count_continued(out[start:], n_splits)
        self.continued_ = np.append(self.continued_, np.array(continued, dtype=bool))
        results = super()._format_results(candidate_params, n_splits, out, more_results)
        fits = out[start:]
        if saved is None and all(fit["fit_error"] != NOT_STARTED for fit in fits):
            self._store.save({"fits": fits, "continued": continued})
        return results

    def _count_continued(self, fits: list[dict[str, Any]], n_splits: int) -> list[bool]:
        """Return for each candidate of the iteration whether all of its fits were continued."""
        if self._iteration == 0:
            return [False] * len(self._continuing)
        all_continued = []
        for i, continues in enumerate(self._continuing):
            scores = [fit["test_scores"] for fit in fits[i * n_splits : (i + 1) * n_splits]]
            continued = [getattr(score, "continued", False) for score in scores]
            done = [not getattr(score, "skipped", True) for score in scores]
            self._n_lost += sum(done) - sum(continued) if continues else 0
            all_continued.append(all(continued))
        return all_continued

    def _may_win(self, results: dict[str, Any]) -> np.ndarray:
        """Return whether each candidate may win: those of iterations that were completed."""
        finished = super()._may_win(results)
        iterations = np.asarray(results["iter"])
        completed = ~np.isin(iterations, iterations[~finished])
        return completed if completed.any() else finished
