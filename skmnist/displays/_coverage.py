"""Accuracy against coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skmnist.metrics import coverage_curve

from ._style import COLORS, WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from typing_extensions import Self


class CoverageDisplay:
    """Selective accuracy against coverage.

    Coverage is the fraction of images that are predicted; on the others the classifier abstains.
    Selective accuracy is the accuracy on the images that are predicted. The curve shows which
    threshold of a :class:`~skmnist.RejectClassifier` reaches a required accuracy, and on how many
    images it then abstains.

    Use :meth:`from_estimator` or :meth:`from_predictions` to make one.

    Parameters
    ----------
    coverage, accuracy, thresholds : ndarray of shape (n_thresholds,)
        What :func:`skmnist.metrics.coverage_curve` returns.
    threshold : float, default=None
        The one in use, which is marked.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    axes_ : ndarray of matplotlib Axes
        The axes alone.
    figure_ : matplotlib Figure
        The figure that holds them.
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
        """Let a classifier predict, and plot.

        Parameters
        ----------
        estimator : estimator
            A fitted classifier with ``predict_proba``; of a :class:`~skmnist.RejectClassifier`
            the threshold is marked.
        X : array-like of shape (n, ...)
            Pictures that it was not trained with.
        y : array-like of shape (n,)
            Their labels.
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
        """Plot predictions that were made.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n,)
            True labels and predicted ones.
        confidence : array-like of shape (n,)
            How sure each prediction is, such as the highest probability.
        threshold : float, default=None
            The one in use, which is marked.
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
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, a new figure is made.
        line_kw : dict, default=None
            Keyword arguments for the ``plot`` of the curve.

        Returns
        -------
        display : CoverageDisplay
            The object itself, with the attributes of the drawing.
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
            # The space below the falling curve is free, on the side farther from the edge.
            side = "right" if x > 50 else "left"
            ax.annotate(
                text, (x, y), (-10 if x > 50 else 10, -10), textcoords="offset points",
                ha=side, va="top", fontsize="small",
            )  # fmt: skip
        ax.set_xlabel("Coverage (%)")
        ax.set_ylabel("Selective accuracy (%)")
        ax.set_xlim(0, 102)
        ax.grid(alpha=0.3)
        return self
