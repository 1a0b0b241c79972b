"""What a search over parameters found."""

import numbers

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from ._style import COLORS, WIDTH, shorten, shorten_to, text_width

_MOST_CELLS = 12  # of a side of the heat map, in which numbers can be read
_MOST_TICKS = 8  # of an axis of numbers
_MOST_LABELS = 20  # of an axis whose values are shown one by one
_WIDE = 20  # ratio of the numbers of a parameter from which on their axis is logarithmic
_HEIGHT = 4.2  # inches
_ABSENT = "–"


class SearchDisplay:
    """Scores of the candidates of a grid, randomized or halving search.

    A search over one parameter is a line with error bars, one over two a heat map; more, or two
    whose values were drawn at random, are parallel lines: one line for each candidate, which
    passes the values of its parameters and ends at its score.

    Use :meth:`from_estimator` to make one.

    Parameters
    ----------
    parameters : dict of str to list
        For each parameter that was searched over, its value in each candidate; "–" where a
        candidate has none.
    mean_scores, std_scores : array-like of shape (n_candidates,)
        Means and standard deviations over the splits.
    score_name : str, default="score"
        What the scores are.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    axes_ : ndarray of matplotlib Axes
        The axes alone.
    figure_ : matplotlib Figure
        The figure that holds them.
    kind_ : {"line", "heat map", "parallel lines"}
        What was drawn.

    See Also
    --------
    EpochCurveDisplay : Scores and seconds against the number of epochs.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.displays import SearchDisplay
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> grid = {"lr": [1e-3, 1e-2], "optimizer": ["adam", "sgd"]}
    >>> search = GridSearchCV(MLPClassifier(max_epochs=1, random_state=0), grid, cv=2).fit(X, y)
    >>> SearchDisplay.from_estimator(search).kind_
    'heat map'
    """

    def __init__(self, parameters, mean_scores, std_scores, score_name="score"):
        self.parameters = parameters
        self.mean_scores = mean_scores
        self.std_scores = std_scores
        self.score_name = score_name

    @classmethod
    def from_estimator(cls, estimator, *, metric=None, ax=None):
        """Plot a search.

        Parameters
        ----------
        estimator : estimator
            A fitted search with ``cv_results_``. Of a halving search each candidate is shown
            with the most rows that it was given.
        metric : str, default=None
            Which one, if there are several. If None, the one that ``refit`` names, else the
            first.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.

        Returns
        -------
        display : SearchDisplay

        Raises
        ------
        NotFittedError
            If the search isn't fitted.
        TypeError
            If the estimator is no search.
        ValueError
            If there is no such metric.
        """
        if not hasattr(estimator, "scoring") or not hasattr(estimator, "refit"):
            raise TypeError(
                f"{type(estimator).__name__} is no search; a fitted GridSearchCV, "
                "RandomizedSearchCV, halving search or EpochGridSearchCV is wanted."
            )
        check_is_fitted(estimator, "cv_results_")
        results = estimator.cv_results_
        metric = _choose_metric(results, metric, estimator.refit)
        candidates = results["params"]
        # The last row of each, which a halving search gave the most to.
        rows = list({repr(one): row for row, one in enumerate(candidates)}.values())
        names = dict.fromkeys(name for one in candidates for name in one)
        score_name = metric
        if metric == "score" and isinstance(estimator.scoring, str):
            score_name = estimator.scoring
        elif metric == "score" and estimator.scoring is None and is_classifier(estimator):
            score_name = "accuracy"
        display = cls(
            {name: [candidates[row].get(name, _ABSENT) for row in rows] for name in names},
            results[f"mean_test_{metric}"][rows],
            results[f"std_test_{metric}"][rows],
            score_name,
        )
        return display.plot(ax=ax)

    def plot(self, *, ax=None):
        """Draw the scores.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, a new figure is made.

        Returns
        -------
        display : SearchDisplay
            The object itself, with the attributes of the drawing.

        Raises
        ------
        ValueError
            If no candidate has a score.
        """
        import matplotlib.pyplot as plt

        if not np.isfinite(self.mean_scores).any():
            raise ValueError(
                "All mean_scores are NaN, so there is nothing to draw. Search with "
                "error_score='raise' to see why the candidates fail."
            )
        if ax is None:
            _, ax = plt.subplots(figsize=(WIDTH, _HEIGHT), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self.axes_ = np.array([ax])
        scales = [_Scale(name, values) for name, values in self.parameters.items()]
        scales = [scale for scale in scales if len(scale.labels) > 1] or scales[:1]
        if len(scales) == 1:
            self.kind_, draw = "line", self._plot_line
        elif len(scales) == 2 and _fill_a_grid(*scales):
            self.kind_, draw = "heat map", self._plot_heat_map
        else:
            self.kind_, draw = "parallel lines", self._plot_parallel_lines
        percent = "accuracy" in self.score_name
        factor, unit = (100, " (%)") if percent else (1, "")
        means, stds = (factor * np.asarray(s, float) for s in (self.mean_scores, self.std_scores))
        draw(ax, scales, means, stds, f"Mean test {self.score_name.replace('_', ' ')}{unit}")
        return self

    def _plot_line(self, ax, scales, means, stds, label):
        (scale,) = scales
        order = np.argsort(scale.positions, kind="stable")
        points = scale.positions[order], means[order], stds[order]
        ax.errorbar(*points, color=COLORS[0], marker="o", capsize=3)
        ax.set_xticks(*scale.ticks(), fontsize="small")
        turn_labels(ax, 0.85)
        ax.set_xlabel(scale.name)
        ax.set_ylabel(label)
        ax.grid(alpha=0.3)

    def _plot_heat_map(self, ax, scales, means, stds, label):
        y, x = sorted(scales, key=lambda scale: len(scale.labels))  # the longer one lies
        cells = np.full((len(y.labels), len(x.labels)), np.nan)
        cells[y.codes, x.codes] = means
        image = ax.imshow(cells, aspect="auto", origin="lower", cmap="cividis")
        ax.figure.colorbar(image, ax=ax, label=label)
        for axis, scale in ((ax.xaxis, x), (ax.yaxis, y)):
            axis.set_ticks(*scale.one_by_one(_MOST_LABELS), fontsize="small")
            axis.set_label_text(scale.name)
        turn_labels(ax, 0.7)
        if len(x.labels) > _MOST_CELLS:
            return
        tried = {*zip(y.codes, x.codes, strict=True)}
        for (row, column), mean in np.ndenumerate(cells):
            if (row, column) in tried:  # where all failed the score is nan
                color = "white" if image.norm(mean) < 0.5 else "black"
                text = f"{mean:.1f}" if label.endswith("%)") else f"{mean:.3g}"
                ax.text(column, row, text, color=color, ha="center", va="center", fontsize="small")

    def _plot_parallel_lines(self, ax, scales, means, stds, label):
        from matplotlib import colormaps

        scales = [*scales, _Scale(label, means.tolist(), as_numbers=True)]
        heights = np.array([scale.heights(scale.positions) for scale in scales])
        for i in np.argsort(means):  # the best one on top, those without a score not at all
            if np.isfinite(means[i]):
                color = colormaps["cividis_r"](heights[-1, i])
                ax.plot(heights[:, i], color=color, alpha=0.8)
        best = heights[:, np.nanargmax(means)]
        ax.plot(best, color="black", linewidth=3, label="Best candidate")
        # Above the picture, where no line is hidden by it.
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), frameon=False)
        room = 0.8 * WIDTH / len(scales)  # inches
        for place, scale in enumerate(scales):
            ax.axvline(place, color="black", linewidth=0.8)
            places, labels = scale.ticks()
            for height, text in zip(scale.heights(places), labels, strict=True):
                ax.annotate(
                    shorten_to(text, room),
                    (place, height),
                    (3, 0),
                    textcoords="offset points",
                    fontsize="small",
                    va="center",
                    bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5},
                )
        names = [_in_lines(scale.name, 0.95 * WIDTH / len(scales)) for scale in scales]
        ax.set_xticks(range(len(scales)), names, fontsize="small")
        ax.set_yticks([])
        ax.set_xlim(-0.2, len(scales) - 0.4)
        ax.spines[:].set_visible(False)


class _Scale:
    """The values of a parameter on an axis: numbers where they are numbers, else one by one.

    Parameters
    ----------
    name : str
    values : list
        Of each candidate.
    as_numbers : bool
        Whether they lie where their numbers say although there are few of them.

    Attributes
    ----------
    labels : list of str
        Of the distinct values, in their order.
    codes : ndarray of int
        The place of each candidate's value among them.
    positions : ndarray of float
        The place of each candidate's value on the axis.
    """

    def __init__(self, name, values, as_numbers=False):
        self.name = name
        # By their texts, because values need be neither hashable nor comparable.
        keys = [value if isinstance(value, numbers.Real) else repr(value) for value in values]
        distinct = dict(zip(keys, values, strict=True))
        numeric = all(isinstance(value, numbers.Real) for value in distinct.values())
        ordered = list(distinct)
        if numeric:
            ordered.sort(key=distinct.get)
        elif all(isinstance(value, tuple) for value in distinct.values()):  # sizes of layers
            ordered.sort(key=lambda key: (len(distinct[key]), distinct[key]))
        self.labels = [shorten(_text(distinct[key])) for key in ordered]
        self.codes = np.array([ordered.index(key) for key in keys])
        self.positions = self.codes.astype(float)
        self.numeric = numeric and (as_numbers or len(ordered) > _MOST_TICKS)
        if self.numeric:
            self.positions = np.array(values, dtype=float)
            self.whole = not as_numbers and bool((self.positions % 1 == 0).all())
            low, high = np.nanmin(self.positions), np.nanmax(self.positions)
            self.logarithmic = not (as_numbers or self.whole) and low > 0 and high / low >= _WIDE
            if self.logarithmic:
                self.positions = np.log10(self.positions)

    def one_by_one(self, most):
        """Return places and labels of the distinct values, or of every so many of them."""
        places = np.arange(0, len(self.labels), -(-len(self.labels) // most))
        return places, [self.labels[place] for place in places]

    def ticks(self):
        """Return places on the axis and their labels."""
        from matplotlib.ticker import MaxNLocator

        if not self.numeric:
            return self.one_by_one(_MOST_LABELS)
        low, high = np.nanmin(self.positions), np.nanmax(self.positions)
        if self.logarithmic:
            between = (0, np.log10(3)) if high - low < 4 else (0,)
            decades = np.arange(np.floor(low), np.ceil(high) + 1)
            places = np.add.outer(decades, between).ravel()
        else:
            places = MaxNLocator(_MOST_TICKS - 2, integer=self.whole).tick_values(low, high)
        margin = 1e-9 * (high - low)
        places = places[(places >= low - margin) & (places <= high + margin)]
        return places, [_text(10**place if self.logarithmic else place) for place in places]

    def heights(self, places):
        """Return how far up on the axis places are, from 0 to 1."""
        low, high = np.nanmin(self.positions), np.nanmax(self.positions)
        return (places - low) / (high - low) if high > low else np.full(len(places), 0.5)


def _text(value):
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:g}"
    return getattr(value, "__name__", None) or str(value)


def turn_labels(ax, part):
    """Turn the labels of the x axis, which is this part of the figure's width, if they're long."""
    texts = [label.get_text() for label in ax.get_xticklabels()]
    if max(text_width(f"{text}  ") for text in texts) * len(texts) > part * WIDTH:
        ax.tick_params(axis="x", labelrotation=90)


def _in_lines(name, room):
    """Return a name in lines of at most `room` inches."""
    lines = [""]
    for word in name.replace("__", "__ ").replace("_", "_ ").split():
        longer = f"{lines[-1]}{'' if lines[-1].endswith('_') else ' '}{word}".strip()
        if text_width(longer) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(shorten_to(line, room) for line in lines)


def _fill_a_grid(one, other):
    """Whether at least half of the pairs of values were tried."""
    tried = len({*zip(one.codes, other.codes, strict=True)})
    return 2 * tried >= len(one.labels) * len(other.labels)


def _choose_metric(results, metric, refit):
    known = [n.removeprefix("mean_test_") for n in results if n.startswith("mean_test_")]
    if metric is None:
        metric = refit if refit in known else known[0]
    if metric not in known:
        raise ValueError(f"metric={metric!r}: the search scored {known}.")
    return metric
