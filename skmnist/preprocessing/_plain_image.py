"""Read an image without the preprocessing of digits: only its size and its colors are changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ._image_io import read_color_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._image_io import ImageLike

# Before the filter, Pillow may reduce the image to this multiple of the size, which is fast.
_REDUCING_GAP = 3.0


def read_plain_image(
    image: ImageLike, size: tuple[int, int] | None, *, color: bool
) -> NDArray[np.uint8]:
    """Read an image, and resize it.

    Parameters
    ----------
    image : str, path-like, binary file, PIL Image, array-like or tensor
        The image. See :func:`read_image`.
    size : tuple (height, width) or None
        The size to which the image is resized, without keeping the aspect ratio. If None, it is
        not resized.
    color : bool
        Whether to keep the colors; otherwise the luminance is returned.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3) or (height, width), uint8
        Values from 0 to 255.

    Raises
    ------
    ImageError
        If the image cannot be read, is an animation, or has more than 64 million pixels.
    """
    min_side = None if size is None else max(size)
    pixels = read_color_image(image, min_side=min_side)
    if size is not None and pixels.size != size[::-1]:
        bilinear = Image.Resampling.BILINEAR
        pixels = pixels.resize(size[::-1], bilinear, reducing_gap=_REDUCING_GAP)
    return np.asarray(pixels if color else pixels.convert("L"))
