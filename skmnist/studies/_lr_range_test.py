"""Loss against the learning rate, to choose one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from skmnist._utils.messages import invalid_parameter_message
from skmnist._utils.validation import check_int, check_real
from skmnist._utils.warnings import warn_caller

from ._lr_ramp import train_with_ramp
from ._provenance import provenance
from ._result import StudyResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator

    from skmnist.displays import LrRangeTestDisplay

_SMOOTHING_DECADES = 0.6  # in which the weight of a loss in the moving average falls to 1 / e
_MAX_LOSS_RATIO = 4  # training stops if the moving average is this many times its minimum
_MAX_SMOOTHED = 3  # losses count as at most this many times the first ones
_POSITION = 0.58  # of the suggestion in the valley, from left to right: chosen on validation images
_MIN_FALL = 0.98  # a minimum above this fraction of the first losses is noise


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class LrRangeTest(StudyResult):
    """Result of :func:`lr_range_test`.

    Parameters
    ----------
    lrs : ndarray of shape (n_points,)
        Learning rates, in increasing order. They end where the loss diverged.
    losses : ndarray of shape (n_points,)
        Loss of the mini-batch that was trained with each rate, before its weight update.
    smoothed_losses : ndarray of shape (n_points,)
        Moving average of the losses, see :func:`lr_range_test`.
    suggestion_ : float
        The suggested learning rate, see :func:`lr_range_test`. NaN if the loss never fell.
    diverged : bool
        Whether the loss diverged before the last rate.
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
    >>> from skmnist.studies import lr_range_test
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> test = lr_range_test(MLPClassifier(random_state=0), X, y)
    >>> list(test.to_frame().columns)
    ['lr', 'loss', 'smoothed_loss']
    """

    lrs: NDArray[np.float64]
    losses: NDArray[np.float64]
    smoothed_losses: NDArray[np.float64]
    suggestion_: float
    diverged: bool

    def __repr__(self) -> str:
        return (
            f"LrRangeTest(suggestion_={self.suggestion_:.3g}, {len(self.lrs)} points, "
            f"seed={self.seed})"
        )

    def to_frame(self) -> pd.DataFrame:
        """Convert the losses to a DataFrame.

        Returns
        -------
        DataFrame
            One row for each learning rate.
        """
        columns = {"lr": self.lrs, "loss": self.losses, "smoothed_loss": self.smoothed_losses}
        return pd.DataFrame(columns)

    def plot(self, *, ax: Axes | None = None, **kwargs: Any) -> LrRangeTestDisplay:
        """Plot the losses against the learning rate, and mark the suggestion.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. If None, a new figure is created.
        **kwargs
            Passed to :meth:`skmnist.displays.LrRangeTestDisplay.plot`.

        Returns
        -------
        display : skmnist.displays.LrRangeTestDisplay
        """
        from skmnist.displays import LrRangeTestDisplay

        return LrRangeTestDisplay.from_curve(self, ax=ax, **kwargs)


def lr_range_test(
    estimator: BaseEstimator,
    X: ArrayLike,
    y: ArrayLike,
    *,
    start_lr: float = 1e-7,
    end_lr: float = 10.0,
    n_iter: int = 400,
) -> LrRangeTest:
    """Compute the loss for exponentially rising learning rates, and suggest one of them.

    A copy of the estimator is trained. Each mini-batch has a larger learning rate than the one
    before it. The loss stays the same while the rate is too small, then it falls, and at last it
    rises or diverges.

    Parameters
    ----------
    estimator : estimator
        A network of skmnist, a MLPClassifier of scikit-learn with the solver "sgd" or "adam", or a
        Pipeline that ends in one of them. It is cloned. Its `lr` and its learning-rate schedule
        have no influence.
    X : array-like of shape (n_samples, ...)
        Training images, in a format that the estimator accepts.
    y : array-like of shape (n_samples,)
        Labels.
    start_lr, end_lr : float, default=1e-7, 10.0
        The smallest and the largest learning rate.
    n_iter : int, default=400
        Number of mini-batches and of learning rates, at least 20. The training set is used several
        times if it has fewer mini-batches.

    Returns
    -------
    test : LrRangeTest
        Its attribute ``suggestion_`` is the suggested learning rate.

    Raises
    ------
    ValueError
        If the range or the number of rates is invalid.
    TypeError
        If the estimator has no learning rate that can be changed during the training.

    Warns
    -----
    ConvergenceWarning
        If the loss never fell by 2%, so that no rate can be suggested.

    Notes
    -----
    The losses are smoothed by bias-corrected exponential moving averages in both directions. In
    each, the weight of a loss falls to 1 / e within 0.6 decades of the learning rate. The training
    stops if the forward average exceeds four times its minimum, or if a loss is not finite.

    The valley is the range of rates around the minimum in which the smoothed loss has fallen by at
    least half of what it falls from the first rate to the minimum. The suggestion lies at 58% of
    the valley, from left to right on a logarithmic scale. On MNIST this rule is closer to the best
    rate of a grid than the middle of the falling part, which is fastai's rule of the same name: see
    ``python -m benchmarks.lr_range``.

    References
    ----------
    L. N. Smith, "Cyclical learning rates for training neural networks", WACV (2017).

    J. Howard, S. Gugger, "fastai: a layered API for deep learning", Information 11, 108 (2020).

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.studies import lr_range_test
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> test = lr_range_test(MLPClassifier(random_state=0), X, y)
    >>> clf = MLPClassifier(lr=test.suggestion_, random_state=0)
    >>> 1e-4 < clf.lr < 1e-1
    True
    """
    for name, lr in (("start_lr", start_lr), ("end_lr", end_lr)):
        check_real("lr_range_test", name, lr, low=0)
    if start_lr >= end_lr:
        expected = f"greater than start_lr={start_lr:g}"
        raise ValueError(invalid_parameter_message("end_lr", "lr_range_test", expected, end_lr))
    check_int("lr_range_test", "n_iter", n_iter, minimum=20)
    lrs = np.geomspace(start_lr, end_lr, n_iter)
    decay = float(np.exp(-np.log10(lrs[1] / lrs[0]) / _SMOOTHING_DECADES))
    losses: list[float] = []

    def has_diverged() -> bool:
        average = _moving_average(np.array(losses), decay)
        return not average[-1] <= _MAX_LOSS_RATIO * average.min()  # True for NaN

    def on_loss(loss: float) -> bool:
        losses.append(loss)
        return has_diverged()

    train_with_ramp(estimator, X, y, lrs.tolist(), on_loss)
    diverged = has_diverged()
    if not np.isfinite(losses[-1]):
        del losses[-1]
    lrs = lrs[: len(losses)]
    first = np.mean(losses[: max(1, len(losses) // 10)])
    smoothed = smooth(np.minimum(losses, _MAX_SMOOTHED * first), decay)
    suggestion = valley(lrs, smoothed)
    if np.isnan(suggestion):
        warn_caller(
            "lr_range_test found no learning rate: the loss never fell. Check that X is scaled, "
            f"and plot the result. The rates were {start_lr:g} to {end_lr:g}.",
            ConvergenceWarning,
        )
    settings = {"start_lr": start_lr, "end_lr": end_lr, "n_iter": n_iter}
    return LrRangeTest(
        lrs=lrs,
        losses=np.array(losses),
        smoothed_losses=smoothed,
        suggestion_=suggestion,
        diverged=diverged,
        **provenance(estimator, X, study="lr_range_test", **settings),
    )


def smooth(losses: ArrayLike, decay: float) -> np.ndarray:
    """Return the bias-corrected exponential moving averages in both directions, averaged.

    The average of the two does not lag behind the losses.
    """
    values = np.asarray(losses, dtype=float)
    return (_moving_average(values, decay) + _moving_average(values[::-1], decay)[::-1]) / 2


def _moving_average(losses: np.ndarray, decay: float) -> np.ndarray:
    """Return the bias-corrected exponential moving average up to each loss."""
    averages, average = [], 0.0
    for i, loss in enumerate(losses.tolist(), 1):
        average = decay * average + (1 - decay) * loss
        averages.append(average / (1 - decay**i))
    return np.array(averages)


def valley(lrs: np.ndarray, smoothed_losses: np.ndarray) -> float:
    """Return a rate near the middle of the valley of the losses, or NaN if there is none.

    The valley is the range of learning rates around the minimum in which the loss has fallen by at
    least half of what it falls until the minimum.
    """
    start = float(smoothed_losses[0])
    lowest = int(smoothed_losses.argmin())
    if smoothed_losses[lowest] > _MIN_FALL * start:
        return np.nan
    is_outside = smoothed_losses > (start + smoothed_losses[lowest]) / 2
    outside = np.flatnonzero(is_outside)
    left = outside[outside < lowest].max(initial=-1) + 1
    right = outside[outside > lowest].min(initial=len(lrs)) - 1
    return float(lrs[left] ** (1 - _POSITION) * lrs[right] ** _POSITION)
