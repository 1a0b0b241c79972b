"""Which parts of an image speak for a class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from skmnist._utils.validation import check_real

from ._attributions import LABELS, Options, explain
from ._class_names import class_names
from ._images import pixel_limits, to_imshow
from ._style import (
    LINE_HEIGHT,
    add_colorbar,
    add_inset,
    make_axes,
    shorten_to_width,
    text_width,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.colors import Colormap
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

# In inches: the side of an image, the gap between images, the color bar with its labels and
# without them.
_SIDE, _GAP, _BAR, _BAR_WIDTH = 1.7, 0.1, 1.0, 0.14
# The image is a pale gray below the colors, whose opacity is at most _MAX_OPACITY.
_IMAGE_CONTRAST, _MAX_OPACITY = 0.45, 0.85


class ExplanationDisplay:
    """An image and which of its parts speak for a class and for another one.

    Red parts speak for the class, blue parts against it. Both maps share one color scale, centered
    at zero, and are drawn on the image. Use :meth:`from_estimator` to create one.

    Parameters
    ----------
    image : ndarray of shape (height, width) or (channels, height, width)
        The image.
    attributions : ndarray of shape (2, height, width)
        How much each pixel speaks for each of the two classes.
    display_labels : array-like of shape (2,)
        Names of the two classes.
    proba : array-like of shape (2,), default=None
        Predicted probabilities of the two classes.
    method : str, default="occlusion"
        Name of the method, which determines the label of the color bar.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that contain all images.
    axes_ : ndarray of matplotlib Axes
        The axes of the image and of the two maps.
    colorbar_ : matplotlib Colorbar
        The color bar.
    figure_ : matplotlib Figure
        The figure that contains the axes.

    See Also
    --------
    PredictionDisplay : Predicted probabilities of an image.
    FeatureMapsDisplay : Feature maps of an image in a network.

    Notes
    -----
    What the value of a pixel is, for each of the methods:

    - "occlusion" [1]_: a square of blank pixels is moved over the image. The value of a pixel is
      the mean drop of the class's probability over all positions of the square that cover it.
    - "gradient" [2]_: the derivative of the class's logit with respect to the pixel, in units of
      the network's inputs (pixels of 0 to 255 are divided by 255).
    - "integrated_gradients" [3]_: the gradient, averaged along the straight line from a blank image
      to the image, times the difference of the two images. The values sum to the difference of the
      logits of the two images.
    - "grad_cam" [4]_: the feature maps of a convolution, weighted by the mean gradients of the
      logit and enlarged to the size of the image. Negative values are kept.

    The logit is that of ``decision_function``, before the translations of `test_time_augment`. The
    attributions of the channels of a color image are summed.

    An explanation shows what the classifier reacts to, not whether it is right to do so. Methods
    differ: compare two of them before you rely on a detail.

    References
    ----------
    .. [1] M. Zeiler, R. Fergus, "Visualizing and understanding convolutional networks", ECCV 2014.
    .. [2] K. Simonyan, A. Vedaldi, A. Zisserman, "Deep inside convolutional networks: visualising
       image classification models and saliency maps", ICLR workshop 2014.
    .. [3] M. Sundararajan, A. Taly, Q. Yan, "Axiomatic attribution for deep networks", ICML 2017.
    .. [4] R. Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based
       localization", ICCV 2017.

    Examples
    --------
    >>> from skmnist import CNNClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.displays import ExplanationDisplay
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = CNNClassifier(channels=(8, 16), max_epochs=2, random_state=0).fit(X, y)
    >>> display = ExplanationDisplay.from_estimator(clf, X[700], method="integrated_gradients")
    >>> display.attributions.shape
    (2, 28, 28)
    """

    def __init__(
        self,
        image: ArrayLike,
        attributions: ArrayLike,
        display_labels: Sequence[Any] | np.ndarray,
        *,
        proba: ArrayLike | None = None,
        method: str = "occlusion",
    ) -> None:
        self.image = image
        self.attributions = attributions
        self.display_labels = display_labels
        self.proba = proba
        self.method = method

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        image: ArrayLike,
        method: Literal["occlusion", "gradient", "integrated_gradients", "grad_cam"] = "occlusion",
        target: Any = None,
        against: Any = None,
        *,
        baseline: float = 0,
        window: int | None = None,
        layer: int = -1,
        display_labels: Sequence[Any] | np.ndarray | None = None,
        ax: Axes | None = None,
        cmap: str | Colormap = "RdBu_r",
        vmax: float | None = None,
    ) -> Self:
        """Explain the prediction of a fitted classifier for one image.

        Parameters
        ----------
        estimator : estimator
            Any fitted classifier with ``predict_proba`` for "occlusion". The other methods need a
            network of skmnist.
        image : array-like or sparse matrix of shape (n_features,), (height, width), \
                (channels, height, width), (height, width, channels), or a batch of one of these
            A single image, in a format that ``predict`` accepts.
        method : {"occlusion", "gradient", "integrated_gradients", "grad_cam"}, default="occlusion"
            The method. See Notes of the class.
        target : object, default=None
            The class to explain. If None, the predicted class.
        against : object, default=None
            The other class. If None, the most probable class besides `target`.
        baseline : float, default=0
            Value of a blank pixel, in the units of `image`: what the hidden square is filled with
            by "occlusion", and the image that "integrated_gradients" starts from. 0 is the
            background of MNIST's digits.
        window : int, default=None
            Side of the hidden square of "occlusion", in pixels. If None, a seventh of the shorter
            side of the image: 4 for 28 x 28 pixels.
        layer : int, default=-1
            Index of the convolution whose feature maps "grad_cam" uses. The maps of the last one
            are coarse; 0 is the first convolution.
        display_labels : array-like of shape (n_classes,), default=None
            Names of the classes, in the order of ``estimator.classes_``. If None,
            ``estimator.classes_``.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        cmap : str or matplotlib Colormap, default="RdBu_r"
            See :meth:`plot`.
        vmax : float, default=None
            See :meth:`plot`.

        Returns
        -------
        display : ExplanationDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator has no ``predict_proba``, is not a network of skmnist although `method`
            needs gradients, or has no convolutions although `method` is "grad_cam".
        ValueError
            If `image` is not a single image of the size that the estimator was fitted on, `target`
            or `against` is not one of its classes, both are the same, or an option is invalid.
        """
        options = Options(baseline=baseline, window=window, layer=layer)
        found = explain(estimator, image, method, target, against, options)
        owner = "ExplanationDisplay.from_estimator"
        names = class_names(owner, estimator.classes_, display_labels)
        display = cls(
            found.image,
            found.attributions,
            names[found.classes],
            proba=found.proba,
            method=method,
        )
        return display.plot(ax=ax, cmap=cmap, vmax=vmax)

    def plot(
        self,
        *,
        ax: Axes | None = None,
        cmap: str | Colormap = "RdBu_r",
        vmax: float | None = None,
    ) -> Self:
        """Plot the image and the two maps.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. If None, a new figure is created.
        cmap : str or matplotlib Colormap, default="RdBu_r"
            A diverging colormap; its center is zero.
        vmax : float, default=None
            The color scale ranges from -vmax to vmax. If None, the largest absolute value.

        Returns
        -------
        display : ExplanationDisplay
            The display, with the attributes of the plot.

        Raises
        ------
        ValueError
            If `vmax` is not positive.
        """
        check_real("ExplanationDisplay.plot", "vmax", vmax, low=0, or_none=True)
        image, attributions = np.asarray(self.image), np.asarray(self.attributions)
        max_abs = float(np.abs(attributions).max(initial=0))
        vmax = vmax or max_abs or 1.0  # if all values are zero, the scale is -1 to 1
        self.ax_, width, height = make_axes(ax, _SIDE + 2 * LINE_HEIGHT + 2 * _GAP)
        self.figure_ = self.ax_.figure
        cell = (width - _BAR - _GAP) / 3
        side = min(cell - _GAP, height - 2 * LINE_HEIGHT - 2 * _GAP)
        shown = [to_imshow(image, *pixel_limits(image[None]))]
        shown += [overlay(image, one / vmax, cmap) for one in attributions]
        self.axes_ = np.empty(3, dtype=object)
        for i, (one, title) in enumerate(zip(shown, self._titles(side - 2 * _GAP), strict=True)):
            left = _GAP + i * cell + (cell - side) / 2
            self.axes_[i] = inset = add_inset(self.ax_, left, _GAP, side, side)
            inset.imshow(one, cmap="gray_r")
            inset.set_title(title, fontsize="small")
            # A frame, because the background of most images is white.
            inset.set(xticks=[], yticks=[])
            inset.spines[:].set_color("0.7")
        self.colorbar_ = self._draw_colorbar(
            add_inset(self.ax_, width - _BAR + _GAP, _GAP, _BAR_WIDTH, side), cmap, vmax
        )
        return self

    def _draw_colorbar(self, ax: Axes, cmap: str | Colormap, vmax: float) -> Colorbar:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        scale: Any = ScalarMappable(Normalize(-vmax, vmax), cmap)
        max_abs = np.abs(np.asarray(self.attributions)).max(initial=0)
        colorbar = add_colorbar(scale, ax, LABELS[self.method], extend=bool(max_abs > vmax))
        # Small values as 1e-05 instead of many zeros.
        formatter: Any = colorbar.formatter
        formatter.set_powerlimits((-2, 3))
        colorbar.ax.yaxis.get_offset_text().set_fontsize("small")
        colorbar.update_ticks()
        return colorbar

    def _titles(self, width: float) -> list[str]:
        """Return the titles of the three images; each is at most `width` inches wide."""
        ends = ["", ""]
        if self.proba is not None:
            ends = [f" ({p:.1%})" for p in np.asarray(self.proba, dtype=float).tolist()]
        titles = ["image"]
        for label, end in zip(self.display_labels, ends, strict=True):
            name = shorten_to_width(label, width - text_width(f"for {end}"))
            titles.append(f"what speaks\nfor {name}{end}")
        return titles


def overlay(image: np.ndarray, attribution: np.ndarray, cmap: str | Colormap) -> np.ndarray:
    """Return an attribution on top of its image, as RGB.

    Parameters
    ----------
    image : ndarray of shape (height, width) or (channels, height, width)
        The image, with any range of values.
    attribution : ndarray of shape (height, width)
        The attribution, scaled to [-1, 1]; larger values are clipped.
    cmap : str or matplotlib Colormap
        A diverging colormap.

    Returns
    -------
    ndarray of shape (height, width, 3)
        Values from 0 to 1.
    """
    from matplotlib import colormaps

    gray = to_imshow(image, *pixel_limits(image[None]))
    # Bright pixels are dark, as in the other displays, but a color image stays as it is.
    pale = 1 - _IMAGE_CONTRAST * (1 - gray[..., :3] if gray.ndim == 3 else gray[..., None])
    attribution = attribution.clip(-1, 1)
    colors = colormaps.get_cmap(cmap)((attribution + 1) / 2)[..., :3]
    opacity = _MAX_OPACITY * np.sqrt(np.abs(attribution))[..., None]
    return pale * (1 - opacity) + colors * opacity
