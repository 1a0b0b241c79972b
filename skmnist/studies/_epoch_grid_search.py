"""A grid search that trains once for all numbers of epochs."""

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
    """Grid search that trains each combination once for all its numbers of epochs.

    A grid with ``"max_epochs": range(1, 11)`` asks for 55 epochs of every combination of the
    other parameters. Here each combination is trained once for 10 epochs, and the smaller numbers
    are scored during this training. All else is scikit-learn's
    :class:`~sklearn.model_selection.GridSearchCV`: with an integer `random_state` in the
    estimator, the fitted attributes are the same to the last digit, but for the times.

    Parameters
    ----------
    estimator : estimator
        A classifier of skmnist, or a :class:`~sklearn.pipeline.Pipeline` that ends in one. With
        any other estimator each candidate is trained separately, see Notes.
    param_grid : dict or list of dict
        Lists of values by names of parameters, among them ``max_epochs`` (in a pipeline for
        example ``clf__max_epochs``).
    scoring : str, callable, list, tuple or dict, default=None
        What is scored; by default the estimator's ``score``.
    n_jobs : int, default=None
        How many combinations and splits are trained at the same time.
    refit : bool, str or callable, default=True
        Whether the best candidate is trained on all rows in the end, and what is best.
    cv : int, splitter or iterable, default=None
        How the rows are split; 5 stratified folds by default.
    verbose : int, default=0
        How much to print.
    pre_dispatch : int or str, default="2*n_jobs"
        How many jobs are sent ahead.
    error_score : "raise" or float, default=nan
        The score of a candidate whose fit fails.
    return_train_score : bool, default=False
        Whether ``cv_results_`` holds the scores on the training rows.

    Attributes
    ----------
    cv_results_ : dict of ndarray
        As GridSearchCV's. ``mean_fit_time`` is the time until that epoch was reached.
    staged_ : ndarray of bool of shape (n_candidates,)
        Whether a candidate was scored during a longer training; False if it was trained
        separately.
    best_estimator_, best_params_, best_index_, best_score_, scorer_, refit_time_, n_splits_, \
multimetric_, classes_, n_features_in_, feature_names_in_
        As GridSearchCV's.

    See Also
    --------
    epoch_curve : Scores, losses and seconds of one combination.
    skmnist.displays.SearchDisplay : A picture of any search.

    Notes
    -----
    A candidate is trained separately, as in GridSearchCV, if a short training is not the
    beginning of a longer one: with `lr_schedule` "cosine", "step" or "onecycle", which depend on
    the number of epochs, with `callbacks`, and with estimators that do not support staged scores,
    such as scikit-learn's. ``staged_`` says which candidates were scored during a longer training.

    While a combination is trained, a copy of its weights is kept for each number of epochs.

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
        """Try all candidates.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Pictures, in a form that the estimator accepts.
        y : array-like of shape (n,)
            Labels.
        **params
            For the estimator's ``fit``, the splitter (``groups``) and the scorer
            (``sample_weight``), as in GridSearchCV.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If all fits fail. With ``error_score="raise"``, whatever the first one raised.
        """
        # scikit-learn's own search does the work, over groups of candidates, with proxies of the
        # user's estimator and scorer.
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
        self.scorer_ = getattr(scorers, "_scorers", scorers)  # a dict of them, if there are several
        return self

    def _epochs_param(self) -> str:
        return last_step(self.estimator)[1] + "max_epochs"

    def _group_candidates(
        self, candidates: list[dict[str, Any]]
    ) -> list[tuple[dict[str, Any], list[int], EpochList | None]]:
        """Return the groups of candidates that are trained together.

        For each group the parameters, the indices of its candidates, and their numbers of epochs,
        which are None if a candidate is trained separately.
        """
        name = self._epochs_param()
        indices_by_key: dict[Any, list[int]] = {}
        for i, candidate in enumerate(candidates):
            # By identity, because the values of a grid need be neither hashable nor comparable.
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
        """Make the table of the candidates from the results of the groups."""
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
        # In place, because GridSearchCV looks at the first of them once more.
        out[:] = expanded
        return super()._format_results(self._candidates, n_splits, out, more_results)

    def _fill_failures(self, fits: list[dict[str, Any]]) -> None:
        """Give `error_score` to the fits that failed, in the form that the others have."""
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
    """Warn of trainings that failed on the way; GridSearchCV has warned of the others."""
    known = {training["fit_error"] for training in trainings}
    errors = [fit["fit_error"] for fit in fits if fit["fit_error"] not in known]
    if errors:
        warnings.warn(
            f"{len(errors)} of {len(fits)} fits failed, because a training ended in an error "
            f"before their number of epochs. Their scores are set to {error_score}. The first "
            f"error:\n{errors[0]}",
            FitFailedWarning,
            stacklevel=2,
        )
