"""Draw the results as one figure, readable at a width of 640 pixels."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator, StrMethodFormatter

# The palette of Okabe and Ito, which is safe for color-blind readers.
_BLUE, _ORANGE, _GREEN, _RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
_LINES = {
    "skmnist": (_BLUE, "o"),
    "scikit-learn": (_ORANGE, "s"),
    "torch loop": (_GREEN, "^"),
}


def draw(groups, path):
    """Draw ratios and growth curves; return False if there is nothing to draw."""
    bars = [(group, row) for group in groups for row in group.rows if row.ratio and row.x is None]
    grown = [group for group in groups if group.rows[0].x is not None]
    pairs = [grown[i : i + 2] for i in range(0, len(grown), 2)]
    heights = ([0.8 + 0.42 * len(bars)] if bars else []) + [2.9] * len(pairs)
    if not heights:
        return False
    with plt.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        figure = plt.figure(figsize=(6.4, sum(heights)), layout="constrained")
        parts = iter(figure.subfigures(len(heights), height_ratios=heights, squeeze=False)[:, 0])
        if bars:
            _draw_ratios(next(parts).subplots(), bars)
        for pair in pairs:
            axes = next(parts).subplots(1, len(pair), squeeze=False)[0]
            for ax, group in zip(axes, pair, strict=True):
                _draw_growth(ax, group)
        figure.savefig(path, dpi=200)
        plt.close(figure)
    return True


def _draw_ratios(ax, bars):
    for y, (group, row) in enumerate(bars):
        limit, holds = group.limit(row)
        ratio = row.ratio
        color = _RED if holds is False else _BLUE
        ax.barh(y, ratio.median, 0.6, color=color, hatch="///" if holds is False else None)
        whiskers = [[ratio.median - ratio.low], [ratio.high - ratio.median]]
        ax.errorbar(ratio.median, y, xerr=whiskers, color="black", capsize=3, lw=1)
        ax.annotate(
            f"{ratio.median:.2f}",
            (max(ratio.high, limit or 0), y),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
        )
        if limit is not None:
            ax.plot([limit, limit], [y - 0.42, y + 0.42], color="black", lw=2.5)
    ax.plot([], [], color="black", lw=2.5, label="target")
    ax.axvline(1, color="gray", lw=0.8, ls=":", label="equal")
    ax.set_yticks(range(len(bars)), [f"{g.title}\n{r.name}" for g, r in bars])
    ax.set_ylim(len(bars) - 0.4, -0.6)
    ax.set_xlim(left=0)
    ax.margins(x=0.08)
    ax.set_title("Time of skmnist / time of ... (lower is better)", loc="left")
    ax.legend(loc="upper right", frameon=False)


def _draw_growth(ax, group):
    lines = {}
    for row in group.rows:
        lines.setdefault(row.name.split(",")[0], []).append(row)
    for name, rows in lines.items():
        color, marker = _LINES[name]
        xs, values = [row.x for row in rows], [row.value for row in rows]
        median = [value.median for value in values]
        whiskers = [
            [value.median - value.low for value in values],
            [value.high - value.median for value in values],
        ]
        ax.errorbar(xs, median, whiskers, color=color, marker=marker, ms=5, capsize=3, label=name)
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator(sorted({row.x for row in group.rows})))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.set_title(f"{group.title}: {group.unit}", loc="left")
    if len(lines) > 1:
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        ax.legend(frameon=False)
    else:
        ax.set_ylim(0, 1.1 * max(row.value.high for row in group.rows))
    if max(row.x for row in group.rows) >= 10_000:
        ax.tick_params("x", rotation=45)
    ax.set_xlabel(group.x_label)
