"""Style of scikit-learn's learning and validation curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ._parameter_axis import format_tick
from ._style import (
    TEST_COLOR,
    TRAIN_COLOR,
    WIDTH,
    legend_entries,
    plot_baseline,
    rotate_tick_labels,
    score_axis,
    text_width,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from sklearn.model_selection import LearningCurveDisplay, ValidationCurveDisplay

    Display = TypeVar("Display", LearningCurveDisplay, ValidationCurveDisplay)

_STYLES = {
    "training": {"color": TRAIN_COLOR, "linestyle": "--", "marker": "o", "markersize": 4},
    "test": {"color": TEST_COLOR, "linestyle": "-", "marker": "s", "markersize": 4},
}
_PARTS = {"both": ["training", "test"], "train": ["training"], "test": ["test"]}


def plot_score_curve(
    display: Display,
    ax: Axes | None,
    *,
    baseline: float | None,
    categories: Sequence[str] | None = None,
    **kwargs: Any,
) -> Display:
    """Plot a curve of scores with the colors and labels of the other displays.

    Parameters
    ----------
    display : LearningCurveDisplay or ValidationCurveDisplay
        The scores as fractions. Accuracies are converted to percent.
    ax : matplotlib Axes or None
        The axes to draw on. If None, a new figure is created.
    baseline : float or None
        Accuracy in percent of always predicting the most frequent class.
    categories : list of str, default=None
        Tick labels, if the x axis is categorical.
    **kwargs
        Arguments of the ``plot`` method of the display.
    """
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH, 4.2), layout="constrained")
    kwargs = dict[str, Any](score_type="both") | kwargs
    if categories is not None:
        # No line between categories, which have no natural order.
        kwargs = {"std_display_style": "errorbar"} | kwargs
        errorbar_kw: Any = kwargs.get("errorbar_kw") or {}
        kwargs["errorbar_kw"] = {"capsize": 3, "linestyle": "none"} | errorbar_kw
    factor, label = score_axis(display.score_name)
    display.train_scores = factor * display.train_scores
    display.test_scores = factor * display.test_scores
    display.score_name = label
    display.plot(ax, **kwargs)
    _set_styles(display, _PARTS[kwargs["score_type"]], kwargs)
    if categories is None:
        _set_log_ticks(ax)
    else:
        ax.set_xticks(range(len(categories)), categories, fontsize="small")
        ax.set_xlim(-0.5, len(categories) - 0.5)
        rotate_tick_labels(ax, 0.8)
    ax.grid(alpha=0.3)
    plot_baseline(ax, baseline, "baseline (most frequent class)")
    entries = legend_entries(ax)
    ax.legend(entries.values(), entries.keys())
    return display


def _set_styles(display: Any, parts: list[str], kwargs: dict[str, Any]) -> None:
    """Set the library's style, except for the properties that the caller chose."""
    for i, part in enumerate(parts):
        style: dict[str, Any] = {"label": part} | _STYLES[part]
        if display.lines_ is not None:
            display.lines_[i].set(**style | (kwargs.get("line_kw") or {}))
        if display.errorbar_ is not None:
            container = display.errorbar_[i]
            container.set_label(part)
            style |= kwargs.get("errorbar_kw") or {}
            container[0].set(**{name: style[name] for name in _STYLES[part]})
            for artist in (*container[1], *container[2]):
                artist.set_color(style["color"])
        if display.fill_between_ is not None:
            band = {"facecolor": style["color"], "alpha": 0.15, "linewidth": 0}
            display.fill_between_[i].set(**band | (kwargs.get("fill_between_kw") or {}))


def _set_log_ticks(ax: Axes) -> None:
    """On a logarithmic x axis, set ticks at the values whose labels do not overlap."""
    if ax.get_xscale() != "log":
        return
    values = np.unique(np.concatenate([line.get_xdata() for line in ax.get_lines()]).astype(float))
    low, high = np.log10(ax.get_xlim())
    ticks: list[tuple[float, str]] = []
    left = np.inf
    # From the right, because the largest value matters most.
    for value in values[::-1]:
        text = f"{value:,.0f}" if value >= 1000 else format_tick(value)
        half = text_width(f"{text} ") / 2
        center = 0.85 * WIDTH * (np.log10(value) - low) / (high - low)
        if center + half < left:
            ticks.append((value, text))
            left = center - half
    ax.set_xticks([value for value, _ in ticks], [text for _, text in ticks])
    ax.set_xticks([], minor=True)
