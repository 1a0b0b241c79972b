"""Score and training time against the number of epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._style import COLORS, WIDTH, score_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from numpy.typing import ArrayLike
    from typing_extensions import Self

_TRAIN, _TEST, _TIME = COLORS[0], COLORS[1], "#595959"


class EpochCurveDisplay:
    """Scores and seconds against the number of epochs.

    Use :meth:`from_curve`, or ``plot`` of the curve, to make one.

    Parameters
    ----------
    epochs : array-like of shape (n_points,)
        Numbers of epochs, rising.
    train_scores, test_scores : ndarray of shape (n_points, n_splits)
        Scores on the rows trained with and on others.
    fit_times : ndarray of shape (n_points, n_splits)
        Seconds to train for that many epochs.
    score_name : str
        What the scores are; "accuracy" is shown in per cent.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the scores.
    axes_ : ndarray of matplotlib Axes
        Those of the seconds, on the right, and those of the scores.
    figure_ : matplotlib Figure
        The figure that holds them.
    lines_ : list of matplotlib Line2D
        Training score, test score and seconds; the means over the splits.

    See Also
    --------
    TrainingCurveDisplay : What a fitted classifier kept of its training.

    Notes
    -----
    The bands are one standard deviation over the splits to either side.

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
    ['Time to train (s)', 'Accuracy (%)']
    """

    def __init__(
        self,
        epochs: ArrayLike,
        train_scores: ArrayLike,
        test_scores: ArrayLike,
        fit_times: ArrayLike,
        score_name: str,
    ) -> None:
        self.epochs = epochs
        self.train_scores = train_scores
        self.test_scores = test_scores
        self.fit_times = fit_times
        self.score_name = score_name

    @classmethod
    def from_curve(
        cls, curve: Any, *, ax: Axes | None = None, line_kw: dict[str, Any] | None = None
    ) -> Self:
        """Plot a curve that was measured.

        Parameters
        ----------
        curve : EpochCurve
            What :func:`skmnist.studies.epoch_curve` returned.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        line_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : EpochCurveDisplay
        """
        names = ("epochs", "train_scores", "test_scores", "fit_times", "score_name")
        return cls(*(getattr(curve, name) for name in names)).plot(ax=ax, line_kw=line_kw)

    def plot(self, *, ax: Axes | None = None, line_kw: dict[str, Any] | None = None) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw the scores; the seconds get an axis on its right. If None, a new figure
            is made.
        line_kw : dict, default=None
            Keyword arguments for the ``plot`` of each curve.

        Returns
        -------
        display : EpochCurveDisplay
            The object itself, with the attributes of the drawing.
        """
        import matplotlib.pyplot as plt
        from matplotlib.ticker import MaxNLocator

        if ax is None:
            _, ax = plt.subplots(figsize=(WIDTH, 4.2), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        time_ax = ax.twinx()
        self.axes_ = np.array([time_ax, ax])
        factor, score_label = score_axis(self.score_name)
        # Each line has its own style, to be told apart without colors.
        curves = [
            (ax, factor * np.asarray(self.train_scores), _TRAIN, "--", "o", "Training rows"),
            (ax, factor * np.asarray(self.test_scores), _TEST, "-", "s", "Other rows"),
            (time_ax, np.asarray(self.fit_times), _TIME, ":", None, "Time to train"),
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
        ax.set_xlabel("Epochs")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        ax.set_ylabel(score_label)
        ax.grid(alpha=0.3)
        time_ax.set_ylabel("Time to train (s)", color=_TIME)
        time_ax.tick_params(axis="y", labelcolor=_TIME)
        time_ax.set_ylim(bottom=0)
        # Above the plot, where it hides no line.
        ax.legend(
            handles=self.lines_, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, frameon=False
        )
        return self
