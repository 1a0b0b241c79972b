"""Common style of the displays: colors, sizes, labels, baselines and axes for small images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.image import AxesImage

# The color-blind-safe palette of Okabe and Ito, without its yellow, which is too pale for a line.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
TRAIN_COLOR, TEST_COLOR = COLORS[:2]
BASELINE_COLOR = "#737373"  # readable on a white and on a dark background

# In inches: the width of a figure (640 pixels), the height of its title and of a line of text.
WIDTH, TITLE_HEIGHT, LINE_HEIGHT = 6.4, 0.35, 0.15

MAX_LABEL_LENGTH = 16  # characters; longer labels are shortened
_PERCENT_METRICS = {"accuracy", "f1", "precision", "recall", "jaccard"}


def shorten(label: object, max_length: int = MAX_LABEL_LENGTH) -> str:
    """Return a label with at most `max_length` characters, shortened in the middle.

    The end is kept, because long names often differ there.
    """
    text = str(label)
    if len(text) <= max_length:
        return text
    n_last = (max_length - 1) // 2
    return text[: max_length - 1 - n_last] + "…" + text[len(text) - n_last :]


def shorten_to_width(label: object, width: float) -> str:
    """Return a label that is at most `width` inches wide in the font size "small"."""
    text = str(label)
    length = len(text)
    while length > 1 and text_width(shorten(text, length)) > width:
        length -= 1
    return shorten(text, length)


def format_shape(shape: Sequence[int] | np.ndarray) -> str:
    """Format a shape, such as 28 × 28."""
    return " × ".join(map(str, shape))


def score_axis(score_name: str) -> tuple[int, str]:
    """Return the factor to multiply the scores by, and the axis label.

    Scores that are fractions are shown in percent.
    """
    label = score_name.replace("_", " ").capitalize()
    is_fraction = not _PERCENT_METRICS.isdisjoint(score_name.split("_"))
    return (100, f"{label} (%)") if is_fraction else (1, label)


def baseline_of(curve: Any) -> float | None:
    """Return the accuracy of the most frequent class in percent, if the curve is of accuracies."""
    fraction = curve.settings.get("baseline_accuracy") if curve.score_name == "accuracy" else None
    return None if fraction is None else 100 * fraction


def plot_baseline(ax: Axes, score: float | None, label: str) -> None:
    """Draw a thin horizontal line at a score in percent, if it is close to the data.

    A baseline far below the data is left out, because the curves would be flattened.
    """
    low, high = ax.get_ylim()
    if score is None or low - score > high - low:
        return
    ax.axhline(score, color=BASELINE_COLOR, linestyle=":", linewidth=1, label=label, zorder=1)


def format_count(n: int, noun: str) -> str:
    """Format a number and its noun, such as 1 unit or 4,096 units."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def plot_star(ax: Axes, x: Any, y: Any, label: str | None, color: str = TEST_COLOR) -> Any:
    """Mark the best points with stars; return the artist."""
    from matplotlib import rcParams

    style: dict[str, Any] = {"marker": "*", "s": 110, "linewidths": 0.8}
    style["edgecolors"] = rcParams["text.color"]
    return ax.scatter(x, y, color=color, label=label, zorder=3, **style)


def legend_entries(*axes: Axes) -> dict[str, Any]:
    """Return the legend entries of some axes by their labels, with curves before marks."""
    entries: dict[str, Any] = {}
    for ax in axes:
        handles, labels = ax.get_legend_handles_labels()
        for handle, label in zip(handles, labels, strict=True):
            entries.setdefault(label, handle)
    marks = ("best", "baseline", "chance")
    return dict(sorted(entries.items(), key=lambda entry: entry[0].startswith(marks)))


def text_width(text: str) -> float:
    """Return the width in inches of a text's longest line, in the font size "small"."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size="small")
    lines = text.split("\n")
    return max(text_to_path.get_text_width_height_descent(s, font, False)[0] for s in lines) / 72


def make_axes(ax: Axes | None, height: float, title: str = "") -> tuple[Axes, float, float]:
    """Return axes without frame and ticks, and their size in inches.

    Parameters
    ----------
    ax : matplotlib Axes or None
        The axes to use. If None, a new figure is created.
    height : float
        Height of the axes of a new figure, in inches.
    title : str, default=""
        Title of the axes.
    """
    import matplotlib.pyplot as plt

    if ax is None:
        title_height, margin = (TITLE_HEIGHT if title else 0.05), 0.08
        figure = plt.figure(figsize=(WIDTH, height + title_height + margin))
        total = figure.get_figheight()
        ax = figure.add_axes((0, margin / total, 1, height / total))
    ax.set_axis_off()
    ax.set_title(title, fontsize="medium")
    return ax, *_size(ax)


def add_inset(ax: Axes, left: float, bottom: float, width: float, height: float) -> Axes:
    """Return new axes inside `ax`, with position and size in inches."""
    ax_width, ax_height = _size(ax)
    width, height = max(width, 0.01), max(height, 0.01)  # never negative, even if `ax` is tiny
    return ax.inset_axes(
        (left / ax_width, bottom / ax_height, width / ax_width, height / ax_height)
    )


def add_colorbar(image: AxesImage, ax: Axes, label: str, *, extend: bool = False) -> Colorbar:
    """Draw the color bar of an image in `ax`.

    Set `extend` if some values are outside the range of the colors.
    """
    from matplotlib.ticker import MaxNLocator

    colorbar = ax.figure.colorbar(image, cax=ax, extend="both" if extend else "neither")
    n_ticks = int(np.clip(2 * _size(ax)[1], 2, 8))
    colorbar.locator = MaxNLocator(n_ticks)
    colorbar.update_ticks()
    colorbar.set_label(label, fontsize="small")
    ax.tick_params(labelsize="small")
    return colorbar


def rotate_tick_labels(ax: Axes, fraction: float) -> None:
    """Rotate the tick labels of the x axis if they are wider than `fraction` of the figure."""
    texts = [label.get_text() for label in ax.get_xticklabels()]
    if max(text_width(f"{text}  ") for text in texts) * len(texts) > fraction * WIDTH:
        ax.tick_params(axis="x", labelrotation=90)


def _size(ax: Axes) -> tuple[float, float]:
    box = ax.get_window_extent().transformed(ax.figure.dpi_scale_trans.inverted())
    return box.width, box.height
