"""Scores and fit time against the number of epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._style import (
    TEST_COLOR,
    TRAIN_COLOR,
    WIDTH,
    baseline_of,
    plot_baseline,
    plot_star,
    score_axis,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from numpy.typing import ArrayLike
    from typing_extensions import Self

_TIME_COLOR = "#595959"


class EpochCurveDisplay:
    """Scores and fit time against the number of epochs.

    Use :meth:`from_curve`, or the ``plot`` method of the curve, to create one.

    Parameters
    ----------
    epochs : array-like of shape (n_points,)
        Numbers of epochs, in increasing order.
    train_scores, test_scores : ndarray of shape (n_points, n_splits)
        Scores on the training set and on the test set.
    fit_times : ndarray of shape (n_points, n_splits)
        Time to train for that many epochs, in seconds.
    score_name : str
        Name of the metric. Accuracies are shown in percent.
    baseline : float, default=None
        Accuracy in percent of always predicting the most frequent class. It is shown as a thin
        line, unless it is far below the curves.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the scores.
    axes_ : ndarray of matplotlib Axes
        The axes of the fit times (scale on the right) and the axes of the scores.
    figure_ : matplotlib Figure
        The figure that contains the axes.
    lines_ : list of matplotlib Line2D
        Means of the training scores, the test scores and the fit times over the splits.

    See Also
    --------
    TrainingCurveDisplay : Training history of fitted classifiers.

    Notes
    -----
    The bands show the mean plus and minus one standard deviation over the splits. With more than
    one split, a star marks the epoch with the best mean test score.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.displays import EpochCurveDisplay
    >>> from skmnist.studies import epoch_curve
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> curve = epoch_curve(MLPClassifier(random_state=0), X, y, epochs=[1, 2, 3], cv=2)
    >>> display = EpochCurveDisplay.from_curve(curve)
    >>> [ax.get_ylabel() for ax in display.axes_]
    ['Fit time (s)', 'Accuracy (%)']
    """

    def __init__(
        self,
        epochs: ArrayLike,
        train_scores: ArrayLike,
        test_scores: ArrayLike,
        fit_times: ArrayLike,
        score_name: str,
        baseline: float | None = None,
    ) -> None:
        self.epochs = epochs
        self.train_scores = train_scores
        self.test_scores = test_scores
        self.fit_times = fit_times
        self.score_name = score_name
        self.baseline = baseline

    @classmethod
    def from_curve(
        cls, curve: Any, *, ax: Axes | None = None, line_kw: dict[str, Any] | None = None
    ) -> Self:
        """Plot the result of :func:`skmnist.studies.epoch_curve`.

        Parameters
        ----------
        curve : EpochCurve
            The curve to plot.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        line_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : EpochCurveDisplay
        """
        names = ("epochs", "train_scores", "test_scores", "fit_times", "score_name")
        values = {name: getattr(curve, name) for name in names}
        return cls(**values, baseline=baseline_of(curve)).plot(ax=ax, line_kw=line_kw)

    def plot(self, *, ax: Axes | None = None, line_kw: dict[str, Any] | None = None) -> Self:
        """Plot the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw the scores on. The fit times get a second y axis on its right. If
            None, a new figure is created.
        line_kw : dict, default=None
            Keyword arguments passed to ``Axes.plot`` for each curve.

        Returns
        -------
        display : EpochCurveDisplay
            The display, with the attributes of the plot.
        """
        import matplotlib.pyplot as plt
        from matplotlib.ticker import MaxNLocator

        if ax is None:
            _, ax = plt.subplots(figsize=(WIDTH, 4.2), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        time_ax = ax.twinx()
        self.axes_ = np.array([time_ax, ax])
        factor, score_label = score_axis(self.score_name)
        # Line styles and markers differ, so that the curves can be distinguished without color.
        curves = [
            (ax, factor * np.asarray(self.train_scores), TRAIN_COLOR, "--", "o", "training"),
            (ax, factor * np.asarray(self.test_scores), TEST_COLOR, "-", "s", "test"),
            (time_ax, np.asarray(self.fit_times), _TIME_COLOR, ":", None, "fit time"),
        ]
        self.lines_: list[Line2D] = []
        for axes, values, color, linestyle, marker, label in curves:
            mean, std = values.mean(axis=1), values.std(axis=1)
            style: dict[str, Any] = {
                "color": color,
                "linestyle": linestyle,
                "marker": marker,
                "markersize": 4,
            }
            style |= {"label": label} | (line_kw or {})
            self.lines_ += axes.plot(self.epochs, mean, **style)
            if values.shape[1] > 1:
                axes.fill_between(
                    self.epochs, mean - std, mean + std, color=color, alpha=0.15, linewidth=0
                )
        handles = [*self.lines_, *self._mark_best_epoch(factor)]
        plot_baseline(ax, self.baseline, "baseline (most frequent class)")
        handles += [line for line in ax.get_lines() if line not in handles]
        ax.set_xlabel("Epoch")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        ax.set_ylabel(score_label)
        ax.grid(alpha=0.3)
        time_ax.set_ylabel("Fit time (s)", color=_TIME_COLOR)
        time_ax.tick_params(axis="y", labelcolor=_TIME_COLOR)
        time_ax.set_ylim(bottom=0)
        # The legend is above the plot, so that it does not hide a curve.
        ax.legend(
            handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, frameon=False
        )
        return self

    def _mark_best_epoch(self, factor: float) -> list[Any]:
        """Mark the best mean test score; return the legend entries.

        A single split may be the test set, which must not be used to choose the epoch.
        """
        scores = np.asarray(self.test_scores)
        means = scores.mean(axis=1)
        if scores.shape[1] < 2 or not np.isfinite(means).any():
            return []
        best = int(np.nanargmax(means))
        epoch = np.asarray(self.epochs)[best]
        return [plot_star(self.ax_, epoch, factor * means[best], f"best epoch ({epoch:,})")]
