"""Loss against the learning rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._style import BASELINE_COLOR, COLORS, WIDTH, plot_star

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.lines import Line2D
    from numpy.typing import ArrayLike
    from typing_extensions import Self


class LrRangeTestDisplay:
    """Loss against the learning rate, with the suggested rate.

    Use :meth:`from_curve`, or the ``plot`` method of the result, to create one.

    Parameters
    ----------
    lrs : array-like of shape (n_points,)
        Learning rates, in increasing order.
    losses : array-like of shape (n_points,)
        Loss of the mini-batch that was trained with each rate.
    smoothed_losses : array-like of shape (n_points,)
        Moving average of the losses.
    suggestion : float, default=None
        The learning rate to mark. None or NaN marks none.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the plot.
    axes_ : ndarray of matplotlib Axes
        An array that contains `ax_` only.
    figure_ : matplotlib Figure
        The figure that contains the axes.
    lines_ : list of matplotlib Line2D
        The losses and the smoothed losses.
    star_ : matplotlib PathCollection or None
        The mark of the suggestion.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.displays import LrRangeTestDisplay
    >>> from skmnist.studies import lr_range_test
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> test = lr_range_test(MLPClassifier(random_state=0), X, y)
    >>> LrRangeTestDisplay.from_curve(test).ax_.get_xscale()
    'log'
    """

    def __init__(
        self,
        lrs: ArrayLike,
        losses: ArrayLike,
        smoothed_losses: ArrayLike,
        suggestion: float | None = None,
    ) -> None:
        self.lrs = lrs
        self.losses = losses
        self.smoothed_losses = smoothed_losses
        self.suggestion = suggestion

    @classmethod
    def from_curve(
        cls, curve: Any, *, ax: Axes | None = None, line_kw: dict[str, Any] | None = None
    ) -> Self:
        """Plot the result of :func:`skmnist.studies.lr_range_test`.

        Parameters
        ----------
        curve : LrRangeTest
            The result to plot.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        line_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : LrRangeTestDisplay
        """
        display = cls(curve.lrs, curve.losses, curve.smoothed_losses, curve.suggestion_)
        return display.plot(ax=ax, line_kw=line_kw)

    def plot(self, *, ax: Axes | None = None, line_kw: dict[str, Any] | None = None) -> Self:
        """Plot the losses against the learning rate.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. If None, a new figure is created.
        line_kw : dict, default=None
            Keyword arguments passed to ``Axes.plot`` for the smoothed losses.

        Returns
        -------
        display : LrRangeTestDisplay
            The display, with the attributes of the plot.
        """
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(figsize=(WIDTH, 3.8), layout="constrained")
        self.ax_, self.figure_, self.axes_ = ax, ax.figure, np.array([ax])
        lrs, smoothed = np.asarray(self.lrs), np.asarray(self.smoothed_losses)
        raw_style: dict[str, Any] = {"color": BASELINE_COLOR, "linewidth": 0.8, "alpha": 0.7}
        style = {"color": COLORS[0], "label": "smoothed"} | (line_kw or {})
        self.lines_: list[Line2D] = [
            *ax.plot(lrs, self.losses, label="mini-batch", **raw_style),
            *ax.plot(lrs, smoothed, **style),
        ]
        self.star_: PathCollection | None = None
        if self.suggestion is not None and np.isfinite(self.suggestion):
            loss = np.interp(np.log(self.suggestion), np.log(lrs), smoothed)
            label = f"suggestion: {self.suggestion:.2g}"
            self.star_ = plot_star(ax, self.suggestion, loss, label)
        ax.set_xscale("log")
        # The losses of single mini-batches may be many times as large after the divergence.
        margin = 0.05 * float(smoothed.max()) or 1.0
        ax.set_ylim(0, 1.2 * float(smoothed.max()) + margin)
        ax.set_xlabel("Learning rate")
        ax.set_ylabel("Training loss")
        ax.grid(alpha=0.3)
        ax.legend()
        return self
