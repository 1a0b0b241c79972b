"""Loss, accuracy, learning rate and time per epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skmnist._utils.messages import invalid_parameter_message

from ._style import (
    COLORS,
    TEST_COLOR,
    TRAIN_COLOR,
    WIDTH,
    legend_entries,
    plot_baseline,
    plot_star,
    shorten,
    text_width,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

    Metric = Literal["loss", "score", "lr", "seconds"]

# For each metric the axis label, and the columns of the histories to plot. For each column: the
# name of the data set, the line style, and the factor to multiply the values by.
_METRICS = {
    "loss": (
        "Loss",
        {"train_loss": ("training", "-", 1), "validation_loss": ("validation", "--", 1)},
    ),
    "score": ("Accuracy (%)", {"validation_score": ("validation", "--", 100)}),
    "lr": ("Learning rate", {"lr": ("", "-", 1)}),
    "seconds": ("Time per epoch (s)", {"seconds": ("", "-", 1)}),
}

_MARKERS = "os^D"  # the n-th marker is for the n-th seven estimators
# Lines with gaps, because classifiers often have equal learning rates.
_LR_STYLES: tuple[Any, ...] = ("-", (0, (6, 6)), (0, (1, 5)), (3, (1, 5)))
_MAX_LINES = 4  # in a legend inside the axes
_LOG_RATIO = 10  # the lr axis is logarithmic if the rates differ by more than this factor


class TrainingCurveDisplay:
    """Training curves: loss, validation accuracy, learning rate and time per epoch.

    Use :meth:`from_estimator` to create one.

    Parameters
    ----------
    histories : dict of str to DataFrame
        For each name to show, a table such as the fitted attribute ``history_``, or a dict of
        arrays. The columns are "epoch", "train_loss", "lr" and "seconds", and, if there was a
        validation set, "validation_loss" and "validation_score". Columns may be missing.
    best_epochs : dict of str to int, default=None
        The epochs to mark with a star, for some of the names.
    chance_level : float, default=None
        Accuracy in percent of random predictions. It is shown as a thin line, unless it is far
        below the curves.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the first metric, by default the loss.
    axes_ : ndarray of matplotlib Axes
        The axes of all metrics, from the top.
    figure_ : matplotlib Figure
        The figure that contains the axes.
    lines_ : list of matplotlib Line2D
        The curves, in the order of the metrics.

    See Also
    --------
    skmnist.studies.learning_curve : Scores against the number of training samples.

    Notes
    -----
    The training loss is the mean over the mini-batches of an epoch, while the weights change. The
    validation loss is computed with the weights at the end of the epoch. Therefore, the training
    loss is often the larger one in the first epochs. The learning rate is that of the last
    mini-batch of an epoch. A star marks the epoch with the best validation accuracy.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.displays import TrainingCurveDisplay
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = MLPClassifier(max_epochs=3, early_stopping=True, random_state=0).fit(X, y)
    >>> display = TrainingCurveDisplay.from_estimator(clf)
    >>> [ax.get_ylabel() for ax in display.axes_]
    ['Loss', 'Accuracy (%)']
    """

    def __init__(
        self,
        histories: Mapping[str, Any],
        *,
        best_epochs: Mapping[str, int] | None = None,
        chance_level: float | None = None,
    ) -> None:
        self.histories = histories
        self.best_epochs = best_epochs
        self.chance_level = chance_level

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator | Mapping[str, BaseEstimator],
        *,
        metrics: Metric | Literal["auto"] | Sequence[Metric] = "auto",
        ax: Axes | np.ndarray | Sequence[Axes] | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the training history of fitted classifiers.

        Parameters
        ----------
        estimator : estimator, or dict of str to estimator
            A fitted classifier, or for each name to show a fitted classifier. Classifiers other
            than those of skmnist need a ``loss_curve_``, as scikit-learn's MLPClassifier has.
        metrics : "auto" or list of {"loss", "score", "lr", "seconds"}, default="auto"
            See :meth:`plot`.
        ax : matplotlib Axes or array-like of them, default=None
            See :meth:`plot`.
        line_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : TrainingCurveDisplay

        Raises
        ------
        NotFittedError
            If an estimator is not fitted.
        TypeError
            If an estimator does not store its training history.
        ValueError
            If no history has values of a metric.

        Examples
        --------
        >>> from skmnist import BackpropClassifier, MLPClassifier
        >>> from skmnist.datasets import load_mnist_sample
        >>> from skmnist.displays import TrainingCurveDisplay
        >>> X, y = load_mnist_sample(return_X_y=True)
        >>> estimators = {
        ...     "Adam": MLPClassifier(max_epochs=2, random_state=0).fit(X, y),
        ...     "SGD": MLPClassifier(optimizer="sgd", max_epochs=2, random_state=0).fit(X, y),
        ... }
        >>> display = TrainingCurveDisplay.from_estimator(estimators)
        >>> [line.get_label() for line in display.lines_]
        ['Adam, training', 'SGD, training']
        """
        if not isinstance(estimator, Mapping):
            estimator = {type(estimator).__name__: estimator}
        histories = {name: _get_history(fitted) for name, fitted in estimator.items()}
        best = {name: getattr(fitted, "best_epoch_", None) for name, fitted in estimator.items()}
        n_classes = max(len(getattr(fitted, "classes_", ())) for fitted in estimator.values())
        display = cls(
            histories,
            best_epochs={name: epoch for name, epoch in best.items() if epoch is not None},
            chance_level=100 / n_classes if n_classes else None,
        )
        return display.plot(metrics=metrics, ax=ax, line_kw=line_kw)

    def plot(
        self,
        *,
        metrics: Metric | Literal["auto"] | Sequence[Metric] = "auto",
        ax: Axes | np.ndarray | Sequence[Axes] | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the curves.

        Parameters
        ----------
        metrics : "auto" or list of {"loss", "score", "lr", "seconds"}, default="auto"
            The metrics to plot, from the top: the training and validation loss, the validation
            accuracy, the learning rate, the time per epoch. "auto" is the loss, and the accuracy
            if there was a validation set.
        ax : matplotlib Axes or array-like of them, default=None
            The axes to draw on, one for each metric. Metrics without axes are left out. If None, a
            new figure is created.
        line_kw : dict, default=None
            Keyword arguments passed to ``Axes.plot`` for each curve.

        Returns
        -------
        display : TrainingCurveDisplay
            The display, with the attributes of the plot.

        Raises
        ------
        ValueError
            If a metric is unknown, or no history has values of it.
        """
        import matplotlib.pyplot as plt
        from matplotlib.ticker import MaxNLocator

        names = self._choose(metrics)
        own_figure = ax is None
        if own_figure:
            size = (WIDTH, 0.6 + 2.7 * len(names))
            _, ax = plt.subplots(len(names), sharex=True, figsize=size, layout="constrained")

        self.axes_ = np.asarray(ax, dtype=object).ravel()
        self.ax_ = self.axes_[0]
        self.figure_ = self.ax_.figure
        self.lines_: list[Line2D] = []
        for axes, name in zip(self.axes_, names, strict=False):
            self._plot_metric(axes, name, line_kw or {})
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.grid(alpha=0.3)
        self.axes_[min(len(self.axes_), len(names)) - 1].set_xlabel("Epoch")
        if own_figure and len(self.ax_.get_lines()) > _MAX_LINES:
            self._add_legend_below()
        else:
            for axes in self.axes_[: len(names)]:
                # A single line without a label is described by the axis label.
                if entries := legend_entries(axes):
                    axes.legend(entries.values(), entries.keys())
        return self

    def _add_legend_below(self) -> None:
        """Add a legend of all panels below them, because it would hide the curves."""
        entries = legend_entries(*self.axes_)
        columns = max(1, int(WIDTH / (max(map(text_width, entries)) + 0.6)))
        height = self.figure_.get_figheight() + 0.2 * math.ceil(len(entries) / columns)
        self.figure_.set_figheight(height)
        self.figure_.legend(
            entries.values(),
            entries.keys(),
            loc="outside lower center",
            ncols=columns,
            fontsize="small",
        )

    def _choose(self, metrics: Any) -> list[str]:
        """Return the names of the metrics to plot."""
        if isinstance(metrics, str) and metrics == "auto":
            return ["loss", "score"] if self._histories_with("score") else ["loss"]
        names = [metrics] if isinstance(metrics, str) else list(metrics)
        unknown = [name for name in names if name not in _METRICS]
        if unknown or not names:
            owner = "TrainingCurveDisplay.plot"
            expected = f"'auto' or a list of str among {{{', '.join(map(repr, _METRICS))}}}"
            raise ValueError(invalid_parameter_message("metrics", owner, expected, metrics))
        for name in names:
            if not self._histories_with(name):
                columns = sorted({column for h in self.histories.values() for column in h})
                raise ValueError(
                    f"There are no values of the metric {name!r} to plot. The histories have the "
                    f"columns {', '.join(columns)}."
                )
        return names

    def _histories_with(self, metric: str) -> list[str]:
        """Return the names of the histories that have values of a metric."""
        columns = set(_METRICS[metric][1])
        return [name for name, history in self.histories.items() if columns & set(history)]

    def _plot_metric(self, ax: Axes, metric: str, line_kw: dict[str, Any]) -> None:
        label, columns = _METRICS[metric]
        single = len(self.histories) == 1
        for column, (part, linestyle, factor) in columns.items():
            for i, (name, history) in enumerate(self.histories.items()):
                if column not in history:
                    continue
                color = COLORS[i % len(COLORS)]
                if single:
                    color = TEST_COLOR if part == "validation" else TRAIN_COLOR
                # Markers, because a single epoch would be invisible as a line.
                style: dict[str, Any] = {"color": color, "markersize": 3}
                style["marker"] = _MARKERS[i // len(COLORS) % len(_MARKERS)]
                style["linestyle"] = linestyle
                if metric == "lr" and not single:
                    style |= {"linestyle": _LR_STYLES[i % 4], "linewidth": 2.5}
                    style["marker"] = None if len(history["epoch"]) > 1 else style["marker"]
                texts = [part] if single else [shorten(name, 40), part]
                style |= {"label": ", ".join(filter(None, texts)) or None} | line_kw
                values = factor * np.asarray(history[column])
                self.lines_ += ax.plot(history["epoch"], values, **style)
                if part == "validation":
                    self._mark_best_epoch(ax, name, history["epoch"], values, style["color"])
        ax.set_ylabel(label)
        if metric == "score":
            plot_baseline(ax, self.chance_level, "chance level")
        if metric in ("lr", "seconds"):
            if metric == "lr" and self._use_log_lr():
                ax.set_yscale("log")
            else:
                ax.set_ylim(bottom=0)
            missing = [name for name in self.histories if name not in self._histories_with(metric)]
            if missing:
                text = f"not available: {', '.join(missing)}"
                ax.set_title(shorten(text, 80), loc="right", fontsize="small")

    def _mark_best_epoch(self, ax: Axes, name: str, epochs: Any, values: Any, color: str) -> None:
        best = (self.best_epochs or {}).get(name)
        (indices,) = np.nonzero(np.asarray(epochs) == best)
        if len(indices):
            label = f"best epoch ({best:,})" if len(self.histories) == 1 else "best epoch"
            if label in ax.get_legend_handles_labels()[1]:
                label = "_"  # one entry in the legend is enough
            plot_star(ax, best, values[indices[0]], label, color)

    def _use_log_lr(self) -> bool:
        first = [np.asarray(h["lr"])[0] for h in self.histories.values() if "lr" in h]
        return max(first) > _LOG_RATIO * min(first) > 0


def _get_history(estimator: Any) -> Any:
    """Return the training history of an estimator, as a DataFrame or a dict of arrays."""
    check_is_fitted(estimator)
    if hasattr(estimator, "history_"):
        return estimator.history_
    if not hasattr(estimator, "loss_curve_"):
        raise TypeError(
            f"{type(estimator).__name__} has no training history to show: it has neither history_ "
            "nor loss_curve_. Pass a fitted neural network. For a pipeline pass its last step."
        )
    # scikit-learn's MLPClassifier
    columns = {"train_loss": "loss_curve_", "validation_score": "validation_scores_"}
    values = {name: getattr(estimator, attribute, None) for name, attribute in columns.items()}
    epochs = np.arange(1, len(estimator.loss_curve_) + 1)
    return {"epoch": epochs} | {name: v for name, v in values.items() if v is not None}
