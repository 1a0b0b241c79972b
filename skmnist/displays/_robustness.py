"""Scores against the severity of a corruption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._style import COLORS, WIDTH, baseline_of, plot_baseline, score_axis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from numpy.typing import ArrayLike
    from typing_extensions import Self

_MARKERS = "osD^vPX"


class RobustnessDisplay:
    """Scores of one or several classifiers against the severity of a corruption.

    Use :meth:`from_curves`, or the ``plot`` method of a curve, to create one.

    Parameters
    ----------
    severities : dict of str to array-like of shape (n_severities,)
        The severities of the corruption, for each classifier.
    scores : dict of str to array-like of shape (n_severities,)
        The scores on the corrupted images, for each classifier.
    label : str
        Label of the x axis.
    score_name : str, default="accuracy"
        Name of the metric. Accuracies are shown in percent.
    baseline : float, default=None
        Accuracy in percent of always predicting the most frequent class. It is shown as a thin
        line, unless it is far below the curves.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the plot.
    axes_ : ndarray of matplotlib Axes
        An array that contains `ax_` only.
    figure_ : matplotlib Figure
        The figure that contains the axes.
    lines_ : list of matplotlib Line2D
        One line for each classifier.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.displays import RobustnessDisplay
    >>> from skmnist.studies import robustness_curve
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = MLPClassifier(max_epochs=3, random_state=0).fit(X[::2], y[::2])
    >>> curve = robustness_curve(clf, X[1::2], y[1::2], corruption="shift")
    >>> RobustnessDisplay.from_curves({"MLP": curve}).ax_.get_xlabel()
    'Translation (pixels)'
    """

    def __init__(
        self,
        severities: Mapping[str, ArrayLike],
        scores: Mapping[str, ArrayLike],
        label: str,
        score_name: str = "accuracy",
        baseline: float | None = None,
    ) -> None:
        self.severities = severities
        self.scores = scores
        self.label = label
        self.score_name = score_name
        self.baseline = baseline

    @classmethod
    def from_curves(
        cls,
        curves: Mapping[str, Any],
        *,
        ax: Axes | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the results of :func:`skmnist.studies.robustness_curve`.

        Parameters
        ----------
        curves : dict of str to RobustnessCurve
            For each name to show, the curve of a classifier. All curves must be of the same
            corruption.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        line_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : RobustnessDisplay

        Raises
        ------
        ValueError
            If `curves` is empty, or if the corruptions differ.
        """
        labels = {curve.label for curve in curves.values()}
        if len(labels) != 1:
            raise ValueError(
                "The 'curves' parameter of RobustnessDisplay.from_curves must contain curves of "
                f"one corruption. Got {sorted(labels)} instead."
            )
        first = next(iter(curves.values()))
        severities = {name: curve.severities for name, curve in curves.items()}
        scores = {name: curve.scores for name, curve in curves.items()}
        display = cls(severities, scores, labels.pop(), first.score_name, baseline_of(first))
        return display.plot(ax=ax, line_kw=line_kw)

    def plot(self, *, ax: Axes | None = None, line_kw: dict[str, Any] | None = None) -> Self:
        """Plot the scores against the severities.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. If None, a new figure is created.
        line_kw : dict, default=None
            Keyword arguments passed to ``Axes.plot`` for each curve.

        Returns
        -------
        display : RobustnessDisplay
            The display, with the attributes of the plot.
        """
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(figsize=(WIDTH, 3.8), layout="constrained")
        self.ax_, self.figure_, self.axes_ = ax, ax.figure, np.array([ax])
        factor, score_label = score_axis(self.score_name)
        self.lines_: list[Line2D] = []
        for i, (name, scores) in enumerate(self.scores.items()):
            style: dict[str, Any] = {"color": COLORS[i % len(COLORS)]}
            style |= {"marker": _MARKERS[i % len(_MARKERS)]}
            style |= {"label": name or None, "markersize": 5} | (line_kw or {})
            self.lines_ += ax.plot(self.severities[name], factor * np.asarray(scores), **style)
        ax.set_xlabel(self.label)
        ax.set_ylabel(score_label)
        ax.grid(alpha=0.3)
        plot_baseline(ax, self.baseline, "baseline (most frequent class)")
        if ax.get_legend_handles_labels()[1]:
            ax.legend()
        return self
