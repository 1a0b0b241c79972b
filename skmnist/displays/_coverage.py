"""Accuracy against coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skmnist.metrics import coverage_curve

from ._style import BASELINE_COLOR, COLORS, WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from typing_extensions import Self


class CoverageDisplay:
    """Accuracy on the accepted samples against coverage.

    Coverage is the fraction of samples that the classifier accepts; on the others it abstains.
    The curve shows which threshold of a :class:`~skmnist.RejectClassifier` reaches a required
    accuracy, and on how many samples the classifier then abstains.

    Use :meth:`from_estimator` or :meth:`from_predictions` to create one.

    Parameters
    ----------
    coverage, accuracy, thresholds : ndarray of shape (n_thresholds,)
        The result of :func:`skmnist.metrics.coverage_curve`.
    threshold : float, default=None
        The threshold to mark on the curve.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the plot.
    axes_ : ndarray of matplotlib Axes
        An array that contains `ax_` only.
    figure_ : matplotlib Figure
        The figure that contains the axes.
    line_ : matplotlib Line2D
        The curve.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.displays import CoverageDisplay
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = MLPClassifier(max_epochs=3, random_state=0).fit(X[::2], y[::2])
    >>> display = CoverageDisplay.from_estimator(clf, X[1::2], y[1::2])
    >>> bool(display.accuracy[len(display.accuracy) // 2] > display.accuracy[-1])
    True
    """

    def __init__(
        self,
        coverage: ArrayLike,
        accuracy: ArrayLike,
        thresholds: ArrayLike,
        threshold: float | None = None,
    ) -> None:
        self.coverage = coverage
        self.accuracy = accuracy
        self.thresholds = thresholds
        self.threshold = threshold

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayLike,
        y: ArrayLike,
        *,
        ax: Axes | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the coverage curve of a fitted classifier.

        Parameters
        ----------
        estimator : estimator
            A fitted classifier with ``predict_proba``. The threshold of a
            :class:`~skmnist.RejectClassifier` is marked.
        X : array-like of shape (n_samples, ...)
            Test images, in a format that the classifier accepts.
        y : array-like of shape (n_samples,)
            True labels.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        line_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : CoverageDisplay
        """
        proba = estimator.predict_proba(X)
        y_pred = estimator.classes_[proba.argmax(axis=1)]
        threshold = (
            getattr(estimator, "threshold", None) if hasattr(estimator, "reject_label_") else None
        )
        return cls.from_predictions(
            y, y_pred, proba.max(axis=1), threshold=threshold, ax=ax, line_kw=line_kw
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        confidence: ArrayLike,
        *,
        threshold: float | None = None,
        ax: Axes | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the coverage curve of given predictions.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n_samples,)
            True and predicted labels.
        confidence : array-like of shape (n_samples,)
            Confidence of each prediction, such as the highest predicted probability.
        threshold : float, default=None
            The threshold to mark on the curve.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        line_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : CoverageDisplay
        """
        coverage, accuracy, thresholds = coverage_curve(y_true, y_pred, confidence)
        return cls(coverage, accuracy, thresholds, threshold).plot(ax=ax, line_kw=line_kw)

    def plot(self, *, ax: Axes | None = None, line_kw: dict[str, Any] | None = None) -> Self:
        """Plot the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. If None, a new figure is created.
        line_kw : dict, default=None
            Keyword arguments passed to ``Axes.plot``.

        Returns
        -------
        display : CoverageDisplay
            The display, with the attributes of the plot.
        """
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(figsize=(WIDTH, 3.8), layout="constrained")
        self.ax_, self.figure_, self.axes_ = ax, ax.figure, np.array([ax])
        coverage, accuracy = 100 * np.asarray(self.coverage), 100 * np.asarray(self.accuracy)
        [self.line_] = ax.plot(coverage, accuracy, **({"color": COLORS[0]} | (line_kw or {})))
        reached = np.flatnonzero(np.asarray(self.thresholds) >= (self.threshold or 0))
        if self.threshold is not None and len(reached):
            x, y = coverage[reached[-1]], accuracy[reached[-1]]
            ax.plot(x, y, "o", color=COLORS[1])
            text = f"threshold {self.threshold:g}:\ncoverage {x:.1f}%,\naccuracy {y:.1f}%"
            # The curve falls, so the lower left corner is free.
            ax.annotate(
                text,
                (x, y),
                (0.04, 0.06),
                textcoords="axes fraction",
                fontsize="small",
                arrowprops={"arrowstyle": "-", "color": BASELINE_COLOR, "linewidth": 0.8},
            )
        ax.set_xlabel("Coverage (%)")
        ax.set_ylabel("Accuracy on accepted samples (%)")
        ax.set_xlim(0, 102)
        ax.grid(alpha=0.3)
        return self
