"""From clean ink to the small picture: what the makers of MNIST and of EMNIST did."""

import numpy as np
from PIL import Image
from scipy import ndimage

_SMALLEST_BOX = 10  # pixels: below, the makers of MNIST took the box as if it were so large
_EMNIST_BORDER = 2  # of 28 pixels
_EMNIST_BLUR = 1 / 128  # of the side: EMNIST blurred pictures of 128 pixels by one


def area_resample(image, size):
    """Return a square image resampled by exact area weighting.

    Each source pixel is spread over the target pixels that it overlaps, in proportion to the
    overlap. Neither Pillow's BOX filter nor torch's area interpolation does that where the sizes
    aren't multiples.

    Parameters
    ----------
    image : ndarray of shape (side, side)
    size : int
        Side of the result.

    Returns
    -------
    resampled : ndarray of shape (size, size), float64
    """
    side = len(image)
    edges = np.arange(side + 1) * (size / side)
    cells = np.arange(size)[:, None]
    overlap = np.minimum(edges[1:], cells + 1) - np.maximum(edges[:-1], cells)
    weights = np.clip(overlap, 0, None)
    return weights @ image @ weights.T


def to_bytes(image, top=1.0):
    """Return the image as uint8, scaled so that its maximum is `top` of 255."""
    scale = 255 * top / image.max()
    # Rounding errors of the sums must not decide what a half is rounded to.
    return np.clip(np.floor(np.round(image * scale, 9) + 0.5), 0, 255).astype(np.uint8)


def square_box(ink, least=1):
    """Return the bounding box of the ink, the shorter side grown around its centre with zeros."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = max(*box.shape, least)
    before = [(side - length) // 2 for length in box.shape]
    pads = [(b, side - length - b) for b, length in zip(before, box.shape, strict=True)]
    return np.pad(box, pads)


def mnist_box(ink):
    """Return the ink as 20 x 20 bytes, in the way of MNIST."""
    box = square_box(ink, _SMALLEST_BOX)
    while len(box) < 20:
        box = box.repeat(2, axis=0).repeat(2, axis=1)
    return to_bytes(area_resample(box, 20), ink.max())


def centre_of_mass(box):
    """Return the 20 x 20 bytes pasted into 28 x 28, their centre of mass in pixel 14."""
    mass = box.astype(np.float64)
    at = np.arange(len(box)) + 0.5
    centre = [at @ mass.sum(axis=1 - axis) / mass.sum() for axis in (0, 1)]
    row, column = (int(15 - c) for c in centre)
    # Room on all sides, cut off again: the patch may be cut at the border.
    room = np.pad(np.zeros((28, 28), np.uint8), 20)
    room[20 + row : 40 + row, 20 + column : 40 + column] = box
    return room[20:48, 20:48]


def bbox(ink):
    """Return the ink's box as 20 x 20 bytes."""
    return to_bytes(area_resample(square_box(ink), 20), ink.max())


def centre(box):
    """Return the 20 x 20 bytes in the middle of 28 x 28."""
    return np.pad(box, 4)


def emnist_box(ink):
    """Return the ink as 24 x 24 bytes, in the way of EMNIST: blurred, then bicubic."""
    box = square_box(ink)
    side = len(box)
    border = round(side * _EMNIST_BORDER / (28 - 2 * _EMNIST_BORDER))
    box = ndimage.gaussian_filter(np.pad(box, border), max(1.0, side * _EMNIST_BLUR))
    small = Image.fromarray(box.astype(np.float32)).resize((28, 28), Image.Resampling.BICUBIC)
    return to_bytes(np.clip(np.asarray(small, dtype=np.float64), 0, None), ink.max())


# The ways to the small picture: ink -> box, box -> 28 x 28.
METHODS = {
    "mnist": (mnist_box, centre_of_mass),
    "emnist": (emnist_box, lambda box: box),
    "bbox_centered": (bbox, centre),
}
