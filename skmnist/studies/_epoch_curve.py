"""Score, loss and seconds against the number of epochs."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _num_samples

from ._metrics import log_loss_or_nan, scoring_name
from ._provenance import provenance
from ._score_curve import ScoreCurve
from ._staged import epochs_param, staged_fit, supports_staged_fit

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from sklearn.model_selection import BaseCrossValidator

    from skmnist.displays import EpochCurveDisplay


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class EpochCurve(ScoreCurve):
    """Scores, losses and seconds against the number of epochs.

    Made by :func:`epoch_curve`.

    Parameters
    ----------
    epochs : ndarray of shape (n_points,)
        Numbers of epochs, rising.
    train_scores, test_scores : ndarray of shape (n_points, n_splits)
        On the training samples and on others.
    train_losses, test_losses : ndarray of shape (n_points, n_splits)
        Cross-entropy of the predicted probabilities, in nats; NaN without ``predict_proba``.
    fit_times : ndarray of shape (n_points, n_splits)
        Seconds to train for that many epochs.
    score_name : str
        What the scores are.
    staged : bool
        Whether each split was trained once and scored after each of the epochs. False if it was
        trained again for each point, because of ``retrain=True`` or because the estimator does
        not support it.
    settings : dict
        The estimator, its parameters, the number of samples and how the study was made.
    seed : int or None
        The estimator's `random_state`, if it is an integer.
    versions : dict of str to str
        Of Python and the libraries.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.studies import epoch_curve
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> curve = epoch_curve(MLPClassifier(random_state=0), X, y, epochs=[1, 2], cv=2)
    >>> list(curve.to_frame().columns)
    ['epochs', 'split', 'train_score', 'test_score', 'train_loss', 'test_loss', 'fit_time']
    """

    epochs: NDArray[np.int_]
    train_losses: NDArray[np.float64]
    test_losses: NDArray[np.float64]
    staged: bool

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row for each number of epochs and split.

        Returns
        -------
        DataFrame
        """
        columns = {
            "train_score": self.train_scores,
            "test_score": self.test_scores,
            "train_loss": self.train_losses,
            "test_loss": self.test_losses,
            "fit_time": self.fit_times,
        }
        return self._frame("epochs", self.epochs, columns)

    def plot(
        self, *, ax: Axes | None = None, line_kw: dict[str, Any] | None = None
    ) -> EpochCurveDisplay:
        """Draw scores and seconds.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, a new figure is made.
        line_kw : dict, default=None
            Keyword arguments for the ``plot`` of each curve.

        Returns
        -------
        display : skmnist.displays.EpochCurveDisplay
        """
        from skmnist.displays._epoch_curve import EpochCurveDisplay

        return EpochCurveDisplay.from_curve(self, ax=ax, line_kw=line_kw)


def epoch_curve(
    estimator: BaseEstimator,
    X: ArrayLike,
    y: ArrayLike,
    *,
    epochs: Iterable[int] = range(1, 11),
    cv: int | BaseCrossValidator | Iterable[Any] | None = None,
    X_test: ArrayLike | None = None,
    y_test: ArrayLike | None = None,
    retrain: bool = False,
    scoring: str | Callable[..., float] | None = None,
    n_jobs: int | None = None,
) -> EpochCurve:
    """Measure scores, losses and seconds against the number of epochs.

    An estimator of skmnist is trained once for each split, for the largest number of epochs, and
    scored after each of the smaller ones. With an integer `random_state` the scores and losses
    are, to the last digit, those of a training for each number.

    Parameters
    ----------
    estimator : estimator
        A classifier with `max_epochs` or, as scikit-learn's MLPClassifier and
        LogisticRegression, `max_iter`; or a Pipeline that ends in one. It is cloned.
    X : array-like of shape (n, ...)
        Pictures, in a form that the estimator accepts.
    y : array-like of shape (n,)
        Labels.
    epochs : iterable of int, default=range(1, 11)
        Numbers of epochs.
    cv : int, splitter or iterable, default=None
        How X is split into rows to train with and others. By default 5 stratified folds, and
        none if there is `X_test`.
    X_test, y_test : array-like, default=None
        Rows to test on; all rows of `X` are trained with. They are looked at and nothing else:
        no epoch is chosen by them.
    retrain : bool, default=False
        Train again for each number of epochs, which costs the sum of them instead of the
        largest. Estimators that do not support staged scores are always trained again:
        scikit-learn's, and those whose training depends on the number of epochs (`lr_schedule`
        "cosine", "step" or "onecycle") or that have `callbacks`.
    scoring : str or callable, default=None
        What is scored; by default the estimator's ``score``, the accuracy.
    n_jobs : int, default=None
        How many splits are trained at the same time.

    Returns
    -------
    curve : EpochCurve

    Raises
    ------
    ValueError
        If `epochs` are not positive whole numbers, if the estimator has none, if both `cv` and
        `X_test` are given, or where a fit fails.

    See Also
    --------
    EpochGridSearchCV : Several values of other parameters, too.
    sklearn.model_selection.validation_curve : Does the same for any parameter, always anew.

    Examples
    --------
    >>> from sklearn.model_selection import train_test_split
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.studies import epoch_curve
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> X, X_test, y, y_test = train_test_split(X, y, stratify=y, random_state=0)
    >>> curve = epoch_curve(MLPClassifier(random_state=0), X, y, X_test=X_test, y_test=y_test)
    >>> curve.test_scores.shape
    (10, 1)
    >>> curve.staged
    True
    """
    epochs = _check_epochs(epochs)
    param = epochs_param(estimator)
    staged = supports_staged_fit(estimator) and not retrain
    scorer = check_scoring(estimator, scoring)
    settings = {"study": "epoch_curve", "cv": cv, "scoring": scoring, "retrain": bool(retrain)}
    if (X_test is None) != (y_test is None):
        raise ValueError("X_test and y_test belong together: pass both, or neither.")
    if X_test is not None:
        if cv is not None:
            raise ValueError("Pass cv, to test on parts of X, or X_test and y_test, not both.")
        splits: Iterable[Any] = [((X, y), (X_test, y_test))]
        settings["n_test_samples"] = _num_samples(y_test)
    else:
        splitter = check_cv(cv, y, classifier=is_classifier(estimator))
        # One after the other, so that there is one copy of the samples for each job.
        splits = (
            [(_safe_indexing(X, indices), _safe_indexing(y, indices)) for indices in split]
            for split in splitter.split(X, y)
        )
    results = Parallel(n_jobs=n_jobs)(
        delayed(_measure_split)(clone(estimator), param, epochs, staged, scorer, *split)
        for split in splits
    )
    # (splits, epochs, metrics) -> for each metric (epochs, splits)
    metrics = np.moveaxis(np.array(results), 2, 0).swapaxes(1, 2)
    return EpochCurve(
        epochs=np.array(epochs),
        train_scores=metrics[0],
        test_scores=metrics[1],
        train_losses=metrics[2],
        test_losses=metrics[3],
        fit_times=metrics[4],
        score_name=scoring_name(scoring, estimator),
        staged=staged,
        **provenance(estimator, X, **settings),
    )


def _check_epochs(epochs: Iterable[int]) -> list[int]:
    numbers = list(epochs) if np.iterable(epochs) else []
    if not numbers or not all(isinstance(n, Integral) and n >= 1 for n in numbers):
        raise ValueError(
            f"epochs={epochs!r}: numbers of epochs of at least 1 are wanted, such as "
            "range(1, 11) or [1, 5, 20]."
        )
    return sorted({int(n) for n in numbers})


def _measure_split(
    estimator: BaseEstimator,
    param: str,
    epochs: list[int],
    staged: bool,
    scorer: Callable[..., float],
    train: tuple[Any, Any],
    test: tuple[Any, Any],
) -> list[list[float]]:
    """Return for each number of epochs two scores, two losses and the seconds."""
    results: list[list[float]] = []

    def measure(fitted: BaseEstimator, seconds: float) -> None:
        scores = [scorer(fitted, *samples) for samples in (train, test)]
        losses = [log_loss_or_nan(fitted, *samples) for samples in (train, test)]
        results.append([*scores, *losses, seconds])

    if staged:
        staged_fit(estimator, epochs, lambda _, seconds: measure(estimator, seconds), *train)
        return results
    with warnings.catch_warnings():
        # Too few epochs to converge are what is studied.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for n in epochs:
            cloned = clone(estimator).set_params(**{param: n})
            start = time.perf_counter()
            cloned.fit(*train)
            measure(cloned, time.perf_counter() - start)
    return results
