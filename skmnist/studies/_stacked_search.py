"""Fit the candidates of a search in stacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import joblib
import numpy as np
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing, indexable

# Private, but the searches of scikit-learn split the samples and the arguments of fit with them.
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import _check_method_params, _num_samples

from ._search_base import with_params
from ._stack_choice import choose_stacked
from ._stacking import StackedFit, StackJob, fit_stacked

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from ._grouped_search import GroupedSearch


_N_SAMPLES = 50  # of a training set, to tell it from others


class Folds(NamedTuple):
    """The training sets of a search.

    Attributes
    ----------
    estimator : estimator
    X, y : array-like
    fit_params : dict
        The other arguments of ``fit``.
    splits : list of tuple
        The indices of the training and of the test samples.
    """

    estimator: BaseEstimator
    X: Any
    y: Any
    fit_params: dict[str, Any]
    splits: Sequence[tuple[Any, Any]]

    def load(self, fold: int) -> tuple[Any, Any, dict[str, Any]]:
        """Return X, y and the other arguments of ``fit`` for a training set."""
        train = self.splits[fold][0]
        X, y = _safe_split(self.estimator, self.X, self.y, train)
        return X, y, _check_method_params(self.X, params=self.fit_params, indices=train)


class FoldFits:
    """The fits of one candidate, by the training set.

    scikit-learn calls ``fit`` with the samples of a training set, not with its number.

    Parameters
    ----------
    fits : mapping
        From the key of a training set to its fit.
    key : callable
        Returns the key for X and y.
    """

    def __init__(self, fits: Mapping[str, StackedFit], key: Callable[[Any, Any], str]) -> None:
        self._fits = fits
        self._key = key

    def get(self, X: Any, y: Any) -> StackedFit:
        """Return the fit on a training set."""
        return self._fits[self._key(X, y)]

    def __deepcopy__(self, memo: object) -> FoldFits:
        # scikit-learn clones the parameters of a candidate for each fit.
        return self


def stack_candidates(search: GroupedSearch) -> tuple[Any, dict[int, FoldFits]]:
    """Fit the groups of candidates that are to be fitted in stacks.

    Returns
    -------
    cv : splitter or None
        The splitter for all candidates; None for the one of the search.
    fits : dict of int to FoldFits
        The fits of each group in a stack.
    """
    owner, stack, n_jobs = type(search).__name__, search.stack, search.n_jobs
    # Callbacks of scikit-learn follow the epochs of each fit.
    if not stack or (isinstance(stack, str) and getattr(search, "_skl_callbacks", None)):
        return None, {}
    X, y, params = search._data
    X, y = indexable(X, y)
    routed = search._get_routed_params_for_fit(_check_method_params(X, params=params))
    n_splits = search.cv.get_n_splits(X, y, **routed.splitter.split)
    estimator: Any = search.estimator.estimator
    estimators = [
        with_params(estimator, search._candidates[indices[0]]) for indices, _ in search._groups
    ]
    chosen = choose_stacked(owner, stack, estimators, X, n_folds=n_splits, n_jobs=n_jobs)
    groups = [g for g, is_chosen in enumerate(chosen) if is_chosen]
    if not groups:
        return None, {}
    splits = list(search.cv.split(X, y, **routed.splitter.split))
    folds = Folds(estimator, X, y, dict(routed.estimator.fit), splits)
    key, keys = _choose_key(lambda fold: folds.load(fold)[:2], len(splits))
    jobs = [
        StackJob(with_params(estimator, search._candidates[indices[0]]), fold, epochs)
        for indices, epochs in (search._groups[g] for g in groups)
        for fold in range(len(splits))
    ]
    fits = fit_stacked(
        owner,
        jobs,
        folds.load,
        _keep,
        n_jobs=n_jobs,
        stack=stack,
        deadline=search._deadline,
    )
    n = len(splits)
    return check_cv(splits), {
        g: FoldFits(dict(zip(keys, fits[k * n : (k + 1) * n], strict=True)), key)
        for k, g in enumerate(groups)
    }


def _keep(fit: StackedFit, i: int) -> StackedFit:
    return fit


def _choose_key(
    load: Callable[[int], tuple[Any, Any]], n_folds: int
) -> tuple[Callable[[Any, Any], str], list[str]]:
    """Return a function that tells training sets apart, and its value for each of them.

    ``load(i)`` returns X and y of training set i.
    """
    keys = [_sample_key(*load(fold)) for fold in range(n_folds)]
    if len(set(keys)) == n_folds:
        return _sample_key, keys
    return _whole_key, [_whole_key(*load(fold)) for fold in range(n_folds)]


def _sample_key(X: Any, y: Any) -> str:
    """Return a key made of all labels and some samples of a training set."""
    some = np.linspace(0, _num_samples(X) - 1, _N_SAMPLES).astype(int)
    return joblib.hash((y, _safe_indexing(X, some)))


def _whole_key(X: Any, y: Any) -> str:
    """Return a key made of all of a training set."""
    return joblib.hash((y, X))
