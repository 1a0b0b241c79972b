"""Loss, accuracy, learning rate and time of each epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._style import COLORS, WIDTH, shorten, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

    Metric = Literal["loss", "score", "lr", "seconds"]

# For each metric the label of its axis, and the columns of the histories that it shows, each with
# the suffix of a line's name, the line's style, and the factor to multiply the column by.
_VALIDATION = ", validation"
_METRICS = {
    "loss": (
        "Loss (mean over rows)",
        {"train_loss": (", training", "-", 1), "validation_loss": (_VALIDATION, "--", 1)},
    ),
    # Dashed in the colours of the losses' legend, which therefore names these lines, too.
    "score": ("Validation accuracy (%)", {"validation_score": (_VALIDATION, "--", 100)}),
    "lr": ("Learning rate", {"lr": ("", "-", 1)}),
    "seconds": ("Time per epoch (s)", {"seconds": ("", "-", 1)}),
}

_MARKERS = "os^D"  # for the first seven estimators, the next seven, ...
_MAX_LINES = 6  # that fit into the legend of the first axes
_LOG_RATIO = 10  # of learning rates that are shown on a logarithmic axis


class TrainingCurveDisplay:
    """Losses, accuracy, learning rate and times of classifiers against the epochs.

    Use :meth:`from_estimator` to make one.

    Parameters
    ----------
    histories : dict of str to DataFrame
        For each name a table such as the fitted attribute ``history_`` (a dict of arrays will
        do): the columns "epoch", "train_loss", "lr" and "seconds", and, where rows were held
        back for validation, "validation_loss" and "validation_score". Columns may be missing.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The Axes of the first metric, by default of the losses.
    axes_ : ndarray of matplotlib Axes
        The Axes of all metrics, from the top.
    figure_ : matplotlib Figure
        The figure that holds them.
    lines_ : list of matplotlib Line2D
        The curves, metric by metric.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Scores against the number of training rows.

    Notes
    -----
    The training loss is the mean over an epoch, taken while the weights change; the validation
    loss is that of the weights at the epoch's end. So in the first epochs the training loss may
    well be the larger one. The learning rate is that of an epoch's last batch.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.displays import TrainingCurveDisplay
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = MLPClassifier(max_epochs=3, early_stopping=True, random_state=0).fit(X, y)
    >>> display = TrainingCurveDisplay.from_estimator(clf)
    >>> [ax.get_ylabel() for ax in display.axes_]
    ['Loss (mean over rows)', 'Validation accuracy (%)']
    """

    def __init__(self, histories: Mapping[str, Any]) -> None:
        self.histories = histories

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator | Mapping[str, BaseEstimator],
        *,
        metrics: Metric | Literal["auto"] | Sequence[Metric] = "auto",
        ax: Axes | np.ndarray | Sequence[Axes] | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the training of fitted classifiers.

        Parameters
        ----------
        estimator : estimator, or dict of str to estimator
            One fitted classifier of skmnist, or several by the names to show. Others, such as
            scikit-learn's MLPClassifier, can be shown if they have ``loss_curve_``.
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
            If an estimator isn't fitted.
        TypeError
            If an estimator keeps no history of its epochs.
        ValueError
            If there is nothing to show for a metric.

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
        return cls(histories).plot(metrics=metrics, ax=ax, line_kw=line_kw)

    def plot(
        self,
        *,
        metrics: Metric | Literal["auto"] | Sequence[Metric] = "auto",
        ax: Axes | np.ndarray | Sequence[Axes] | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        metrics : "auto" or list of {"loss", "score", "lr", "seconds"}, default="auto"
            The metrics to show, from the top: the training and validation losses, the validation
            accuracy, the learning rate, the seconds that each epoch took. "auto" is the losses,
            and the accuracy if there was a validation.
        ax : matplotlib Axes or array-like of them, default=None
            One for each metric; metrics without one are left out. If None, a new figure is made.
        line_kw : dict, default=None
            Keyword arguments for the ``plot`` of each curve.

        Returns
        -------
        display : TrainingCurveDisplay
            The object itself, with the attributes of the drawing.

        Raises
        ------
        ValueError
            If a metric is unknown, or no history has anything to show for it.
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
        n_lines = len(self.ax_.get_lines())
        if own_figure and n_lines > _MAX_LINES:
            self._add_legend_below()
        elif n_lines:
            self.ax_.legend()
        return self

    def _add_legend_below(self) -> None:
        """Make the figure higher for a legend that would hide the curves."""
        lines = self.ax_.get_lines()
        label_width = max(text_width(str(line.get_label())) for line in lines)
        columns = max(1, int(WIDTH / (label_width + 0.6)))
        height = self.figure_.get_figheight() + 0.2 * math.ceil(len(lines) / columns)
        self.figure_.set_figheight(height)
        self.figure_.legend(
            handles=lines, loc="outside lower center", ncols=columns, fontsize="small"
        )

    def _choose(self, metrics: Any) -> list[str]:
        """Return the metrics to draw."""
        if isinstance(metrics, str) and metrics == "auto":
            return ["loss", "score"] if self._histories_with("score") else ["loss"]
        names = [metrics] if isinstance(metrics, str) else list(metrics)
        unknown = [name for name in names if name not in _METRICS]
        if unknown or not names:
            raise ValueError(
                f"metrics={metrics!r}: pass 'auto' or a list of some of "
                f"{', '.join(map(repr, _METRICS))}."
            )
        for name in names:
            if not self._histories_with(name):
                columns = sorted({column for h in self.histories.values() for column in h})
                raise ValueError(
                    f"metrics={metrics!r}, but there is nothing to show for {name!r}: the "
                    f"histories have the columns {', '.join(columns)}."
                )
        return names

    def _histories_with(self, metric: str) -> list[str]:
        """Return the names of the histories that have a column of this metric."""
        columns = set(_METRICS[metric][1])
        return [name for name, history in self.histories.items() if columns & set(history)]

    def _plot_metric(self, ax: Axes, metric: str, line_kw: dict[str, Any]) -> None:
        label, columns = _METRICS[metric]
        for column, (suffix, linestyle, factor) in columns.items():
            for i, (name, history) in enumerate(self.histories.items()):
                if column not in history:
                    continue
                # Markers, because a single epoch would be invisible as a line.
                style: dict[str, Any] = {"linestyle": linestyle, "markersize": 3}
                style["color"] = COLORS[i % len(COLORS)]
                style["marker"] = _MARKERS[i // len(COLORS) % len(_MARKERS)]
                style |= {"label": f"{shorten(name, 40)}{suffix}"} | line_kw
                values = factor * np.asarray(history[column])
                self.lines_ += ax.plot(history["epoch"], values, **style)
        ax.set_ylabel(label)
        if metric in ("lr", "seconds"):
            if metric == "lr" and self._use_log_lr():
                ax.set_yscale("log")
            else:
                ax.set_ylim(bottom=0)
            missing = [name for name in self.histories if name not in self._histories_with(metric)]
            if missing:
                text = f"not known: {', '.join(missing)}"
                ax.set_title(shorten(text, 80), loc="right", fontsize="small")

    def _use_log_lr(self) -> bool:
        first = [np.asarray(h["lr"])[0] for h in self.histories.values() if "lr" in h]
        return max(first) > _LOG_RATIO * min(first) > 0


def _get_history(estimator: Any) -> Any:
    """Return the table of an estimator's epochs: a DataFrame or a dict of arrays."""
    check_is_fitted(estimator)
    if hasattr(estimator, "history_"):
        return estimator.history_
    if not hasattr(estimator, "loss_curve_"):
        raise TypeError(
            f"{type(estimator).__name__} has no history_, the table of its epochs, nor "
            "loss_curve_. Pass a fitted neural network, of a pipeline its last step."
        )
    # scikit-learn's MLPClassifier
    columns = {"train_loss": "loss_curve_", "validation_score": "validation_scores_"}
    values = {name: getattr(estimator, attribute, None) for name, attribute in columns.items()}
    epochs = np.arange(1, len(estimator.loss_curve_) + 1)
    return {"epoch": epochs} | {name: v for name, v in values.items() if v is not None}
