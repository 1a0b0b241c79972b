"""Check pixels and store them in the smallest suitable type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXPECTED_PIXELS = (
    "pixels must be integers from 0 to 255, or floats from -1 to 1 or from 0 to 255. To "
    "standardize images, load the original pixels and use PixelStandardizer in a pipeline"
)


class InvalidPixelError(ValueError):
    """A pixel is not finite or out of range.

    Attributes
    ----------
    sample : int
        Index of the sample.
    pixel : int
        Index of the pixel in the flattened image.
    value : object
        Value of the pixel.
    """

    def __init__(self, sample: int, pixel: int, value: object) -> None:
        super().__init__(f"got {value}, but {EXPECTED_PIXELS}")
        self.sample, self.pixel, self.value = sample, pixel, value


def compact_pixels(pixels: np.ndarray) -> NDArray[np.uint8 | np.float32]:
    """Return the pixels as uint8 if that changes no value, else as float32.

    Parameters
    ----------
    pixels : ndarray of shape (n_samples, n_pixels)
        Booleans or numbers.

    Raises
    ------
    InvalidPixelError
        If a pixel is NaN or infinite, or is outside the range of pixels: 0 to 255 for integers,
        -1 to 1 or 0 to 255 for floats.
    """
    if pixels.dtype in (np.dtype(bool), np.dtype(np.uint8)):
        return pixels.astype(np.uint8, copy=False)
    if not pixels.size:
        return pixels.astype(np.uint8)
    low, high = pixels.min(), pixels.max()
    if low >= 0 and high <= 255:
        small = pixels.astype(np.uint8)
        if pixels.dtype.kind in "iu" or np.array_equal(small, pixels):
            return small
        return pixels.astype(np.float32)
    is_float = pixels.dtype.kind == "f" and not np.array_equal(np.rint(pixels), pixels)
    if is_float and low >= -1 and high <= 1:
        return pixels.astype(np.float32)
    # NaN is neither smaller nor larger than a bound.
    minimum = -1 if is_float and high <= 1 else 0
    valid = (pixels >= minimum) & (pixels <= 255)
    sample, pixel = divmod(int(np.argmin(valid)), pixels.shape[1])
    raise InvalidPixelError(sample, pixel, pixels[sample, pixel])


def check_same_range(pixels: NDArray[np.uint8 | np.float32]) -> None:
    """Raise an InvalidPixelError if parts of the pixels are from -1 to 1, others larger than 1.

    For images whose parts were checked on their own by :func:`compact_pixels`.
    """
    if pixels.dtype == np.float32 and pixels.size and pixels.min() < 0 and pixels.max() > 1:
        sample, pixel = divmod(int(np.argmax(pixels < 0)), pixels.shape[1])
        raise InvalidPixelError(sample, pixel, pixels[sample, pixel])


def join_pixels(
    parts: list[NDArray[np.uint8 | np.float32]],
) -> NDArray[np.uint8 | np.float32]:
    """Concatenate the pixels of several parts, in the type that represents all of them.

    Parameters
    ----------
    parts : list of ndarray of shape (n_samples, n_pixels)
        The list is emptied, so that the parts and the result are not in memory together.
    """
    n_samples = sum(map(len, parts))
    dtype = np.result_type(*(part.dtype for part in parts))
    pixels = np.empty((n_samples, parts[0].shape[1]), dtype=dtype)
    while parts:
        part = parts.pop()
        pixels[n_samples - len(part) : n_samples] = part
        n_samples -= len(part)
    check_same_range(pixels)
    return pixels
