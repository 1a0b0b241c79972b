"""Randomized search that scores all values of max_epochs from a single fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.model_selection import ParameterSampler, RandomizedSearchCV

from ._grouped_search import GroupedSearch
from ._search_base import CONSTRAINTS
from ._stack_choice import STACK_CONSTRAINTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._stack_choice import Stack


class EpochRandomizedSearchCV(GroupedSearch, RandomizedSearchCV):
    """Randomized search that scores all values of `max_epochs` from a single fit.

    Candidates that differ in `max_epochs` only are trained once, for the largest of their numbers
    of epochs, and scored after each of them. Otherwise this search behaves like
    :class:`~sklearn.model_selection.RandomizedSearchCV`. With an integer `random_state` in the
    estimator and in the search, all fitted attributes except the times are bit-for-bit the same.

    Parameters
    ----------
    estimator : estimator
        A classifier of skmnist, or a :class:`~sklearn.pipeline.Pipeline` that ends in one. With
        any other estimator, each candidate is trained separately, see Notes.
    param_distributions : dict or list of dict
        For each parameter, a list of values or a distribution with a method ``rvs``, such as those
        of :mod:`scipy.stats`. It should include ``max_epochs``, or for example
        ``clf__max_epochs`` in a pipeline.
    n_iter : int, default=10
        Number of candidates that are drawn.
    scoring : str, callable, list, tuple or dict, default=None
        The metric. If None, the ``score`` method of the estimator.
    n_jobs : int, default=None
        Number of fits that run in parallel.
    refit : bool, str or callable, default=True
        Whether to fit the best candidate on all samples at the end, or how to choose it, as in
        RandomizedSearchCV.
    cv : int, splitter or iterable, default=None
        The cross-validation splitter. If None, stratified 5-fold cross-validation.
    verbose : int, default=0
        Verbosity, as in RandomizedSearchCV.
    pre_dispatch : int or str, default="2*n_jobs"
        Number of jobs that are dispatched in advance.
    random_state : int, RandomState instance or None, default=None
        Seed for drawing the candidates.
    error_score : "raise" or float, default=nan
        The score of a candidate if its fit fails. "raise" raises the error.
    return_train_score : bool, default=False
        Whether ``cv_results_`` includes the scores on the training set.
    time_limit : float, default=None
        Seconds after which no fit starts. Fits that are running are completed, and the best
        candidate is fitted on all samples as usual. A candidate with a fit that was not started
        gets the score NaN and cannot win. None: no limit.
    stack : "auto" or bool, default="auto"
        Whether to train MLP candidates and folds at once, as one batched network, see
        :class:`EpochGridSearchCV`. The scores are the same. True raises an error if a candidate
        can't be trained so. "auto" does it if it was measured to be faster.

    Attributes
    ----------
    cv_results_ : dict of ndarray
        As in RandomizedSearchCV. ``mean_fit_time`` is the time to reach the number of epochs.
    staged_ : ndarray of bool of shape (n_candidates,)
        Whether the candidate was scored during a longer training run instead of being trained
        separately.
    best_estimator_, best_params_, best_index_, best_score_, scorer_, refit_time_, n_splits_, \
multimetric_, classes_, n_features_in_, feature_names_in_
        As in RandomizedSearchCV.

    See Also
    --------
    EpochGridSearchCV : The same for all combinations of a grid.
    EpochHalvingSearchCV : Successive halving over the number of epochs.
    LayerSizes : Distribution of `hidden_layer_sizes`.
    skmnist.displays.SearchDisplay : Plot of the results of a search.

    Notes
    -----
    Two draws from a continuous distribution are never equal, so candidates share a training run
    only if all other parameters have lists of values or discrete distributions. To search over a
    continuous distribution with fewer epochs, use :class:`EpochHalvingSearchCV` with candidates
    from :class:`~sklearn.model_selection.ParameterSampler`.

    :class:`EpochGridSearchCV` lists the other cases in which a candidate is trained separately,
    and describes `time_limit` and `stack`.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.studies import EpochRandomizedSearchCV
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> space = {"max_epochs": range(1, 6), "lr": [1e-4, 1e-3]}
    >>> clf = MLPClassifier(random_state=0)
    >>> search = EpochRandomizedSearchCV(clf, space, n_iter=6, cv=2, random_state=0).fit(X, y)
    >>> search.staged_.all()
    np.True_
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **RandomizedSearchCV._parameter_constraints,
        **CONSTRAINTS,
        **STACK_CONSTRAINTS,
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_iter: int = 10,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        random_state: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        time_limit: float | None = None,
        stack: Stack = "auto",
    ) -> None:
        super().__init__(
            estimator,
            param_distributions,
            n_iter=n_iter,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            random_state=random_state,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.time_limit = time_limit
        self.stack = stack

    def _list_candidates(self) -> Iterable[dict[str, Any]]:
        return ParameterSampler(
            self.param_distributions, self.n_iter, random_state=self.random_state
        )
