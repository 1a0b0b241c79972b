"""A grid search that trains once for all numbers of epochs."""

import copy
import warnings
from numbers import Integral

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV, ParameterGrid

from ._proxies import Epochs, Scorer, Trainer, take_apart
from ._staged import can_be_read, last_step


class EpochGridSearchCV(GridSearchCV):
    """Grid search that trains each combination once for all its numbers of epochs.

    A grid with ``"max_epochs": range(1, 11)`` asks for 55 epochs of every combination of the
    other parameters. Here each combination is trained for the 10 epochs of the largest, and the
    smaller numbers are scored on the way. All else is scikit-learn's
    :class:`~sklearn.model_selection.GridSearchCV`: with an integer `random_state` in the
    estimator, the fitted attributes are the same to the last digit, but for the times.

    Parameters
    ----------
    estimator : estimator
        A classifier of skmnist, or a :class:`~sklearn.pipeline.Pipeline` that ends in one. With
        any other estimator each candidate is trained anew, see Notes.
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
        Whether a candidate was read on the way of a longer training; False where it was trained
        anew.
    best_estimator_, best_params_, best_index_, best_score_, scorer_, refit_time_, n_splits_, \
multimetric_, classes_, n_features_in_, feature_names_in_
        As GridSearchCV's.

    See Also
    --------
    epoch_curve : Scores, losses and seconds of one combination.
    skmnist.displays.SearchDisplay : A picture of any search.

    Notes
    -----
    A candidate is trained anew, as GridSearchCV does it, where a short training isn't the
    beginning of a longer one: with `lr_schedule` "cosine", "step" or "onecycle", which depend on
    the number of epochs, with `callbacks`, and with estimators that can't be read on the way,
    such as scikit-learn's. ``staged_`` says which ones those are.

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

    def fit(self, X, y=None, **params):
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
        # scikit-learn's own search does the work, over combinations instead of candidates, with
        # an estimator and a scorer that stand in for the user's.
        scorers, _ = self._get_scorers()
        search = copy.copy(self)
        search._candidates = list(ParameterGrid(self.param_grid))
        search._combinations = self._combine(search._candidates)
        search.param_grid = [
            {name: [value] for name, value in parameters.items()}
            for parameters, *_ in search._combinations
        ]
        search.estimator = Trainer(self.estimator, self._name_of_epochs(), self.error_score)
        search.scoring = Scorer(scorers, self.error_score)
        GridSearchCV.fit(search, X, y, **params)

        own = {*self.get_params(deep=False), "_candidates", "_combinations"}
        vars(self).update({k: v for k, v in vars(search).items() if k not in own})
        self.scorer_ = getattr(scorers, "_scorers", scorers)  # a dict of them, if there are several
        return self

    def _name_of_epochs(self):
        return last_step(self.estimator)[1] + "max_epochs"

    def _combine(self, candidates):
        """Return what is to be trained.

        For each training the parameters, the numbers of the candidates that it is for, and their
        numbers of epochs, which are None where a candidate is trained anew.
        """
        name = self._name_of_epochs()
        alike = {}
        for i, candidate in enumerate(candidates):
            # By identity, because the values of a grid need be neither hashable nor comparable.
            others = frozenset((k, id(value)) for k, value in candidate.items() if k != name)
            epochs = candidate.get(name)
            counted = isinstance(epochs, Integral) and epochs >= 1
            alike.setdefault((others, None if counted else i), []).append(i)

        combinations = []
        for members in alike.values():
            first = candidates[members[0]]
            if len(members) > 1 and can_be_read(_with(self.estimator, first)):
                epochs = Epochs(candidates[i][name] for i in members)
                combinations.append(({**first, name: epochs}, members, epochs))
            else:
                combinations += [(candidates[i], [i], None) for i in members]
        return combinations

    def _format_results(self, candidate_params, n_splits, out, more_results=None):
        """Make the table of the candidates from what came out for the combinations."""
        apart = [None] * (len(self._candidates) * n_splits)
        self.staged_ = np.zeros(len(self._candidates), dtype=bool)
        for c, (_, members, epochs) in enumerate(self._combinations):
            self.staged_[members] = epochs is not None
            for split in range(n_splits):
                fit = out[c * n_splits + split]
                fits = [fit] if epochs is None else take_apart(fit, epochs)
                for i, one in zip(members, fits, strict=True):
                    apart[i * n_splits + split] = one
        self._fill_failures(apart)
        _warn_of_failures(apart, out, self.error_score)
        # In place, because GridSearchCV looks at the first of them once more.
        out[:] = apart
        return super()._format_results(self._candidates, n_splits, out, more_results)

    def _fill_failures(self, fits):
        """Give `error_score` to the fits that failed, in the form that the others have."""
        form = next(fit["test_scores"] for fit in fits if fit["fit_error"] is None)
        failed = self.error_score
        if isinstance(form, dict):
            failed = dict.fromkeys(form, failed)
        for fit in fits:
            if fit["fit_error"] is not None:
                fit |= {name: failed for name in fit if name in ("test_scores", "train_scores")}


def _with(estimator, parameters):
    return clone(estimator).set_params(**clone(parameters, safe=False))


def _warn_of_failures(fits, trainings, error_score):
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
