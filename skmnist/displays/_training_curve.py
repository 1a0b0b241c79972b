"""How training went, epoch by epoch."""

import math
from collections.abc import Mapping

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._style import COLORS, WIDTH, shorten, text_width

# The panels: the label of their axis, and the columns of the histories that they show, each with
# what is added to the name of a line, the line's style, and what to multiply the column by.
_VALIDATION = ", validation"
_PANELS = {
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
_MOST_LINES = 6  # for which there is room in a panel's legend
_RATIO = 10  # of learning rates that are shown on a logarithmic axis


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
        The first panel, by default that of the losses.
    axes_ : ndarray of matplotlib Axes
        All panels, from the top.
    figure_ : matplotlib Figure
        The figure that holds them.
    lines_ : list of matplotlib Line2D
        The curves, panel by panel.

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

    def __init__(self, histories):
        self.histories = histories

    @classmethod
    def from_estimator(cls, estimator, *, panels="auto", ax=None, line_kw=None):
        """Plot the training of fitted classifiers.

        Parameters
        ----------
        estimator : estimator, or dict of str to estimator
            One fitted classifier of skmnist, or several by the names to show. Others, such as
            scikit-learn's MLPClassifier, can be shown if they have ``loss_curve_``.
        panels : "auto" or list of {"loss", "score", "lr", "seconds"}, default="auto"
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
            If there is nothing to show in a panel.

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
        histories = {name: _history_of(one) for name, one in estimator.items()}
        return cls(histories).plot(panels=panels, ax=ax, line_kw=line_kw)

    def plot(self, *, panels="auto", ax=None, line_kw=None):
        """Draw the curves.

        Parameters
        ----------
        panels : "auto" or list of {"loss", "score", "lr", "seconds"}, default="auto"
            What to show, from the top: the training and validation losses, the validation
            accuracy, the learning rate, the seconds that each epoch took. "auto" is the losses,
            and the accuracy if there was a validation.
        ax : matplotlib Axes or array-like of them, default=None
            One for each panel; panels without one are left out. If None, a new figure is made.
        line_kw : dict, default=None
            Keyword arguments for the ``plot`` of each curve.

        Returns
        -------
        display : TrainingCurveDisplay
            The object itself, with the attributes of the drawing.

        Raises
        ------
        ValueError
            If a panel is unknown, or no history has anything to show in it.
        """
        import matplotlib.pyplot as plt
        from matplotlib.ticker import MaxNLocator

        names = self._choose(panels)
        own_figure = ax is None
        if own_figure:
            size = (WIDTH, 0.6 + 2.7 * len(names))
            _, ax = plt.subplots(len(names), sharex=True, figsize=size, layout="constrained")

        self.axes_ = np.ravel(ax)
        self.ax_ = self.axes_[0]
        self.figure_ = self.ax_.figure
        self.lines_ = []
        for axes, name in zip(self.axes_, names, strict=False):
            self._plot_panel(axes, name, line_kw or {})
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.grid(alpha=0.3)
        self.axes_[min(len(self.axes_), len(names)) - 1].set_xlabel("Epoch")
        n_lines = len(self.ax_.get_lines())
        if own_figure and n_lines > _MOST_LINES:
            self._write_legend_below()
        elif n_lines:
            self.ax_.legend()
        return self

    def _write_legend_below(self):
        """Make the figure higher for a legend that would hide the curves."""
        lines = self.ax_.get_lines()
        widest = max(text_width(line.get_label()) for line in lines)
        columns = max(1, int(WIDTH / (widest + 0.6)))
        height = self.figure_.get_figheight() + 0.2 * math.ceil(len(lines) / columns)
        self.figure_.set_figheight(height)
        self.figure_.legend(
            handles=lines, loc="outside lower center", ncols=columns, fontsize="small"
        )

    def _choose(self, panels):
        """Return the names of the panels to draw."""
        if isinstance(panels, str) and panels == "auto":
            return [name for name in ("loss", "score") if name == "loss" or self._known_to(name)]
        names = [panels] if isinstance(panels, str) else list(panels)
        unknown = [name for name in names if name not in _PANELS]
        if unknown or not names:
            raise ValueError(
                f"panels={panels!r}: pass 'auto' or a list of some of "
                f"{', '.join(map(repr, _PANELS))}."
            )
        for name in names:
            if not self._known_to(name):
                columns = sorted({column for h in self.histories.values() for column in h})
                raise ValueError(
                    f"panels={panels!r}, but there is nothing to show for {name!r}: the histories "
                    f"have the columns {', '.join(columns)}."
                )
        return names

    def _known_to(self, panel):
        """Return the names whose histories have something for a panel."""
        columns = set(_PANELS[panel][1])
        return [name for name, history in self.histories.items() if columns & set(history)]

    def _plot_panel(self, ax, panel, line_kw):
        label, columns = _PANELS[panel]
        for column, (suffix, style, factor) in columns.items():
            for i, (name, history) in enumerate(self.histories.items()):
                if column not in history:
                    continue
                # The points show where the epochs are; a single epoch is nothing else.
                look = {"linestyle": style, "markersize": 3}
                look["color"] = COLORS[i % len(COLORS)]
                look["marker"] = _MARKERS[i // len(COLORS) % len(_MARKERS)]
                look |= {"label": f"{shorten(name, 40)}{suffix}"} | line_kw
                values = factor * np.asarray(history[column])
                self.lines_ += ax.plot(history["epoch"], values, **look)
        ax.set_ylabel(label)
        if panel in ("lr", "seconds"):
            if panel == "lr" and self._first_rates_differ():
                ax.set_yscale("log")
            else:
                ax.set_ylim(bottom=0)
            missing = [name for name in self.histories if name not in self._known_to(panel)]
            if missing:
                text = f"not known: {', '.join(missing)}"
                ax.set_title(shorten(text, 80), loc="right", fontsize="small")

    def _first_rates_differ(self):
        first = [np.asarray(h["lr"])[0] for h in self.histories.values() if "lr" in h]
        return max(first) > _RATIO * min(first) > 0


def _history_of(estimator):
    """Return the table of an estimator's epochs, as far as it keeps one."""
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
    columns = {name: getattr(estimator, old, None) for name, old in columns.items()}
    epochs = np.arange(1, len(estimator.loss_curve_) + 1)
    return {"epoch": epochs} | {name: c for name, c in columns.items() if c is not None}
