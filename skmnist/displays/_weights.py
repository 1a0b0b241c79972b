"""Weights of a layer as images."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from skmnist._estimators.base import resolve_image_shape
from skmnist._utils.image_shape import channels_first, is_channels_last, with_channels
from skmnist._utils.messages import invalid_parameter_message, repr_value
from skmnist._utils.validation import check_int, check_real

from ._class_names import class_names
from ._introspection import get_coefs
from ._style import (
    LINE_HEIGHT,
    WIDTH,
    add_colorbar,
    add_inset,
    make_axes,
    shorten,
    text_width,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.image import AxesImage
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

# In inches: the smallest and largest side of an image, the gap between images, the width of the
# color bar with and without its labels.
_MIN_SIDE, _MAX_SIDE, _GAP, _BAR, _BAR_WIDTH = 0.55, 1.6, 0.1, 1.05, 0.14


class WeightsDisplay:
    """Weights of the first layer, or kernels of a convolution, as images.

    All images share one color scale, centered at zero. Use :meth:`from_estimator` to create one.

    Parameters
    ----------
    weights : ndarray of shape (n_units, height, width) or (n_units, channels, height, width)
        Weights of each unit or kernel.
    names : array-like of shape (n_units,), default=None
        Names of the units. If None, they are numbered from 0.
    kind : str, default="units"
        Noun for the title, such as "units" or "kernels".

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that contain all images.
    axes_ : ndarray of matplotlib Axes
        One for each image shown.
    colorbar_ : matplotlib Colorbar
        The color bar.
    figure_ : matplotlib Figure
        The figure that contains the axes.

    See Also
    --------
    FeatureMapsDisplay : Feature maps of an image.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.displays import WeightsDisplay
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = MLPClassifier(max_epochs=2, random_state=0).fit(X, y)
    >>> display = WeightsDisplay.from_estimator(clf, n=16)
    >>> display.weights.shape
    (64, 28, 28)
    >>> display.ax_.get_title()
    'Weights of 64 units: the first 16'
    """

    def __init__(
        self,
        weights: ArrayLike,
        *,
        names: Sequence[Any] | np.ndarray | None = None,
        kind: str = "units",
    ) -> None:
        self.weights = weights
        self.names = names
        self.kind = kind

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        *,
        layer: int = 0,
        image_shape: Literal["auto"] | tuple[int, ...] = "auto",
        display_labels: Sequence[Any] | np.ndarray | None = None,
        n: int = 64,
        ax: Axes | None = None,
        cmap: str | Colormap = "RdBu_r",
        vmax: float | None = None,
    ) -> Self:
        """Plot the weights of a fitted network or linear model.

        Parameters
        ----------
        estimator : estimator
            Any fitted estimator with ``coefs_``, such as the MLPClassifier of skmnist or of
            scikit-learn, or with ``coef_``, such as LogisticRegression.
        layer : int, default=0
            Index of the layer in ``coefs_``. A layer other than the first must be a convolution.
        image_shape : "auto" or tuple, default="auto"
            Shape of one image, (height, width) or (channels, height, width). "auto" is
            ``estimator.image_shape_``. Without this attribute, the image is a square if the number
            of features allows it, otherwise a single row of pixels.
        display_labels : array-like of shape (n_classes,), default=None
            Names of the classes, for networks without a hidden layer. If None,
            ``estimator.classes_``.
        n : int, default=64
            See :meth:`plot`.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        cmap : str or matplotlib Colormap, default="RdBu_r"
            See :meth:`plot`.
        vmax : float, default=None
            See :meth:`plot`.

        Returns
        -------
        display : WeightsDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator has no weights.
        ValueError
            If the layer does not exist, or is neither the first layer nor a convolution.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from sklearn.linear_model import LogisticRegression
        >>> from skmnist.displays import WeightsDisplay
        >>> X, y = load_digits(return_X_y=True)
        >>> clf = LogisticRegression(max_iter=1000).fit(X / 16, y)
        >>> display = WeightsDisplay.from_estimator(clf)
        >>> display.weights.shape
        (10, 8, 8)
        """
        coefs, name = get_coefs(estimator), type(estimator).__name__
        if not 0 <= layer < len(coefs):
            expected = (
                f"an int in the range [0, {len(coefs) - 1}], because {name} has {len(coefs)} "
                "layers with weights"
            )
            raise ValueError(
                invalid_parameter_message("layer", "WeightsDisplay.from_estimator", expected, layer)
            )
        coef = coefs[layer]
        kwargs: dict[str, Any] = {"n": n, "ax": ax, "cmap": cmap, "vmax": vmax}
        if coef.ndim == 4:
            return cls(coef, kind="kernels").plot(**kwargs)
        if layer > 0:
            raise ValueError(
                "The 'layer' parameter of WeightsDisplay.from_estimator must be 0 or the index of "
                f"a convolution. Got {repr_value(layer)} instead; this layer of {name} connects "
                f"{coef.shape[0]:,} units to {coef.shape[1]:,} units, so its weights are not "
                "images."
            )
        fitted = getattr(estimator, "image_shape_", None)
        if isinstance(image_shape, str) and fitted is not None:
            # The weights of a network have the channels first.
            image_shape = with_channels(fitted) if is_channels_last(fitted) else fitted
        shape = resolve_image_shape(image_shape, None, len(coef))
        names = _class_names(estimator, coefs, display_labels)
        kind = "units" if names is None else "classes"
        return cls(channels_first(coef.T, shape), names=names, kind=kind).plot(**kwargs)

    def plot(
        self,
        *,
        n: int = 64,
        ax: Axes | None = None,
        cmap: str | Colormap = "RdBu_r",
        vmax: float | None = None,
    ) -> Self:
        """Plot the first `n` images.

        Parameters
        ----------
        n : int, default=64
            Maximum number of images to show. A unit with several channels has one image for each.
        ax : matplotlib Axes, default=None
            The axes to draw on. Names are left out if they do not fit. If None, a new figure is
            created.
        cmap : str or matplotlib Colormap, default="RdBu_r"
            A diverging colormap; its center is zero.
        vmax : float, default=None
            The color scale ranges from -vmax to vmax. If None, the largest absolute weight shown.

        Returns
        -------
        display : WeightsDisplay
            The display, with the attributes of the plot.

        Raises
        ------
        ValueError
            If `n` or `vmax` is not positive.
        """
        check_int("WeightsDisplay.plot", "n", n, minimum=1)
        check_real("WeightsDisplay.plot", "vmax", vmax, low=0, or_none=True)
        weights = np.asarray(self.weights)
        weights = weights[:, None] if weights.ndim == 3 else weights
        n_channels, height, width = weights.shape[1:]
        images, names = weights.reshape(-1, height, width), self._image_names(n_channels)
        n = min(int(n), len(images))
        max_abs = np.abs(images[:n]).max(initial=0)
        vmax = vmax or max_abs or 1  # if all weights are zero, the scale is -1 to 1

        name_width = max(map(text_width, names[:n]))

        def n_columns(rows: float, max_columns: float) -> int:
            columns = max(1, min(math.ceil(n / max(1, round(rows))), int(max_columns)))
            # Keep the channels of a unit in one row if they fit.
            return columns - columns % n_channels if columns >= n_channels else columns

        columns = n_columns(math.sqrt(n / 2), (WIDTH - _BAR) / (max(_MIN_SIDE, name_width) + _GAP))
        side = min(_MAX_SIDE, (WIDTH - _BAR) / columns - _GAP)
        cell = side * min(max(height / width, 0.1), 2) + LINE_HEIGHT + _GAP
        total_height = max(_MAX_SIDE, math.ceil(n / columns) * cell)
        self.ax_, total_width, total_height = make_axes(
            ax, total_height, self._title(n, n_channels)
        )
        self.figure_ = self.ax_.figure
        if ax is not None:
            columns = n_columns(math.sqrt(n * total_height / max(total_width - _BAR, 0.1)), n)
        image = self._draw_images(
            images[:n], names[:n], columns, total_width - _BAR, total_height, cmap=cmap, vmax=vmax
        )
        bar_height = total_height - LINE_HEIGHT - _GAP - 0.1
        bar = add_inset(self.ax_, total_width - _BAR + _GAP, 0.1, _BAR_WIDTH, bar_height)
        self.colorbar_ = add_colorbar(image, bar, "Weight", extend=max_abs > vmax)
        return self

    def _draw_images(
        self,
        images: np.ndarray,
        names: list[str],
        n_columns: int,
        width: float,
        height: float,
        *,
        cmap: str | Colormap,
        vmax: float,
    ) -> AxesImage:
        """Draw the images in a grid of `width` x `height` inches; return the last one."""
        cell_width, cell_height = width / n_columns, height / math.ceil(len(images) / n_columns)
        has_names = cell_width > max(map(text_width, names)) and cell_height > 3 * LINE_HEIGHT
        self.axes_ = np.empty(len(images), dtype=object)
        for i, name in enumerate(names):
            row, column = divmod(i, n_columns)
            self.axes_[i] = inset = add_inset(
                self.ax_,
                column * cell_width + _GAP / 2,
                height - (row + 1) * cell_height,
                cell_width - _GAP,
                cell_height - _GAP - (LINE_HEIGHT if has_names else 0),
            )
            drawn = inset.imshow(images[i], cmap=cmap, vmin=-vmax, vmax=vmax)
            inset.set_title(name if has_names else "", fontsize="small", pad=2)
            # Draw a frame, because weights near zero have the color of the background.
            inset.set(xticks=[], yticks=[])
            inset.spines[:].set_color("0.7")
        return drawn

    def _image_names(self, n_channels: int) -> list[str]:
        names = range(len(np.asarray(self.weights))) if self.names is None else self.names
        names = [shorten(name) for name in names]
        if n_channels == 1:
            return names
        return [f"{name}, {channel}" for name in names for channel in range(n_channels)]

    def _title(self, n: int, n_channels: int) -> str:
        n_units = len(np.asarray(self.weights))
        total = n_units * n_channels
        if total == 1:
            return "Weights"
        channels = f" × {n_channels} channels" if n_channels > 1 else ""
        selection = f": the first {n:,}" if n < total else ""
        return f"Weights of {n_units:,} {self.kind}{channels}{selection}"


def _class_names(
    estimator: Any, coefs: list[np.ndarray], display_labels: Sequence[Any] | np.ndarray | None
) -> Sequence[Any] | np.ndarray | None:
    """Return the class of each output unit, or None if the units are not classes."""
    classes = getattr(estimator, "classes_", None)
    # The outputs of SVC are pairs of classes.
    if classes is None or len(coefs) > 1 or hasattr(estimator, "dual_coef_"):
        return None
    names = class_names("WeightsDisplay.from_estimator", classes, display_labels)
    # A binary classifier may have a single output, for the second class.
    return names[1:] if coefs[0].shape[1] == 1 and len(classes) == 2 else names
