"""Scores against the severity of a corruption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._style import COLORS, WIDTH, score_axis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from numpy.typing import ArrayLike
    from typing_extensions import Self

_MARKERS = "osD^vPX"


class RobustnessDisplay:
    """Scores of one or several classifiers against the severity of a corruption.

    Use :meth:`from_curves`, or ``plot`` of a curve, to make one.

    Parameters
    ----------
    severities : dict of str to array-like of shape (n_severities,)
        For each classifier, the severities of the corruption of the images.
    scores : dict of str to array-like of shape (n_severities,)
        For each classifier, its scores on the corrupted images.
    label : str
        Label of the axis of the severities.
    score_name : str, default="accuracy"
        What the scores are; "accuracy" is shown in per cent.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    axes_ : ndarray of matplotlib Axes
        The axes alone.
    figure_ : matplotlib Figure
        The figure that holds them.
    lines_ : list of matplotlib Line2D
        One for each classifier.

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
    'Moved in any direction (pixels)'
    """

    def __init__(
        self,
        severities: Mapping[str, ArrayLike],
        scores: Mapping[str, ArrayLike],
        label: str,
        score_name: str = "accuracy",
    ) -> None:
        self.severities = severities
        self.scores = scores
        self.label = label
        self.score_name = score_name

    @classmethod
    def from_curves(
        cls,
        curves: Mapping[str, Any],
        *,
        ax: Axes | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot curves that were measured.

        Parameters
        ----------
        curves : dict of str to RobustnessCurve
            What :func:`skmnist.studies.robustness_curve` returned, under the classifiers' names,
            all of the same corruption.
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
            If they are of several corruptions, or there is none.
        """
        labels = {curve.label for curve in curves.values()}
        if len(labels) != 1:
            raise ValueError(f"curves hold {sorted(labels)}: pass curves of one corruption.")
        score_name = next(iter(curves.values())).score_name
        severities = {name: curve.severities for name, curve in curves.items()}
        scores = {name: curve.scores for name, curve in curves.items()}
        return cls(severities, scores, labels.pop(), score_name).plot(ax=ax, line_kw=line_kw)

    def plot(self, *, ax: Axes | None = None, line_kw: dict[str, Any] | None = None) -> Self:
        """Draw the scores.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, a new figure is made.
        line_kw : dict, default=None
            Keyword arguments for the ``plot`` of each curve.

        Returns
        -------
        display : RobustnessDisplay
            The object itself, with the attributes of the drawing.
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
        if any(self.scores):
            ax.legend()
        return self
