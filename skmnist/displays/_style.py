"""Common style of the displays: colors, sizes, formatted labels, Axes for several small images."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.image import AxesImage

# The color-blind-safe palette of Okabe and Ito, without its yellow, which is too pale for a line.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")

# In inches: the width of a figure (640 pixels), the height of its title and of a line of text.
WIDTH, TITLE_HEIGHT, LINE_HEIGHT = 6.4, 0.35, 0.15

MAX_LABEL_LENGTH = 16  # characters; a longer label is cut


def shorten(label: object, max_length: int = MAX_LABEL_LENGTH) -> str:
    """Return a label as text of at most `max_length` characters, cut in its middle.

    Long names often differ in their ends.
    """
    text = str(label)
    if len(text) <= max_length:
        return text
    n_last = (max_length - 1) // 2
    return text[: max_length - 1 - n_last] + "…" + text[len(text) - n_last :]


def shorten_to_width(label: object, width: float) -> str:
    """Return a label as text of the font size "small" that is at most `width` inches wide."""
    text = str(label)
    length = len(text)
    while length > 1 and text_width(shorten(text, length)) > width:
        length -= 1
    return shorten(text, length)


def format_shape(shape: Sequence[int] | np.ndarray) -> str:
    """Return a shape as text: 28 × 28."""
    return " × ".join(map(str, shape))


def score_axis(score_name: str) -> tuple[int, str]:
    """Return the factor by which to multiply the scores, and the label of their axis."""
    label = score_name.replace("_", " ").capitalize()
    return (100, f"{label} (%)") if score_name == "accuracy" else (1, label)


def format_count(n: int, noun: str) -> str:
    """Return a number of things as text: 1 unit, 4,096 units."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def check_positive_int(name: str, n: object) -> None:
    """Raise a ValueError unless `n`, the number of things to show, is a positive integer."""
    if not isinstance(n, numbers.Integral) or n < 1:
        raise ValueError(f"{name}={n!r}: pass how many to show, an integer of 1 or more.")


def text_width(text: str) -> float:
    """Return the width in inches of the longest line of a text of the font size "small"."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size="small")
    lines = text.split("\n")
    return max(text_to_path.get_text_width_height_descent(s, font, False)[0] for s in lines) / 72


def make_axes(ax: Axes | None, height: float, title: str = "") -> tuple[Axes, float, float]:
    """Return Axes without lines, to draw in or to place others in, and their size in inches.

    Parameters
    ----------
    ax : matplotlib Axes or None
        The Axes to use; None makes a figure with Axes of this `height` in inches.
    height : float
    title : str
        The title above them.
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
    """Return Axes inside `ax`, all measures in inches."""
    ax_width, ax_height = _size(ax)
    width, height = max(width, 0.01), max(height, 0.01)  # not negative in a tiny `ax`
    return ax.inset_axes(
        (left / ax_width, bottom / ax_height, width / ax_width, height / ax_height)
    )


def add_colorbar(image: AxesImage, ax: Axes, label: str, *, extend: bool = False) -> Colorbar:
    """Draw the colors of an image into `ax`, which they fill.

    `extend` says whether some values lie outside of them.
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
    """Rotate the labels of the x axis if they need more than this fraction of the figure."""
    texts = [label.get_text() for label in ax.get_xticklabels()]
    if max(text_width(f"{text}  ") for text in texts) * len(texts) > fraction * WIDTH:
        ax.tick_params(axis="x", labelrotation=90)


def _size(ax: Axes) -> tuple[float, float]:
    box = ax.get_window_extent().transformed(ax.figure.dpi_scale_trans.inverted())
    return box.width, box.height
