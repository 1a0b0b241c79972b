"""Fit the candidates of a search in stacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn.model_selection import check_cv
from sklearn.utils import indexable

# Private, but the searches of scikit-learn split the samples and the arguments of fit with them.
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import _check_method_params

from ._fold_fits import FoldFits, choose_key
from ._search_base import with_params
from ._stacking import StackedFit, StackJob, choose_stacked, fit_stacked

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from ._grouped_search import GroupedSearch


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
    key, keys = choose_key(lambda fold: folds.load(fold)[:2], len(splits))
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
