"""Feature maps of an image."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skmnist._utils.validation import check_int

from ._images import as_single_image, pixel_limits, to_imshow
from ._introspection import record_feature_maps
from ._style import (
    LINE_HEIGHT,
    WIDTH,
    add_colorbar,
    add_inset,
    format_count,
    format_shape,
    make_axes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.colors import Colormap
    from matplotlib.image import AxesImage
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

_MAX_COLUMNS = 8
# In inches: the width of a layer's name, the width of its color bar with and without labels, the
# gap between images, the largest side of an image.
_NAME, _BAR, _BAR_WIDTH, _GAP, _MAX_SIDE = 1.1, 0.85, 0.1, 0.06, 0.8


class FeatureMapsDisplay:
    """An image and its feature maps in each convolution of a network.

    The feature maps of a layer share one color scale. Use :meth:`from_estimator` to create one.

    Parameters
    ----------
    image : ndarray of shape (height, width) or (channels, height, width)
        The image.
    feature_maps : list of ndarray of shape (n_maps, height, width)
        Feature maps of each convolution.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that contain all images.
    axes_ : ndarray of matplotlib Axes
        The image, then the feature maps of each layer.
    colorbars_ : list of matplotlib Colorbar
        The color bar of each layer.
    figure_ : matplotlib Figure
        The figure that contains the axes.

    See Also
    --------
    WeightsDisplay : Kernels of a convolution as images.

    Notes
    -----
    The feature maps are the output of the last module before the next convolution or linear layer.
    For :class:`skmnist.CNNClassifier` they are computed after activation and pooling. Functions in
    a custom module, such as ``torch.relu`` instead of ``nn.ReLU``, are not included.

    Examples
    --------
    >>> from skmnist import CNNClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.displays import FeatureMapsDisplay
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = CNNClassifier(channels=(8, 16), max_epochs=1, random_state=0).fit(X, y)
    >>> display = FeatureMapsDisplay.from_estimator(clf, X[0])
    >>> [maps.shape for maps in display.feature_maps]
    [(8, 14, 14), (16, 7, 7)]
    """

    def __init__(self, image: ArrayLike, feature_maps: Sequence[np.ndarray]) -> None:
        self.image = image
        self.feature_maps = feature_maps

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        image: ArrayLike,
        *,
        n: int = 8,
        ax: Axes | None = None,
        cmap: str | Colormap = "viridis",
    ) -> Self:
        """Plot the feature maps of one image in a fitted network.

        Parameters
        ----------
        estimator : estimator
            A fitted :class:`skmnist.CNNClassifier`, or a :class:`skmnist.TorchClassifier` whose
            module has convolutions (``nn.Conv2d``).
        image : array-like or sparse matrix of shape (n_features,), (height, width), \
                (channels, height, width), (height, width, channels), or a batch of one of these
            A single image, in a format that ``predict`` accepts.
        n : int, default=8
            See :meth:`plot`.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        cmap : str or matplotlib Colormap, default="viridis"
            See :meth:`plot`.

        Returns
        -------
        display : FeatureMapsDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator has no convolutions.
        ValueError
            If `image` is not a single image of the size that the estimator was fitted on.
        """
        check_is_fitted(estimator)
        image, X = as_single_image(estimator, image)
        blocks = record_feature_maps(estimator, X) if hasattr(estimator, "module_") else []
        if not blocks:
            raise TypeError(
                f"{type(estimator).__name__} has no convolutions, so there are no feature maps to "
                "show. Pass a CNNClassifier, or a TorchClassifier with nn.Conv2d layers."
            )
        feature_maps = [outputs[-1][1] for _, outputs in blocks]
        return cls(image, feature_maps).plot(n=n, ax=ax, cmap=cmap)

    def plot(self, *, n: int = 8, ax: Axes | None = None, cmap: str | Colormap = "viridis") -> Self:
        """Plot the image and the first `n` feature maps of each layer.

        Parameters
        ----------
        n : int, default=8
            Maximum number of feature maps to show for each layer.
        ax : matplotlib Axes, default=None
            The axes to draw on. If None, a new figure is created.
        cmap : str or matplotlib Colormap, default="viridis"
            Colormap of the feature maps. It is scaled to the values shown of each layer.

        Returns
        -------
        display : FeatureMapsDisplay
            The display, with the attributes of the plot.
        """
        check_int("FeatureMapsDisplay.plot", "n", n, minimum=1)
        shown = [maps[:n] for maps in self.feature_maps]
        columns = min(_MAX_COLUMNS, max(map(len, shown)))
        n_rows = 1 + sum(math.ceil(len(maps) / columns) for maps in shown)
        row_height = min(_MAX_SIDE, (WIDTH - _NAME - _BAR) / columns) + LINE_HEIGHT
        self.ax_, width, height = make_axes(ax, n_rows * row_height)
        self.figure_ = self.ax_.figure
        row_height = height / n_rows
        cell = min((width - _NAME - _BAR) / columns, row_height - LINE_HEIGHT)
        axes: list[Axes] = []
        self.colorbars_: list[Colorbar] = []

        def draw(i: int, image: np.ndarray, **kwargs: Any) -> AxesImage:
            row, column = divmod(i, columns)
            left, bottom = _NAME + column * cell, top - (row + 1) * row_height + _GAP
            size = cell - _GAP, row_height - LINE_HEIGHT - _GAP
            axes.append(add_inset(self.ax_, left, bottom, *size))
            axes[-1].set_axis_off()
            return axes[-1].imshow(image, **kwargs)

        def write(text: str) -> None:
            middle = top - LINE_HEIGHT - (row_height - LINE_HEIGHT) / 2
            kwargs: dict[str, Any] = {"va": "center", "fontsize": "small"}
            x, y = 0.08 / width, middle / height
            self.ax_.text(x, y, text, transform=self.ax_.transAxes, **kwargs)

        top = height
        image = np.asarray(self.image)
        draw(0, to_imshow(image, *pixel_limits(image[None])), cmap="gray_r")
        write(f"image\n{format_shape(image.shape[-2:])}")
        top -= row_height
        for number, (all_maps, maps) in enumerate(zip(self.feature_maps, shown, strict=True), 1):
            for i, feature_map in enumerate(maps):
                drawn = draw(i, feature_map, cmap=cmap, vmin=maps.min(), vmax=maps.max())
                axes[-1].set_title(str(i), fontsize="x-small", pad=2)
            shown_of = f"{len(maps)} of " if len(maps) < len(all_maps) else ""
            total = format_count(len(all_maps), "map")
            write(f"convolution {number}\n{shown_of}{total}\n{format_shape(maps.shape[1:])}")
            bottom = top - row_height * math.ceil(len(maps) / columns)
            left = _NAME + columns * cell + _GAP
            box = left, bottom + _GAP, _BAR_WIDTH, top - bottom - LINE_HEIGHT - _GAP
            colorbar = add_colorbar(drawn, add_inset(self.ax_, *box), "Activation")
            self.colorbars_.append(colorbar)
            top = bottom
        self.axes_ = np.array(axes)
        return self
