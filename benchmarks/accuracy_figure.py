"""Draw the test accuracy against the training time, readable at a width of 640 pixels."""

import statistics

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator, StrMethodFormatter

from .accuracy_summary import CORES

# The palette of Okabe and Ito, which is safe for color-blind readers.
_LINES = {
    "cnn": ("#0072B2", "o"),
    "skorch": ("#D55E00", "s"),
    "torch": ("#009E73", "^"),
    "keras": ("#E69F00", "D"),
    "fast": ("#56B4E9", "*"),
    "accurate": ("#000000", "."),
    "mlp": ("#CC79A7", "v"),
    "sklearn": ("#888888", "x"),
}
_TICKS = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.994, 0.996, 0.998)
_WORST = 0.95  # the axis begins there, or at the worst final accuracy


def draw(results, path):
    """Draw a panel for each number of cores, with medians over the runs."""
    panels = {
        cores: [row for row in results["rows"] if row["cores"] == cores and row["runs"]]
        for cores in CORES
    }
    panels = {cores: rows for cores, rows in panels.items() if rows}
    if not panels:
        return
    with plt.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        figure, axes = plt.subplots(
            len(panels),
            figsize=(6.4, 3.4 * len(panels)),
            sharex=True,
            sharey=True,
            squeeze=False,
        )
        figure.subplots_adjust(0.09, 0.5 / (3.4 * len(panels)), 0.71, 0.96, hspace=0.16)
        _set_scales(axes[-1, 0], [row for rows in panels.values() for row in rows])
        for ax, (cores, rows) in zip(axes[:, 0], panels.items(), strict=True):
            ends = [_plot(ax, row) for row in rows]
            _label(ax, rows, ends)
            count = f" ({results['n_cores']})" if cores == "all" else ""
            ax.set_title(f"Test accuracy, {CORES[cores]}{count}", loc="left")
        axes[-1, 0].set_xlabel("Training time in seconds")
        figure.savefig(path, dpi=200)
        plt.close(figure)


def _set_scales(ax, rows):
    final = [row["final_accuracy"][0] for row in rows]
    bottom = min(_WORST, *final)
    top = min(1 - (1 - max(final)) / 1.4, 0.9995)
    ax.set_xscale("log")
    ax.set_yscale("logit")
    ax.set_ylim(1 - 1.1 * (1 - bottom), top)
    ax.yaxis.set_major_locator(FixedLocator([tick for tick in _TICKS if bottom <= tick <= top]))
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
    ax.yaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())


def _plot(ax, row):
    """Draw one line and return its end."""
    color, marker = _LINES[row["key"]]
    epochs = list(zip(*row["runs"], strict=True))
    seconds, accuracy = (
        [statistics.median(point[name] for point in points) for points in epochs]
        for name in ("seconds", "accuracy")
    )
    ax.plot(seconds, np.minimum(accuracy, 0.9999), color=color, marker=marker, ms=4, lw=1.3)
    ax.grid(True, axis="y", color="0.9")
    return seconds[-1], min(accuracy[-1], 0.9999)


def _label(ax, rows, ends):
    """Write the names to the right of the axes in the order of the ends, with thin leaders."""
    to_axes = ax.transData + ax.transAxes.inverted()
    order = np.argsort([accuracy for _, accuracy in ends])
    heights = np.array([to_axes.transform(ends[i])[1] for i in order])
    gap = 0.075
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + gap)
    # The highest may have left the axes: move it and those below it down.
    heights[-1] = min(heights[-1], 1)
    for i in range(len(heights) - 2, -1, -1):
        heights[i] = min(heights[i], heights[i + 1] - gap)
    for i, height in zip(order, heights, strict=True):
        color, _ = _LINES[rows[i]["key"]]
        ax.annotate(
            rows[i]["name"],
            ends[i],
            (1.03, height),
            textcoords="axes fraction",
            color=color,
            va="center",
            arrowprops={"arrowstyle": "-", "color": color, "lw": 0.5, "shrinkB": 3},
        )
