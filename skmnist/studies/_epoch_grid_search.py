"""Grid search that scores all values of max_epochs from a single fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.model_selection import GridSearchCV, ParameterGrid

from ._grouped_search import GroupedSearch
from ._search_base import CONSTRAINTS
from ._stack_choice import STACK_CONSTRAINTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._stack_choice import Stack


class EpochGridSearchCV(GroupedSearch, GridSearchCV):
    """Grid search that scores all values of `max_epochs` from a single fit.

    With the grid ``"max_epochs": range(1, 11)``, a GridSearchCV trains every combination of the
    other parameters for 1 + 2 + ... + 10 = 55 epochs. This search trains each combination once for
    10 epochs and scores it after each epoch. Otherwise it behaves like
    :class:`~sklearn.model_selection.GridSearchCV`. With an integer `random_state` in the estimator,
    all fitted attributes except the times are bit-for-bit the same.

    Parameters
    ----------
    estimator : estimator
        A classifier of skmnist, or a :class:`~sklearn.pipeline.Pipeline` that ends in one. With
        any other estimator, each candidate is trained separately, see Notes.
    param_grid : dict or list of dict
        For each parameter, a list of values. It should include ``max_epochs``, or for example
        ``clf__max_epochs`` in a pipeline.
    scoring : str, callable, list, tuple or dict, default=None
        The metric. If None, the ``score`` method of the estimator.
    n_jobs : int, default=None
        Number of fits that run in parallel.
    refit : bool, str or callable, default=True
        Whether to fit the best candidate on all samples at the end, or how to choose it, as in
        GridSearchCV.
    cv : int, splitter or iterable, default=None
        The cross-validation splitter. If None, stratified 5-fold cross-validation.
    verbose : int, default=0
        Verbosity, as in GridSearchCV.
    pre_dispatch : int or str, default="2*n_jobs"
        Number of jobs that are dispatched in advance.
    error_score : "raise" or float, default=nan
        The score of a candidate if its fit fails. "raise" raises the error.
    return_train_score : bool, default=False
        Whether ``cv_results_`` includes the scores on the training set.
    time_limit : float, default=None
        Seconds after which no fit starts. Fits that are running are completed, and the best
        candidate is fitted on all samples as usual. A candidate with a fit that was not started
        gets the score NaN and cannot win. None: no limit.
    stack : "auto" or bool, default="auto"
        Whether to train MLP candidates and folds at once, as one batched network, see Notes. The
        scores are the same. True raises an error if a candidate can't be trained so. "auto" does it
        if it was measured to be faster.

    Attributes
    ----------
    cv_results_ : dict of ndarray
        As in GridSearchCV. ``mean_fit_time`` is the time to reach the number of epochs.
    staged_ : ndarray of bool of shape (n_candidates,)
        Whether the candidate was scored during a longer training run instead of being trained
        separately.
    best_estimator_, best_params_, best_index_, best_score_, scorer_, refit_time_, n_splits_, \
multimetric_, classes_, n_features_in_, feature_names_in_
        As in GridSearchCV.

    See Also
    --------
    EpochRandomizedSearchCV : The same for randomly drawn candidates.
    EpochHalvingSearchCV : Successive halving over the number of epochs.
    epoch_curve : Scores, losses and fit times of one combination.
    skmnist.displays.SearchDisplay : Plot of the results of a search.

    Notes
    -----
    A candidate is trained separately, as in GridSearchCV, in these cases:

    - `lr_schedule` is "cosine", "step" or "onecycle", because these schedules depend on the number
      of epochs.
    - `callbacks` are used.
    - The estimator does not support staged scores, such as those of scikit-learn.

    ``staged_`` shows which candidates were scored during a longer training run. While a combination
    is trained, a copy of its weights is kept for each number of epochs.

    In a stack, the weights of several MLPs with the same layers are one tensor, and one operation
    computes a layer of all of them. Each has its own learning rate, weight decay, momentum,
    optimizer, seed, number of epochs and training set, and gets the weights of a separate fit: on
    the CPU bit for bit, on a GPU apart from rounding. ``mean_fit_time`` is then the share of one
    fit in the time of all.

    ============================ ================================================================
    `stack`                      what is trained in stacks
    ============================ ================================================================
    ``"auto"``                   on the CPU, at least four MLPs that differ only in the optimizer
                                 and its numbers, `lr_schedule`, `weight_init` and `max_epochs`,
                                 with an int as `random_state` and at most 110,000 weights in the
                                 first layer. On a GPU nothing, because nothing was measured.
    ``True``                     all, on each device. An error for other classifiers, and with
                                 `dropout`, `batch_norm`, `augment`, `early_stopping`, `callbacks`,
                                 `verbose`, `checkpoint_dir`, or a `precision` of 16 bits.
    ``False``                    nothing
    ============================ ================================================================

    With `n_jobs`, the fits are divided among the workers; "auto" uses stacks only if there are at
    least eight fits for each worker, and if all workers are on this machine. A worker prepares up
    to 128 fits at once, and checks the time limit before it does so.

    If `time_limit` is reached, a `TimeLimitWarning` reports the number of fits that were not
    started. A callable `refit` gets only the candidates that were completed. The time is measured
    with the calendar clock, so the clocks of the machines of a cluster must agree.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.studies import EpochGridSearchCV
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> grid = {"max_epochs": range(1, 6), "lr": [1e-4, 1e-3]}
    >>> search = EpochGridSearchCV(MLPClassifier(random_state=0), grid, cv=2).fit(X, y)
    >>> len(search.cv_results_["params"])
    10
    >>> search.best_params_
    {'lr': 0.001, 'max_epochs': 5}
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **GridSearchCV._parameter_constraints,
        **CONSTRAINTS,
        **STACK_CONSTRAINTS,
    }

    def __init__(
        self,
        estimator: Any,
        param_grid: Any,
        *,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        error_score: Any = np.nan,
        return_train_score: bool = False,
        time_limit: float | None = None,
        stack: Stack = "auto",
    ) -> None:
        super().__init__(
            estimator,
            param_grid,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.time_limit = time_limit
        self.stack = stack

    def _list_candidates(self) -> Iterable[dict[str, Any]]:
        return ParameterGrid(self.param_grid)
