"""What the pictures have in common: colours, sizes, a frame for several small pictures."""

import numbers

import numpy as np

# Okabe and Ito's colours, which the colour-blind can tell apart (but for the yellow one, which is
# too pale for a line).
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")

# In inches: a figure's width (640 pixels), the room for its heading, the height of a line of text.
WIDTH, HEADING, LINE = 6.4, 0.35, 0.15

LONGEST_LABEL = 16  # characters; a longer one is cut


def shorten(label, longest=LONGEST_LABEL):
    """Return a label as text of at most `longest` characters, cut in its middle.

    Long names often differ in their ends.
    """
    text = str(label)
    if len(text) <= longest:
        return text
    n_last = (longest - 1) // 2
    return text[: longest - 1 - n_last] + "…" + text[len(text) - n_last :]


def shorten_to(label, room):
    """Return a label as text of the font size "small" that is at most `room` inches wide."""
    text = str(label)
    longest = len(text)
    while longest > 1 and text_width(shorten(text, longest)) > room:
        longest -= 1
    return shorten(text, longest)


def times(shape):
    """Return a shape as text: 28 × 28."""
    return " × ".join(map(str, shape))


def score_axis(score_name):
    """Return what to multiply scores with to show them, and the label of their axis."""
    label = score_name.replace("_", " ").capitalize()
    return (100, f"{label} (%)") if score_name == "accuracy" else (1, label)


def count(n, noun):
    """Return a number of things as text: 1 unit, 4,096 units."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def check_number(name, n):
    """Raise a ValueError unless `n`, how many are to be shown, is a positive integer."""
    if not isinstance(n, numbers.Integral) or n < 1:
        raise ValueError(f"{name}={n!r}: pass how many to show, an integer of 1 or more.")


def text_width(text):
    """Return the width in inches of the longest line of a text of the font size "small"."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size="small")
    lines = text.split("\n")
    return max(text_to_path.get_text_width_height_descent(s, font, False)[0] for s in lines) / 72


def make_frame(ax, height, title=""):
    """Return Axes without lines, to draw or to place others in, and their size in inches.

    Parameters
    ----------
    ax : matplotlib Axes or None
        The Axes to take; None makes a figure with Axes of this `height` in inches.
    height : float
    title : str
        The heading above them.
    """
    import matplotlib.pyplot as plt

    if ax is None:
        heading, margin = (HEADING if title else 0.05), 0.08
        figure = plt.figure(figsize=(WIDTH, height + heading + margin))
        total = figure.get_figheight()
        ax = figure.add_axes((0, margin / total, 1, height / total))
    ax.set_axis_off()
    ax.set_title(title, fontsize="medium")
    return ax, *_size(ax)


def add_inset(ax, left, bottom, width, height):
    """Return Axes inside `ax`, all measures in inches."""
    ax_width, ax_height = _size(ax)
    width, height = max(width, 0.01), max(height, 0.01)  # where there is hardly any room
    return ax.inset_axes(
        (left / ax_width, bottom / ax_height, width / ax_width, height / ax_height)
    )


def add_colorbar(image, ax, label, *, beyond=False):
    """Draw the colours of an image into `ax`, which they fill.

    `beyond` says whether some values lie outside of them.
    """
    from matplotlib.ticker import MaxNLocator

    colorbar = ax.figure.colorbar(image, cax=ax, extend="both" if beyond else "neither")
    n_ticks = int(np.clip(2 * _size(ax)[1], 2, 8))
    colorbar.locator = MaxNLocator(n_ticks)
    colorbar.update_ticks()
    colorbar.set_label(label, fontsize="small")
    ax.tick_params(labelsize="small")
    return colorbar


def _size(ax):
    box = ax.get_window_extent().transformed(ax.figure.dpi_scale_trans.inverted())
    return box.width, box.height
