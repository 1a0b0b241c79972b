"""Predicted probabilities of one image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skmnist._utils.messages import invalid_parameter_message
from skmnist._utils.validation import check_int

from ._class_names import class_names
from ._images import as_single_image, pixel_limits, to_imshow
from ._style import (
    COLORS,
    LINE_HEIGHT,
    add_inset,
    make_axes,
    shorten_to_width,
    text_width,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

# In inches: the height of a bar; the minimum height of the plot; the width of the image; the width
# of the y axis without class names; the margins above and below the bars; the minimum width of the
# bars with their numbers.
_BAR, _MIN_HEIGHT, _IMAGE, _AXIS, _ABOVE, _BELOW, _MIN_BARS = 0.24, 2.2, 2.4, 0.4, 0.1, 0.5, 2.0


class PredictionDisplay:
    """An image and the predicted probability of each class.

    Use :meth:`from_estimator` to create one.

    Parameters
    ----------
    image : ndarray of shape (height, width) or (channels, height, width)
        The image.
    proba : ndarray of shape (n_classes,)
        Predicted probability of each class.
    display_labels : array-like of shape (n_classes,), default=None
        Names of the classes. If None, they are numbered from 0.
    true_class : int, default=None
        Index of the true class in `proba`, if known.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that contain the image and the bars.
    axes_ : ndarray of matplotlib Axes
        The axes of the image and the axes of the bars.
    bars_ : matplotlib BarContainer
        The bars, from the top.
    figure_ : matplotlib Figure
        The figure that contains the axes.

    See Also
    --------
    MisclassifiedDisplay : Misclassified images.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.displays import PredictionDisplay
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = MLPClassifier(max_epochs=3, random_state=0).fit(X, y)
    >>> display = PredictionDisplay.from_estimator(clf, X[0], y_true=y[0])
    >>> len(display.bars_)
    10
    """

    def __init__(
        self,
        image: ArrayLike,
        proba: ArrayLike,
        *,
        display_labels: Sequence[Any] | np.ndarray | None = None,
        true_class: int | None = None,
    ) -> None:
        self.image = image
        self.proba = proba
        self.display_labels = display_labels
        self.true_class = true_class

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        image: ArrayLike,
        *,
        y_true: Any = None,
        display_labels: Sequence[Any] | np.ndarray | None = None,
        n: int = 10,
        ax: Axes | None = None,
        cmap: str | Colormap = "gray_r",
    ) -> Self:
        """Plot the prediction of a fitted classifier for one image.

        Parameters
        ----------
        estimator : estimator
            Any fitted classifier with ``predict_proba``.
        image : array-like or sparse matrix of shape (n_features,), (height, width), \
                (channels, height, width), (height, width, channels), or a batch of one of these
            A single image, in a format that ``predict`` accepts.
        y_true : object, default=None
            True label of the image, which is marked.
        display_labels : array-like of shape (n_classes,), default=None
            Names of the classes, in the order of ``estimator.classes_``. If None,
            ``estimator.classes_``.
        n : int, default=10
            See :meth:`plot`.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        cmap : str or matplotlib Colormap, default="gray_r"
            See :meth:`plot`.

        Returns
        -------
        display : PredictionDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `image` is not a single image of the size that the estimator was fitted on, or
            `y_true` is not one of its classes.
        """
        check_is_fitted(estimator)
        image, X = as_single_image(estimator, image)
        classes = estimator.classes_
        owner = "PredictionDisplay.from_estimator"
        true_class = None
        if y_true is not None:
            (matches,) = np.nonzero(classes == np.ravel(y_true)[0])
            if not len(matches):
                expected = f"one of the classes {classes.tolist()}"
                raise ValueError(invalid_parameter_message("y_true", owner, expected, y_true))
            true_class = int(matches[0])
        labels = class_names(owner, classes, display_labels)
        proba = estimator.predict_proba(X)[0]
        display = cls(image, proba, display_labels=labels, true_class=true_class)
        return display.plot(n=n, ax=ax, cmap=cmap)

    def plot(self, *, n: int = 10, ax: Axes | None = None, cmap: str | Colormap = "gray_r") -> Self:
        """Plot the image and a bar for each class.

        Parameters
        ----------
        n : int, default=10
            Maximum number of bars. If there are more classes, the most probable ones and the true
            one are shown, sorted by probability.
        ax : matplotlib Axes, default=None
            The axes to draw on. If None, a new figure is created.
        cmap : str or matplotlib Colormap, default="gray_r"
            Colormap of images with one channel. By default, 0 is white.

        Returns
        -------
        display : PredictionDisplay
            The display, with the attributes of the plot.
        """
        check_int("PredictionDisplay.plot", "n", n, minimum=1)
        proba, image = np.asarray(self.proba), np.asarray(self.image)
        names = range(len(proba)) if self.display_labels is None else self.display_labels
        names = [str(name) for name in names]
        shown = self._classes_to_show(n)
        height = max(_MIN_HEIGHT, _BAR * len(shown) + _ABOVE + _BELOW)
        self.ax_, width, height = make_axes(ax, height)
        self.figure_ = self.ax_.figure

        side = min(_IMAGE - 0.3, height - 2 * LINE_HEIGHT - 0.2)
        top = height - 2 * LINE_HEIGHT - 0.1
        image_ax = add_inset(self.ax_, 0.15, top - side, _IMAGE - 0.3, side)
        image_ax.imshow(to_imshow(image, *pixel_limits(image[None])), cmap=cmap)
        image_ax.set_axis_off()
        image_ax.set_title(self._describe(names), fontsize="small")

        label_width = max(0.4, width - _IMAGE - _AXIS - _MIN_BARS)
        labels = [shorten_to_width(names[i], label_width) for i in shown]
        left = _IMAGE + max(map(text_width, labels)) + _AXIS
        bar_ax = add_inset(self.ax_, left, _BELOW, width - left - 0.1, height - _ABOVE - _BELOW)
        self._plot_bars(bar_ax, 100 * proba[shown], labels, shown, width - left - 0.1)
        self.axes_ = np.array([image_ax, bar_ax])
        return self

    def _plot_bars(
        self, ax: Axes, percent: np.ndarray, labels: list[str], shown: list[int], width: float
    ) -> None:
        positions = np.arange(len(shown))
        self.bars_ = ax.barh(positions, percent, color=COLORS[0], height=0.7)
        marks = ["(true)" if i == self.true_class else "" for i in shown]
        texts = [f"{p:.1f}% {mark}" for p, mark in zip(percent, marks, strict=True)]
        ax.bar_label(self.bars_, texts, padding=3, fontsize="small")
        ax.set_yticks(positions, labels, fontsize="small")
        # The first bar is at the top. The height of a bar is at most that of five bars.
        middle, half = (len(shown) - 1) / 2, max(len(shown), 5) / 2
        ax.set_ylim(middle + half, middle - half)
        ax.set_ylabel("Class", fontsize="small")
        # Leave space for the numbers to the right of 100%.
        ax.set_xlim(0, 100 * width / max(width - text_width("100.0% (true) "), 0.5))
        ax.set_xticks([0, 50, 100])
        ax.tick_params(labelsize="small")
        ax.set_xlabel("Probability (%)", fontsize="small")
        ax.spines[["top", "right"]].set_visible(False)

    def _classes_to_show(self, n: int) -> list[int]:
        """Return the indices of the classes to show, from the top."""
        proba = np.asarray(self.proba)
        if len(proba) <= n:
            return list(range(len(proba)))
        order = np.argsort(-proba, kind="stable").tolist()
        shown = order[:n]
        if self.true_class is not None and self.true_class not in shown:
            shown[-1] = self.true_class
        return shown

    def _describe(self, names: Sequence[str]) -> str:
        proba = np.asarray(self.proba)
        lines = [] if self.true_class is None else [("true", self.true_class)]
        lines.append(("predicted", int(np.argmax(proba))))
        width = _IMAGE - 0.2 - text_width("predicted : 100.0%")
        return "\n".join(
            f"{word} {shorten_to_width(names[i], width)}: {proba[i]:.1%}" for word, i in lines
        )
