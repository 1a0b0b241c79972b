"""Grid search that scores all values of max_epochs from a single fit."""

from __future__ import annotations

import copy
import warnings
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV, ParameterGrid

from ._proxies import EpochList, StagedEstimator, StagedScorer, split_results
from ._staged import last_step, supports_staged_fit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from typing_extensions import Self


class EpochGridSearchCV(GridSearchCV):
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
            If all fits fail. With ``error_score="raise"``, the error of the first fit that fails
            is raised instead.
        """
        # A GridSearchCV runs over groups of candidates, with proxies of the estimator and scorer.
        scorers, _ = self._get_scorers()
        search = copy.copy(self)
        search._candidates = list(ParameterGrid(self.param_grid))
        search._groups = self._group_candidates(search._candidates)
        search.param_grid = [
            {name: [value] for name, value in params.items()} for params, *_ in search._groups
        ]
        search.estimator = StagedEstimator(self.estimator, self._epochs_param(), self.error_score)
        search.scoring = StagedScorer(scorers, self.error_score)
        GridSearchCV.fit(search, X, y, **params)

        excluded = {*self.get_params(deep=False), "_candidates", "_groups"}
        self.__dict__.update({k: v for k, v in vars(search).items() if k not in excluded})
        self.scorer_ = getattr(scorers, "_scorers", scorers)  # a dict if there are several metrics
        return self

    def _epochs_param(self) -> str:
        return last_step(self.estimator)[1] + "max_epochs"

    def _group_candidates(
        self, candidates: list[dict[str, Any]]
    ) -> list[tuple[dict[str, Any], list[int], EpochList | None]]:
        """Group the candidates that are trained together.

        Returns the parameters of each group, the indices of its candidates, and their numbers of
        epochs, or None for a candidate that is trained separately.
        """
        name = self._epochs_param()
        indices_by_key: dict[Any, list[int]] = {}
        for i, candidate in enumerate(candidates):
            # Compare identities, because values need not be hashable or comparable.
            others = frozenset((k, id(value)) for k, value in candidate.items() if k != name)
            epochs = candidate.get(name)
            valid = isinstance(epochs, Integral) and int(epochs) >= 1
            indices_by_key.setdefault((others, None if valid else i), []).append(i)

        groups: list[tuple[dict[str, Any], list[int], EpochList | None]] = []
        for indices in indices_by_key.values():
            first = candidates[indices[0]]
            if len(indices) > 1 and supports_staged_fit(_with_params(self.estimator, first)):
                epochs = EpochList(candidates[i][name] for i in indices)
                groups.append(({**first, name: epochs}, indices, epochs))
            else:
                groups += [(candidates[i], [i], None) for i in indices]
        return groups

    def _format_results(
        self,
        candidate_params: list[dict[str, Any]],
        n_splits: int,
        out: list[dict[str, Any]],
        more_results: dict[str, Any] | None = None,
    ) -> dict[str, np.ndarray]:
        """Convert the results of the groups to the results of the candidates."""
        expanded: list[Any] = [None] * (len(self._candidates) * n_splits)
        self.staged_ = np.zeros(len(self._candidates), dtype=bool)
        for g, (_, indices, epochs) in enumerate(self._groups):
            self.staged_[indices] = epochs is not None
            for split in range(n_splits):
                fit = out[g * n_splits + split]
                fits = [fit] if epochs is None else split_results(fit, epochs)
                for i, result in zip(indices, fits, strict=True):
                    expanded[i * n_splits + split] = result
        self._fill_failures(expanded)
        _warn_of_failures(expanded, out, self.error_score)
        # In place, because GridSearchCV also reads the first result.
        out[:] = expanded
        return super()._format_results(self._candidates, n_splits, out, more_results)

    def _fill_failures(self, fits: list[dict[str, Any]]) -> None:
        """Set the scores of failed fits to `error_score`, with the same keys as other scores."""
        form = next(fit["test_scores"] for fit in fits if fit["fit_error"] is None)
        failed: Any = self.error_score
        if isinstance(form, dict):
            failed = dict.fromkeys(form, failed)
        for fit in fits:
            if fit["fit_error"] is not None:
                fit |= {name: failed for name in fit if name in ("test_scores", "train_scores")}


def _with_params(estimator: BaseEstimator, params: dict[str, Any]) -> BaseEstimator:
    return clone(estimator).set_params(**clone(params, safe=False))


def _warn_of_failures(
    fits: list[dict[str, Any]], trainings: list[dict[str, Any]], error_score: float
) -> None:
    """Warn about fits that failed after some stages; GridSearchCV warns about the others."""
    known = {training["fit_error"] for training in trainings}
    errors = [fit["fit_error"] for fit in fits if fit["fit_error"] not in known]
    if errors:
        warnings.warn(
            f"{len(errors)} of {len(fits)} fits failed, because the training failed before it "
            f"reached their number of epochs. Their scores are set to {error_score}. The first "
            f"error was:\n{errors[0]}",
            FitFailedWarning,
            stacklevel=2,
        )
