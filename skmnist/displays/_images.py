"""Convert images to arrays that matplotlib can draw."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import scipy.sparse

from skmnist._estimators.base import resolve_image_shape
from skmnist._utils.image_shape import channels_first

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLOR_CHANNELS = (3, 4)  # RGB and RGBA; other numbers of channels are drawn as their mean


def resolve_shape(X: np.ndarray, image_shape: Literal["auto"] | Sequence[int]) -> tuple[int, ...]:
    """Return the shape of one image of X, as in the parameter `image_shape` of a classifier."""
    input_shape = X.shape[1:] if X.ndim > 2 else None
    return resolve_image_shape(image_shape, input_shape, math.prod(X.shape[1:]))


def as_images(X: Any, image_shape: Literal["auto"] | Sequence[int] = "auto") -> np.ndarray:
    """Return X as (n_samples, height, width) or (n_samples, channels, height, width)."""
    X = _as_array(X)
    return channels_first(X, resolve_shape(X, image_shape))


def as_single_image(estimator: Any, image: Any) -> tuple[np.ndarray, Any]:
    """Return an image as (height, width) or (channels, height, width), and as X for `predict`.

    Parameters
    ----------
    estimator : estimator
        The fitted classifier that will predict the image.
    image : array-like or sparse matrix of shape (n_features,), (height, width), \
            (channels, height, width), (height, width, channels), or a batch of one of these
    """
    pixels = _as_array(image)
    n_features = getattr(estimator, "n_features_in_", pixels.size)
    if pixels.size != n_features:
        raise ValueError(
            f"The image has {pixels.size:,} pixels (shape {pixels.shape}), but "
            f"{type(estimator).__name__} was fitted on images of {n_features:,} pixels. Pass a "
            "single image, such as X[0]."
        )
    input_shape = pixels.shape[1:] if pixels.ndim > 1 and len(pixels) == 1 else pixels.shape
    shape = resolve_image_shape(
        getattr(estimator, "image_shape_", "auto"),
        input_shape if len(input_shape) > 1 else None,
        n_features,
    )
    if hasattr(image, "to_frame"):  # a Series: keep the feature names for `predict`
        image = image.to_frame().T
    X = image if hasattr(image, "columns") else pixels.reshape(1, -1)
    return channels_first(pixels.reshape(1, -1), shape)[0], X


def pixel_limits(images: np.ndarray) -> tuple[float, float]:
    """Return the pixel values of black and white, for :func:`to_imshow`.

    Parameters
    ----------
    images : ndarray of shape (n_samples, height, width) or (n_samples, channels, height, width)
        The images. The range of color images is not stretched, because that would change
        their colors: it is 0 to 255 for integers and 0 to 1 for floats, if it contains them.
    """
    low, high = float(images.min(initial=0)), float(images.max(initial=0))
    maximum = 255 if images.dtype.kind in "iu" and high > 1 else 1
    if images.ndim == 4 and images.shape[1] in _COLOR_CHANNELS and 0 <= low <= high <= maximum:
        return 0.0, float(maximum)
    return (float(images.min()), float(images.max())) if images.size else (0.0, 1.0)


def to_imshow(image: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return an image scaled to [0, 1], as (height, width) or (height, width, 3 or 4)."""
    image = (image.astype(float) - low) / max(high - low, 1e-12)
    if image.ndim == 2:
        return image
    return np.moveaxis(image, 0, -1) if len(image) in _COLOR_CHANNELS else image.mean(axis=0)


def _as_array(X: Any) -> np.ndarray:
    if scipy.sparse.issparse(X):
        X = X.toarray()
    return np.asarray(X.detach().cpu() if hasattr(X, "detach") else X)
