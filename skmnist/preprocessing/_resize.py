"""Resize the foreground to 28 x 28 pixels, with the methods of MNIST and EMNIST."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Step: TypeAlias = Callable[[np.ndarray], np.ndarray]

_MIN_MNIST_SIDE = 10  # pixels: MNIST pads smaller bounding boxes to this side
_EMNIST_BORDER = 2  # pixels of the 28
_EMNIST_BLUR = 1 / 128  # fraction of the side: EMNIST blurs images of 128 pixels with sigma 1


def area_resample(image: np.ndarray, size: int) -> np.ndarray:
    """Resample a square image by exact area weighting.

    Each source pixel is distributed over the target pixels that it overlaps, in proportion to the
    overlap. Pillow's BOX filter and torch's area interpolation are exact only if one size is a
    multiple of the other.

    Parameters
    ----------
    image : ndarray of shape (side, side)
        The image.
    size : int
        Side of the resampled image, in pixels.

    Returns
    -------
    resampled : ndarray of shape (size, size), float64
        The resampled image.
    """
    side = len(image)
    edges = np.arange(side + 1) * (size / side)
    cells = np.arange(size)[:, None]
    overlap = np.minimum(edges[1:], cells + 1) - np.maximum(edges[:-1], cells)
    weights = np.clip(overlap, 0, None)
    return weights @ image @ weights.T


def _to_uint8(image: np.ndarray, maximum: float = 1.0) -> np.ndarray:
    """Convert an image to uint8, scaled so that its maximum is `maximum` times 255."""
    scale = 255 * maximum / image.max()
    # Round to 9 digits first, so that halves round up in spite of floating-point errors.
    return np.clip(np.floor(np.round(image * scale, 9) + 0.5), 0, 255).astype(np.uint8)


def _crop_to_square(foreground: np.ndarray, min_side: int = 1) -> np.ndarray:
    """Crop the foreground to its bounding box, padded with zeros to a centered square."""
    rows, columns = (np.flatnonzero(foreground.any(axis=axis)) for axis in (1, 0))
    crop = foreground[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = max(*crop.shape, min_side)
    before = [(side - length) // 2 for length in crop.shape]
    padding = [(b, side - length - b) for b, length in zip(before, crop.shape, strict=True)]
    return np.pad(crop, padding)


def crop_like_mnist(foreground: np.ndarray) -> np.ndarray:
    """Crop and resample the foreground to 20 x 20 pixels, as in MNIST."""
    square = _crop_to_square(foreground, _MIN_MNIST_SIDE)
    while len(square) < 20:
        square = square.repeat(2, axis=0).repeat(2, axis=1)
    return _to_uint8(area_resample(square, 20), foreground.max())


def paste_by_center_of_mass(crop: np.ndarray) -> np.ndarray:
    """Paste 20 x 20 pixels into 28 x 28, with their center of mass at pixel 14."""
    mass = crop.astype(np.float64)
    coordinates = np.arange(len(crop)) + 0.5
    center = [coordinates @ mass.sum(axis=1 - axis) / mass.sum() for axis in (0, 1)]
    row, column = (int(15 - c) for c in center)
    # Pad before pasting and crop afterwards, because the crop may extend beyond the border.
    padded = np.pad(np.zeros((28, 28), np.uint8), 20)
    padded[20 + row : 40 + row, 20 + column : 40 + column] = crop
    return padded[20:48, 20:48]


def crop_to_side(foreground: np.ndarray, side: int) -> np.ndarray:
    """Crop the foreground to its square bounding box and resample it to `side` pixels."""
    return area_resample(_crop_to_square(foreground), side)


def crop_bounding_box(foreground: np.ndarray) -> np.ndarray:
    """Crop the foreground to its square bounding box and resample it to 20 x 20 pixels."""
    return _to_uint8(crop_to_side(foreground, 20), foreground.max())


def paste_centered(crop: np.ndarray) -> np.ndarray:
    """Paste 20 x 20 pixels into the center of 28 x 28."""
    return np.pad(crop, 4)


def crop_like_emnist(foreground: np.ndarray) -> np.ndarray:
    """Blur the foreground and resample it to 28 x 28 pixels by bicubic interpolation."""
    square = _crop_to_square(foreground)
    side = len(square)
    border = round(side * _EMNIST_BORDER / (28 - 2 * _EMNIST_BORDER))
    blurred = ndimage.gaussian_filter(np.pad(square, border), max(1.0, side * _EMNIST_BLUR))
    small = Image.fromarray(blurred.astype(np.float32)).resize((28, 28), Image.Resampling.BICUBIC)
    return _to_uint8(np.clip(np.asarray(small, dtype=np.float64), 0, None), foreground.max())


def _identity(crop: np.ndarray) -> np.ndarray:
    return crop


# The two steps of each method: foreground to crop, and crop to 28 x 28 pixels.
METHODS: dict[str, tuple[Step, Step]] = {
    "mnist": (crop_like_mnist, paste_by_center_of_mass),
    "emnist": (crop_like_emnist, _identity),
    "bbox_centered": (crop_bounding_box, paste_centered),
}
