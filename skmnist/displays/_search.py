"""Results of a hyperparameter search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from ._parameter_axis import ParameterAxis
from ._style import (
    BASELINE_COLOR,
    TEST_COLOR,
    TRAIN_COLOR,
    WIDTH,
    plot_baseline,
    plot_star,
    rotate_tick_labels,
    score_axis,
    shorten_to_width,
    text_width,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

_MAX_CELLS = 12  # columns of a heatmap with annotated cells
_HEIGHT = 4.2  # inches
_MISSING = "–"
_CMAP = "cividis_r"  # a higher score is darker, in the heatmap and in parallel coordinates
_BAR_WIDTH = 0.06  # of the color bar, relative to the distance of two parallel axes


class SearchDisplay:
    """Scores of the candidates of a grid, randomized or halving search.

    The plot depends on the number of hyperparameters:

    - one: scores with error bars of one standard deviation
    - two, on a grid: a heatmap
    - more, or two with random values: parallel coordinates. Each line is a candidate; it connects
      the values of its hyperparameters to its score.

    The best candidate is marked.

    Use :meth:`from_estimator` to create one.

    Parameters
    ----------
    parameters : dict of str to list
        For each hyperparameter, its value in each candidate, or "–" if the candidate does not set
        it.
    mean_scores, std_scores : array-like of shape (n_candidates,)
        Means and standard deviations of the test scores over the splits.
    score_name : str, default="score"
        Name of the metric. Accuracies are shown in percent.
    chance_level : float, default=None
        Accuracy in percent of random predictions. It is shown as a thin line if there is one
        hyperparameter, unless it is far below the scores.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the plot.
    axes_ : ndarray of matplotlib Axes
        An array that contains `ax_` only.
    figure_ : matplotlib Figure
        The figure that contains the axes.
    kind_ : {"line", "heatmap", "parallel_coordinates"}
        The kind of plot.

    See Also
    --------
    EpochCurveDisplay : Scores and fit time against the number of epochs.

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
    'heatmap'
    """

    def __init__(
        self,
        parameters: Mapping[str, Sequence[Any]],
        mean_scores: ArrayLike,
        std_scores: ArrayLike,
        score_name: str = "score",
        chance_level: float | None = None,
    ) -> None:
        self.parameters = parameters
        self.mean_scores = mean_scores
        self.std_scores = std_scores
        self.score_name = score_name
        self.chance_level = chance_level

    @classmethod
    def from_estimator(
        cls, estimator: BaseEstimator, *, metric: str | None = None, ax: Axes | None = None
    ) -> Self:
        """Plot the results of a fitted search.

        Parameters
        ----------
        estimator : estimator
            A fitted search with ``cv_results_``. For a halving search, each candidate is shown
            with its score in its last iteration, and without the parameter that is the resource.
        metric : str, default=None
            The metric to plot, if the search has several. If None, the metric of ``refit``, or
            the first one if ``refit`` names none.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.

        Returns
        -------
        display : SearchDisplay

        Raises
        ------
        NotFittedError
            If the search is not fitted.
        TypeError
            If the estimator is not a search.
        ValueError
            If the search does not have the metric.
        """
        if not hasattr(estimator, "scoring") or not hasattr(estimator, "refit"):
            raise TypeError(
                "The 'estimator' parameter of SearchDisplay.from_estimator must be a fitted "
                "GridSearchCV, RandomizedSearchCV, halving search or a search of skmnist. Got "
                f"{type(estimator).__name__} instead."
            )
        check_is_fitted(estimator, "cv_results_")
        results = estimator.cv_results_
        metric = _choose_metric(results, metric, estimator.refit)
        candidates = _without_resource(results)
        # The last entry with a score has the most resources of a halving search.
        scored = np.isfinite(results[f"mean_test_{metric}"])
        order = [*np.flatnonzero(~scored), *np.flatnonzero(scored)]
        last = sorted({repr(candidates[i]): i for i in order}.values())
        names = dict.fromkeys(name for params in candidates for name in params)
        score_name = metric
        if metric == "score" and isinstance(estimator.scoring, str):
            score_name = estimator.scoring
        elif metric == "score" and estimator.scoring is not None:
            score_name = getattr(estimator.scoring, "__name__", metric)
        elif metric == "score" and is_classifier(estimator):
            score_name = "accuracy"
        display = cls(
            {name: [candidates[i].get(name, _MISSING) for i in last] for name in names},
            results[f"mean_test_{metric}"][last],
            results[f"std_test_{metric}"][last],
            score_name,
            _chance_level(estimator, score_name),
        )
        return display.plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Plot the scores.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. If None, a new figure is created.

        Returns
        -------
        display : SearchDisplay
            The display, with the attributes of the plot.

        Raises
        ------
        ValueError
            If no candidate has a score.
        """
        import matplotlib.pyplot as plt

        if not np.isfinite(np.asarray(self.mean_scores)).any():
            raise ValueError(
                "All mean_scores are NaN, so there is nothing to plot. Use error_score='raise' in "
                "the search to see why the fits fail."
            )
        if ax is None:
            _, ax = plt.subplots(figsize=(WIDTH, _HEIGHT), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self.axes_ = np.array([ax])
        params = [ParameterAxis(name, values) for name, values in self.parameters.items()]
        params = [param for param in params if len(param.labels) > 1] or params[:1]
        if len(params) == 1:
            self.kind_, draw = "line", self._plot_line
        elif len(params) == 2 and _is_grid(*params):
            self.kind_, draw = "heatmap", self._plot_heatmap
        else:
            self.kind_, draw = "parallel_coordinates", self._plot_parallel_coordinates
        factor, label = score_axis(self.score_name)
        means, stds = (factor * np.asarray(s, float) for s in (self.mean_scores, self.std_scores))
        draw(ax, params, means, stds, f"Mean test {label[0].lower()}{label[1:]}")
        return self

    def _plot_line(
        self, ax: Axes, params: list[ParameterAxis], means: np.ndarray, stds: np.ndarray, label: str
    ) -> None:
        (param,) = params
        order = np.argsort(param.positions, kind="stable")
        points = param.positions[order], means[order], stds[order]
        # No line between categories, which have no natural order.
        line = "-" if param.ordered else "none"
        ax.errorbar(*points, color=TRAIN_COLOR, marker="o", capsize=3, linestyle=line)
        best = int(np.nanargmax(means))
        plot_star(ax, param.positions[best], means[best], "best candidate")
        plot_baseline(ax, self.chance_level, "chance level")
        ax.legend()
        ax.set_xticks(*param.ticks(), fontsize="small")
        ax.margins(x=0.05 if param.ordered else 0.2)
        rotate_tick_labels(ax, 0.85)
        ax.set_xlabel(param.name)
        ax.set_ylabel(label)
        ax.grid(alpha=0.3)

    def _plot_heatmap(
        self, ax: Axes, params: list[ParameterAxis], means: np.ndarray, stds: np.ndarray, label: str
    ) -> None:
        from matplotlib.patches import Rectangle

        y, x = sorted(params, key=lambda param: len(param.labels))  # x has more values
        cells = np.full((len(y.labels), len(x.labels)), np.nan)
        cells[y.indices, x.indices] = means
        image = ax.imshow(cells, aspect="auto", origin="lower", cmap=_CMAP)
        best = int(np.nanargmax(means))
        corner = x.indices[best] - 0.5, y.indices[best] - 0.5
        style: dict[str, Any] = {
            "fill": False,
            "edgecolor": TEST_COLOR,
            "linewidth": 3,
            "clip_on": False,
        }
        ax.add_patch(Rectangle(corner, 1, 1, label="best candidate", **style))
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), frameon=False)
        ax.figure.colorbar(image, ax=ax, label=label)
        for axis, param in ((ax.xaxis, x), (ax.yaxis, y)):
            axis.set_ticks(*param.categorical_ticks(), fontsize="small")
            axis.set_label_text(param.name)
        rotate_tick_labels(ax, 0.7)
        if len(x.labels) > _MAX_CELLS:
            return
        searched = {*zip(y.indices, x.indices, strict=True)}
        for (row, column), mean in np.ndenumerate(cells):
            if (row, column) in searched:  # its score is NaN if all fits failed
                lightness: Any = image.norm(mean)
                color = "white" if lightness > 0.5 else "black"
                text = f"{mean:.1f}" if label.endswith("%)") else f"{mean:.3g}"
                ax.text(column, row, text, color=color, ha="center", va="center", fontsize="small")

    def _plot_parallel_coordinates(
        self, ax: Axes, params: list[ParameterAxis], means: np.ndarray, stds: np.ndarray, label: str
    ) -> None:
        from matplotlib import colormaps

        params = [*params, ParameterAxis(label, means.tolist(), as_numbers=True)]
        heights = np.array([param.to_unit(param.positions) for param in params])
        cmap = colormaps[_CMAP]
        for i in np.argsort(means):  # the best one on top; candidates without a score are left out
            if np.isfinite(means[i]):
                ax.plot(heights[:, i], color=cmap(heights[-1, i]), alpha=0.8)
        best = heights[:, np.nanargmax(means)]
        ax.plot(best, color=TEST_COLOR, linewidth=3, label="best candidate")
        # The legend is above the plot, so that it does not hide a line.
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), frameon=False)
        # The axis of the scores is their color bar.
        last = len(params) - 1
        extent = (last, last + _BAR_WIDTH, 0, 1)
        colors = np.linspace(0, 1, 256)[:, None]
        ax.imshow(colors, _CMAP, aspect="auto", origin="lower", extent=extent)
        label_width = 0.8 * WIDTH / len(params)  # inches
        for x, param in enumerate(params):
            ax.plot([x, x], [0, 1], color=BASELINE_COLOR, linewidth=0.8)
            positions, labels = param.ticks()
            for height, text in zip(param.to_unit(positions), labels, strict=True):
                ax.annotate(
                    shorten_to_width(text, label_width),
                    (x + _BAR_WIDTH * (x == last), height),
                    (3, 0),
                    textcoords="offset points",
                    fontsize="small",
                    va="center",
                    bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5},
                )
        names = [_wrap(param.name, 0.95 * WIDTH / len(params)) for param in params]
        ax.set_xticks(range(len(params)), names, fontsize="small")
        ax.set_yticks([])
        ax.set(xlim=(-0.2, last + 0.6), ylim=(-0.05, 1.05))
        ax.spines[:].set_visible(False)


def _wrap(name: str, width: float) -> str:
    """Break a name into lines of at most `width` inches."""
    lines = [""]
    for word in name.replace("__", "__ ").replace("_", "_ ").split():
        longer = f"{lines[-1]}{'' if lines[-1].endswith('_') else ' '}{word}".strip()
        if text_width(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(shorten_to_width(line, width) for line in lines)


def _is_grid(x: ParameterAxis, y: ParameterAxis) -> bool:
    """Return whether at least half of the pairs of values were searched."""
    n_searched = len({*zip(x.indices, y.indices, strict=True)})
    return 2 * n_searched >= len(x.labels) * len(y.labels)


def _chance_level(estimator: Any, score_name: str) -> float | None:
    """Return the accuracy of random predictions in percent, if it is known."""
    classes = getattr(estimator, "classes_", None)
    return 100 / len(classes) if score_name == "accuracy" and classes is not None else None


def _without_resource(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the parameters of the candidates without the resource of a halving search."""
    candidates = results["params"]
    resources = {
        name
        for name in candidates[0]
        if "n_resources" in results
        and all(params.get(name) is not None for params in candidates)
        and np.array_equal([params[name] for params in candidates], results["n_resources"])
    }
    return [{k: v for k, v in params.items() if k not in resources} for params in candidates]


def _choose_metric(results: Mapping[str, Any], metric: str | None, refit: Any) -> str:
    metrics = [n.removeprefix("mean_test_") for n in results if n.startswith("mean_test_")]
    if metric is None:
        metric = refit if refit in metrics else metrics[0]
    if metric not in metrics:
        raise ValueError(
            "The 'metric' parameter of SearchDisplay.from_estimator must be one of the metrics of "
            f"the search, {metrics}. Got {metric!r} instead."
        )
    return metric
