"""The results of a parameter search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from ._parameter_axis import ParameterAxis
from ._style import COLORS, WIDTH, rotate_tick_labels, shorten_to_width, text_width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

_MAX_CELLS = 12  # columns of a heatmap whose cells are annotated
_HEIGHT = 4.2  # inches
_MISSING = "–"


class SearchDisplay:
    """Scores of the candidates of a grid, randomized or halving search.

    A search over one parameter is shown as a line with error bars, and one over two parameters as
    a heatmap. A search over more parameters, or over two whose values were drawn at random, is
    shown in parallel coordinates: one line for each candidate, through the values of its
    parameters to its score.

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
    kind_ : {"line", "heatmap", "parallel_coordinates"}
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
    'heatmap'
    """

    def __init__(
        self,
        parameters: Mapping[str, Sequence[Any]],
        mean_scores: ArrayLike,
        std_scores: ArrayLike,
        score_name: str = "score",
    ) -> None:
        self.parameters = parameters
        self.mean_scores = mean_scores
        self.std_scores = std_scores
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls, estimator: BaseEstimator, *, metric: str | None = None, ax: Axes | None = None
    ) -> Self:
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
        # The last entry of each candidate, to which a halving search gave the most resources.
        last = list({repr(params): i for i, params in enumerate(candidates)}.values())
        names = dict.fromkeys(name for params in candidates for name in params)
        score_name = metric
        if metric == "score" and isinstance(estimator.scoring, str):
            score_name = estimator.scoring
        elif metric == "score" and estimator.scoring is None and is_classifier(estimator):
            score_name = "accuracy"
        display = cls(
            {name: [candidates[i].get(name, _MISSING) for i in last] for name in names},
            results[f"mean_test_{metric}"][last],
            results[f"std_test_{metric}"][last],
            score_name,
        )
        return display.plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
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

        if not np.isfinite(np.asarray(self.mean_scores)).any():
            raise ValueError(
                "All mean_scores are NaN, so there is nothing to draw. Search with "
                "error_score='raise' to see why the candidates fail."
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
        percent = "accuracy" in self.score_name
        factor, unit = (100, " (%)") if percent else (1, "")
        means, stds = (factor * np.asarray(s, float) for s in (self.mean_scores, self.std_scores))
        draw(ax, params, means, stds, f"Mean test {self.score_name.replace('_', ' ')}{unit}")
        return self

    def _plot_line(
        self, ax: Axes, params: list[ParameterAxis], means: np.ndarray, stds: np.ndarray, label: str
    ) -> None:
        (param,) = params
        order = np.argsort(param.positions, kind="stable")
        points = param.positions[order], means[order], stds[order]
        ax.errorbar(*points, color=COLORS[0], marker="o", capsize=3)
        ax.set_xticks(*param.ticks(), fontsize="small")
        rotate_tick_labels(ax, 0.85)
        ax.set_xlabel(param.name)
        ax.set_ylabel(label)
        ax.grid(alpha=0.3)

    def _plot_heatmap(
        self, ax: Axes, params: list[ParameterAxis], means: np.ndarray, stds: np.ndarray, label: str
    ) -> None:
        y, x = sorted(params, key=lambda param: len(param.labels))  # the longer one is x
        cells = np.full((len(y.labels), len(x.labels)), np.nan)
        cells[y.indices, x.indices] = means
        image = ax.imshow(cells, aspect="auto", origin="lower", cmap="cividis")
        ax.figure.colorbar(image, ax=ax, label=label)
        for axis, param in ((ax.xaxis, x), (ax.yaxis, y)):
            axis.set_ticks(*param.categorical_ticks(), fontsize="small")
            axis.set_label_text(param.name)
        rotate_tick_labels(ax, 0.7)
        if len(x.labels) > _MAX_CELLS:
            return
        searched = {*zip(y.indices, x.indices, strict=True)}
        for (row, column), mean in np.ndenumerate(cells):
            if (row, column) in searched:  # the score is NaN if all fits failed
                lightness: Any = image.norm(mean)
                color = "white" if lightness < 0.5 else "black"
                text = f"{mean:.1f}" if label.endswith("%)") else f"{mean:.3g}"
                ax.text(column, row, text, color=color, ha="center", va="center", fontsize="small")

    def _plot_parallel_coordinates(
        self, ax: Axes, params: list[ParameterAxis], means: np.ndarray, stds: np.ndarray, label: str
    ) -> None:
        from matplotlib import colormaps

        params = [*params, ParameterAxis(label, means.tolist(), as_numbers=True)]
        heights = np.array([param.to_unit(param.positions) for param in params])
        for i in np.argsort(means):  # the best one on top; those without a score are left out
            if np.isfinite(means[i]):
                color = colormaps["cividis_r"](heights[-1, i])
                ax.plot(heights[:, i], color=color, alpha=0.8)
        best = heights[:, np.nanargmax(means)]
        ax.plot(best, color="black", linewidth=3, label="Best candidate")
        # Above the plot, where it hides no line.
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), frameon=False)
        label_width = 0.8 * WIDTH / len(params)  # inches
        for x, param in enumerate(params):
            ax.axvline(x, color="black", linewidth=0.8)
            positions, labels = param.ticks()
            for height, text in zip(param.to_unit(positions), labels, strict=True):
                ax.annotate(
                    shorten_to_width(text, label_width),
                    (x, height),
                    (3, 0),
                    textcoords="offset points",
                    fontsize="small",
                    va="center",
                    bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5},
                )
        names = [_wrap(param.name, 0.95 * WIDTH / len(params)) for param in params]
        ax.set_xticks(range(len(params)), names, fontsize="small")
        ax.set_yticks([])
        ax.set_xlim(-0.2, len(params) - 0.4)
        ax.spines[:].set_visible(False)


def _wrap(name: str, width: float) -> str:
    """Return a name in lines of at most `width` inches."""
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


def _choose_metric(results: Mapping[str, Any], metric: str | None, refit: Any) -> str:
    metrics = [n.removeprefix("mean_test_") for n in results if n.startswith("mean_test_")]
    if metric is None:
        metric = refit if refit in metrics else metrics[0]
    if metric not in metrics:
        raise ValueError(f"metric={metric!r}: the search scored {metrics}.")
    return metric
