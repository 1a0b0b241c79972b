"""Scores of several classifiers over several seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._style import COLORS, WIDTH, score_axis, shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.container import ErrorbarContainer
    from numpy.typing import ArrayLike
    from typing_extensions import Self

_MAX_NAME_LENGTH = 30
_SPREAD = 0.5  # height of a strip of points; the distance between two strips is 1
_GOLDEN_RATIO = 0.618034  # its multiples modulo 1 spread points evenly


class SeedStudyDisplay:
    """Strip plot of the scores of several classifiers over several seeds.

    Each point is the score of one fit. A line shows the mean and its confidence interval.

    Use :meth:`from_study`, or the ``plot`` method of the study, to create one.

    Parameters
    ----------
    names : sequence of str
        Names of the classifiers, from top to bottom.
    scores : array-like of shape (n_estimators, n_scores)
        The scores of each classifier.
    intervals : array-like of shape (n_estimators, 2)
        Confidence interval of each mean.
    score_name : str, default="accuracy"
        Name of the metric. Accuracies are shown in percent.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the plot.
    axes_ : ndarray of matplotlib Axes
        An array that contains `ax_` only.
    figure_ : matplotlib Figure
        The figure that contains the axes.
    points_ : list of matplotlib PathCollection
        The points of each classifier.
    errorbar_ : matplotlib ErrorbarContainer
        The means and their intervals.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.displays import SeedStudyDisplay
    >>> from skmnist.studies import seed_study
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> estimators = {"narrow": MLPClassifier((8,)), "wide": MLPClassifier((32,))}
    >>> study = seed_study(
    ...     estimators, X[::10], y[::10], n_seeds=3, X_test=X[1::10], y_test=y[1::10]
    ... )
    >>> SeedStudyDisplay.from_study(study).ax_.get_xlabel()
    'Accuracy (%)'
    """

    def __init__(
        self,
        names: Sequence[str],
        scores: ArrayLike,
        intervals: ArrayLike,
        score_name: str = "accuracy",
    ) -> None:
        self.names = names
        self.scores = scores
        self.intervals = intervals
        self.score_name = score_name

    @classmethod
    def from_study(
        cls, study: Any, *, ax: Axes | None = None, scatter_kw: dict[str, Any] | None = None
    ) -> Self:
        """Plot the result of :func:`skmnist.studies.seed_study`.

        Parameters
        ----------
        study : SeedStudy
            The result to plot.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        scatter_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : SeedStudyDisplay
        """
        scores = study.scores.reshape(len(study.names), -1)
        intervals = study.summary()[["ci_low", "ci_high"]].to_numpy()
        display = cls(study.names, scores, intervals, study.score_name)
        return display.plot(ax=ax, scatter_kw=scatter_kw)

    def plot(self, *, ax: Axes | None = None, scatter_kw: dict[str, Any] | None = None) -> Self:
        """Plot the scores, one strip of points for each classifier.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. If None, a new figure is created.
        scatter_kw : dict, default=None
            Keyword arguments passed to ``Axes.scatter`` for each classifier.

        Returns
        -------
        display : SeedStudyDisplay
            The display, with the attributes of the plot.
        """
        import matplotlib.pyplot as plt
        from matplotlib import rcParams

        n_rows = len(self.names)
        if ax is None:
            _, ax = plt.subplots(figsize=(WIDTH, 1.3 + 0.6 * n_rows), layout="constrained")
        self.ax_, self.figure_, self.axes_ = ax, ax.figure, np.array([ax])
        factor, score_label = score_axis(self.score_name)
        scores = factor * np.asarray(self.scores, dtype=float)
        intervals = factor * np.asarray(self.intervals, dtype=float)
        offsets = _SPREAD * (np.arange(scores.shape[1]) * _GOLDEN_RATIO % 1 - 0.5)
        self.points_: list[PathCollection] = []
        for row, values in enumerate(scores):
            style: dict[str, Any] = {"color": COLORS[row % len(COLORS)], "s": 22, "alpha": 0.7}
            style |= {"linewidths": 0, "label": None if row else "one fit"} | (scatter_kw or {})
            self.points_.append(ax.scatter(values, row + offsets, **style))
        means = scores.mean(axis=1)
        self.errorbar_: ErrorbarContainer = ax.errorbar(
            means,
            range(n_rows),
            xerr=np.abs(intervals.T - means),
            fmt="d",
            color=rcParams["text.color"],
            capsize=4,
            markersize=6,
            label="mean with its confidence interval",
        )
        ax.set_yticks(range(n_rows), [shorten(name, _MAX_NAME_LENGTH) for name in self.names])
        ax.set_ylim(n_rows - 0.5, -0.5)
        ax.set_ylabel("Estimator")
        ax.set_xlabel(score_label)
        ax.grid(axis="x", alpha=0.3)
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
        return self
