"""Base class of the searches that know about epochs."""

from __future__ import annotations

import copy
import warnings
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning

# Private, but the public searches of scikit-learn derive from it and validate with it.
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils._param_validation import Interval

from . import _time_limit
from ._proxies import PlannedEstimator, StagedScorer, split_results
from ._time_limit import NOT_STARTED

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

# The constraints that each search adds to those of scikit-learn's search.
CONSTRAINTS: dict[str, list[Any]] = {
    "time_limit": [Interval(Real, 0, None, closed="neither"), None]
}


class Group(NamedTuple):
    """Candidates that are fitted together.

    Attributes
    ----------
    indices : list of int
        The indices of the candidates.
    epochs : tuple of int or None
        Their numbers of epochs, which are scored during one fit. None: one candidate.
    """

    indices: list[int]
    epochs: tuple[int, ...] | None


class BaseEpochSearch(BaseSearchCV):
    """Base class of the searches that know about epochs.

    A search of scikit-learn runs over groups of candidates, with proxies of the estimator and the
    scorer. It is a copy of the search, with these attributes:

    - ``_candidates``: the parameters of the candidates so far
    - ``_groups``: their groups, in the order in which scikit-learn fits them
    - ``_deadline``: when the time limit ends, or None
    - ``_errors``: the errors of the fits of each candidate
    """

    time_limit: float | None

    def fit(self, X: ArrayLike, y: ArrayLike | None = None, **params: Any) -> Self:
        """Fit and score all candidates.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Images, in a format that the estimator accepts.
        y : array-like of shape (n_samples,)
            Labels.
        **params
            Parameters passed to the ``fit`` method of the estimator, the splitter (``groups``) and
            the scorer (``sample_weight``), as in GridSearchCV.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If all fits fail, or if `time_limit` is reached before any candidate is fitted on all
            splits. With ``error_score="raise"``, the error of the first fit that fails is raised
            instead.
        """
        self._validate_params()
        return self._fit(X, y, params)

    def _fit(
        self, X: ArrayLike, y: ArrayLike | None, params: dict[str, Any], **attributes: Any
    ) -> Self:
        """Fit a copy with the `attributes`, and take over its results."""
        scorers, _ = self._get_scorers()
        search = copy.copy(self)
        limit = self.time_limit
        attributes |= {
            "_candidates": [],
            "_groups": [],
            "_deadline": None if limit is None else _time_limit.now() + limit,
            "_errors": [],
            "estimator": PlannedEstimator(self.estimator, self.error_score),
            "scoring": StagedScorer(scorers, self.error_score),
        }
        search.__dict__.update(attributes)
        super(BaseEpochSearch, search).fit(X, y, **params)

        excluded = {*self.get_params(deep=False), *attributes, "param_grid"}
        self.__dict__.update({k: v for k, v in vars(search).items() if k not in excluded})
        self.scorer_ = getattr(scorers, "_scorers", scorers)  # a dict if there are several metrics
        _time_limit.warn_of_unfinished(limit, search._errors)
        return self

    def _format_results(
        self,
        candidate_params: list[dict[str, Any]],
        n_splits: int,
        out: list[dict[str, Any]],
        more_results: dict[str, Any] | None = None,
    ) -> dict[str, np.ndarray]:
        """Convert the results of the groups to the results of the candidates."""
        expanded: list[Any] = [None] * (len(self._candidates) * n_splits)
        for g, (indices, epochs) in enumerate(self._groups):
            for split in range(n_splits):
                fits = split_results(out[g * n_splits + split], epochs)
                for i, result in zip(indices, fits, strict=True):
                    expanded[i * n_splits + split] = result
        candidates = [expanded[i : i + n_splits] for i in range(0, len(expanded), n_splits)]
        _time_limit.check_any_finished(type(self).__name__, self.time_limit, candidates)
        self._errors = [[fit["fit_error"] for fit in fits] for fits in candidates]
        self._fill_failures(expanded)
        _warn_of_failures(expanded, out, self.error_score)
        # In place, because scikit-learn also reads the first result.
        out[:] = expanded
        return super()._format_results(self._candidates, n_splits, out, more_results)

    def _fill_failures(self, fits: list[dict[str, Any]]) -> None:
        """Set the scores of fits that failed or were not started, with the keys of other scores."""
        form = next(fit["test_scores"] for fit in fits if fit["fit_error"] is None)
        for fit in fits:
            if fit["fit_error"] is None:
                continue
            score: Any = np.nan if fit["fit_error"] == NOT_STARTED else self.error_score
            if isinstance(form, dict):
                score = dict.fromkeys(form, score)
            fit |= {name: score for name in fit if name in ("test_scores", "train_scores")}

    def _select_best_index(self, refit: Any, refit_metric: str, results: dict[str, Any]) -> int:
        """Choose among the candidates that may win, in which a callable `refit` sees no others."""
        mask = self._may_win(results)
        if mask.all():
            return super()._select_best_index(refit, refit_metric, results)
        may_win = np.flatnonzero(mask)
        part = {
            name: [values[i] for i in may_win] if isinstance(values, list) else values[may_win]
            for name, values in results.items()
        }
        return may_win[super()._select_best_index(refit, refit_metric, part)]

    def _may_win(self, results: dict[str, Any]) -> np.ndarray:
        """Return whether each candidate may be the best one: all of its fits were started."""
        return np.array([NOT_STARTED not in errors for errors in self._errors])


def with_params(estimator: BaseEstimator, params: dict[str, Any]) -> BaseEstimator:
    """Return a clone of an estimator with other parameters."""
    return clone(estimator).set_params(**clone(params, safe=False))


def _warn_of_failures(
    fits: list[dict[str, Any]], trainings: list[dict[str, Any]], error_score: float
) -> None:
    """Warn about fits that failed after some stages; scikit-learn warns about the others."""
    known = {NOT_STARTED, *(training["fit_error"] for training in trainings)}
    errors = [fit["fit_error"] for fit in fits if fit["fit_error"] not in known]
    if errors:
        warnings.warn(
            f"{len(errors)} of {len(fits)} fits failed, because the training failed before it "
            f"reached their number of epochs. Their scores are set to {error_score}. The first "
            f"error was:\n{errors[0]}",
            FitFailedWarning,
            stacklevel=2,
        )
