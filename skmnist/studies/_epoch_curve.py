"""Scores, losses and fit times against the number of epochs."""

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
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _num_samples

from skmnist._utils.messages import invalid_parameter_message

from ._metrics import baseline_accuracy, check_one_metric, log_loss_or_nan, scoring_name
from ._provenance import provenance
from ._score_curve import ScoreCurve
from ._staged import epochs_param, staged_fit, supports_staged_fit
from ._test_set import has_test_set

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from sklearn.model_selection import BaseCrossValidator

    from skmnist.displays import EpochCurveDisplay


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class EpochCurve(ScoreCurve):
    """Result of :func:`epoch_curve`.

    Parameters
    ----------
    epochs : ndarray of shape (n_points,)
        Numbers of epochs, in increasing order.
    train_scores, test_scores : ndarray of shape (n_points, n_splits)
        Scores on the training set and on the test set.
    train_losses, test_losses : ndarray of shape (n_points, n_splits)
        Log loss of the predicted probabilities. NaN without ``predict_proba``.
    fit_times : ndarray of shape (n_points, n_splits)
        Time to train for that many epochs, in seconds.
    score_name : str
        Name of the metric.
    staged : bool
        Whether each split was trained once and scored after each of the epochs. False if each point
        was trained separately, because of ``retrain=True`` or because the estimator does not
        support staged scores.
    settings : dict
        The estimator, its parameters, the number of samples and the arguments of the study.
    seed : int or None
        The `random_state` of the estimator, if it is an integer.
    versions : dict of str to str
        Versions of Python and of the libraries.

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
        """Convert the scores, losses and times to a DataFrame.

        Returns
        -------
        DataFrame
            One row for each number of epochs and split.
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
        """Plot the scores and the fit times.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. If None, a new figure is created.
        line_kw : dict, default=None
            Keyword arguments passed to ``Axes.plot`` for each curve.

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
    """Compute scores, losses and fit times for different numbers of epochs.

    An estimator of skmnist is trained once for each split, for the largest number of epochs, and
    scored after each of the smaller numbers. With an integer `random_state`, the scores and losses
    are bit-for-bit the same as with a separate fit for each number of epochs.

    Parameters
    ----------
    estimator : estimator
        A classifier with the parameter `max_epochs` or `max_iter`, such as the MLPClassifier or
        the LogisticRegression of scikit-learn, or a Pipeline that ends in one. It is cloned.
    X : array-like of shape (n_samples, ...)
        Images, in a format that the estimator accepts.
    y : array-like of shape (n_samples,)
        Labels.
    epochs : iterable of int, default=range(1, 11)
        Numbers of epochs.
    cv : int, splitter or iterable, default=None
        The cross-validation splitter. If None, stratified 5-fold cross-validation, or the test
        set if `X_test` is passed.
    X_test, y_test : array-like, default=None
        Test set. If passed, all samples of `X` are used for training. The test set has no
        influence on the training.
    retrain : bool, default=False
        Whether to fit separately for each number of epochs. The total number of epochs is then the
        sum of `epochs` instead of their maximum. Estimators that do not support staged scores are
        always fitted separately. These are the estimators of other libraries, those with
        `callbacks`, and those with `lr_schedule` "cosine", "step" or "onecycle", because these
        schedules depend on the number of epochs.
    scoring : str or callable, default=None
        The metric. If None, the ``score`` method of the estimator, which is the accuracy.
    n_jobs : int, default=None
        Number of splits that are trained in parallel.

    Returns
    -------
    curve : EpochCurve

    Raises
    ------
    ValueError
        If `epochs` are not positive integers, if the estimator has neither `max_epochs` nor
        `max_iter`, if both `cv` and `X_test` are passed, or if a fit fails.

    See Also
    --------
    EpochGridSearchCV : Grid search over `max_epochs` and other parameters.
    validation_curve : Scores for different values of any parameter.

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
    scorer = check_one_metric("epoch_curve", estimator, scoring)
    settings = {"study": "epoch_curve", "cv": cv, "scoring": scoring, "retrain": bool(retrain)}
    if has_test_set("epoch_curve", cv, X_test, y_test):
        splits: Iterable[Any] = [((X, y), (X_test, y_test))]
        settings["n_test_samples"] = _num_samples(y_test)
        settings |= baseline_accuracy(estimator, y_test)
    else:
        settings |= baseline_accuracy(estimator, y)
        splitter = check_cv(cv, y, classifier=is_classifier(estimator))
        # A generator, so that only the running jobs hold a copy of their samples.
        splits = (
            [(_safe_indexing(X, indices), _safe_indexing(y, indices)) for indices in split]
            for split in splitter.split(X, y)
        )
    results = Parallel(n_jobs=n_jobs)(
        delayed(_measure_split)(clone(estimator), param, epochs, staged, scorer, *split)
        for split in splits
    )
    # From (splits, epochs, metrics) to (metrics, epochs, splits)
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
        expected = "an iterable of int in the range [1, inf), such as range(1, 11) or [1, 5, 20]"
        raise ValueError(invalid_parameter_message("epochs", "epoch_curve", expected, epochs))
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
    """Return two scores, two losses and the fit time for each number of epochs."""
    results: list[list[float]] = []

    def measure(fitted: BaseEstimator, seconds: float) -> None:
        scores = [scorer(fitted, *samples) for samples in (train, test)]
        losses = [log_loss_or_nan(fitted, *samples) for samples in (train, test)]
        results.append([*scores, *losses, seconds])

    if staged:
        staged_fit(estimator, epochs, lambda _, seconds: measure(estimator, seconds), *train)
        return results
    with warnings.catch_warnings():
        # Small numbers of epochs are expected not to converge.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for n in epochs:
            cloned = clone(estimator).set_params(**{param: n})
            start = time.perf_counter()
            cloned.fit(*train)
            measure(cloned, time.perf_counter() - start)
    return results
