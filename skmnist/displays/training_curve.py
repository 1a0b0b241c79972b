"""How training went, epoch by epoch."""

from collections.abc import Mapping
from itertools import cycle

import numpy as np
from sklearn.utils.validation import check_is_fitted

# Okabe and Ito's colours, which the colour-blind can tell apart (but for the yellow one, which is
# too pale for a line).
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")


class TrainingCurveDisplay:
    """Loss and validation accuracy of one or several classifiers against the epochs.

    Use :meth:`from_estimator` to make one.

    Parameters
    ----------
    histories : dict of str to DataFrame
        For each name a table such as the fitted attribute ``history_`` (a dict of arrays will
        do): the columns "epoch", "train_loss" and, where rows were held back for validation,
        "validation_loss" and "validation_score".

    Attributes
    ----------
    ax_ : matplotlib Axes
        The panel with the losses.
    axes_ : ndarray of matplotlib Axes
        All panels: the losses, then the accuracy if there was a validation.
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
    well be the larger one.

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
    def from_estimator(cls, estimator, *, ax=None, line_kw=None):
        """Plot the training of fitted classifiers.

        Parameters
        ----------
        estimator : estimator, or dict of str to estimator
            One fitted classifier of skmnist, or several by the names to show.
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
        for one in estimator.values():
            check_is_fitted(one)
            if not hasattr(one, "history_"):
                raise TypeError(
                    f"{type(one).__name__} has no history_, the table of its epochs; a fitted "
                    "classifier of skmnist is wanted."
                )
        histories = {name: one.history_ for name, one in estimator.items()}
        return cls(histories).plot(ax=ax, line_kw=line_kw)

    def plot(self, *, ax=None, line_kw=None):
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of them, default=None
            The first is for the losses, a second for the accuracy. If None, a new figure is
            made.
        line_kw : dict, default=None
            Keyword arguments for the ``plot`` of each curve.

        Returns
        -------
        display : TrainingCurveDisplay
            The object itself, with the attributes of the drawing.
        """
        import matplotlib.pyplot as plt
        from matplotlib.ticker import MaxNLocator

        panels = [self._plot_losses]
        if any("validation_score" in history for history in self.histories.values()):
            panels.append(self._plot_scores)
        if ax is None:
            size = (6.4, 0.6 + 2.7 * len(panels))
            _, ax = plt.subplots(len(panels), sharex=True, figsize=size, layout="constrained")

        self.axes_ = np.ravel(ax)
        self.ax_ = self.axes_[0]
        self.figure_ = self.ax_.figure
        self.lines_ = []
        for axes, panel in zip(self.axes_, panels, strict=False):
            panel(axes, line_kw or {})
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.grid(alpha=0.3)
        self.axes_[min(len(self.axes_), len(panels)) - 1].set_xlabel("Epoch")
        self.ax_.legend()
        return self

    def _plot_losses(self, ax, line_kw):
        self._plot_column(ax, "train_loss", line_kw, suffix=", training")
        self._plot_column(ax, "validation_loss", line_kw, suffix=", validation", linestyle="--")
        ax.set_ylabel("Loss (mean over rows)")

    def _plot_scores(self, ax, line_kw):
        # Dashed in the colours of the losses' legend, which therefore names these lines, too.
        self._plot_column(ax, "validation_score", line_kw, factor=100, linestyle="--")
        ax.set_ylabel("Validation accuracy (%)")

    def _plot_column(self, ax, column, line_kw, *, suffix=", validation", factor=1, linestyle="-"):
        for (name, history), color in zip(self.histories.items(), cycle(_COLORS), strict=False):
            if column not in history:
                continue
            # The points show where the epochs are; a single epoch is nothing else.
            look = {"color": color, "linestyle": linestyle, "marker": "o", "markersize": 3}
            look |= {"label": f"{name}{suffix}"} | line_kw
            values = factor * np.asarray(history[column])
            self.lines_ += ax.plot(history["epoch"], values, **look)
