"""Read image files as arrays of one size, in gray or in color."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from skmnist.exceptions import DatasetError, ImageError
from skmnist.preprocessing._plain_image import read_plain_image

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def read_image_files(
    path: Path,
    files: Sequence[Path],
    size: tuple[int, int] | None,
    color: Literal["auto"] | bool,
) -> np.ndarray:
    """Read image files as they are, without the preprocessing of digits.

    Parameters
    ----------
    path : Path
        The folder, for error messages.
    files : sequence of Path
        The image files.
    size : tuple (height, width) or None
        The size that the images are resized to. If None, all must have the same size.
    color : "auto" or bool
        Whether to keep the colors. "auto": if at least one image has colors.

    Returns
    -------
    images : ndarray of shape (n_samples, height, width) or (n_samples, 3, height, width), uint8

    Raises
    ------
    DatasetError
        If images cannot be read, which are listed, or their sizes differ and `size` is None.
    """
    keep = color is not False  # whether there are colors is only known after all files are read
    images = for_each_file(files, lambda file: read_plain_image(file, size, color=keep))
    if size is None:
        _check_same_size(path, files, images)
    return arrange_colors(np.stack(images), color)


def arrange_colors(pixels: np.ndarray, color: Literal["auto"] | bool) -> np.ndarray:
    """Return images with their channels first, or without channels if they are gray.

    Parameters
    ----------
    pixels : ndarray of shape (n_samples, height, width, 3) or (n_samples, height, width)
        Red, green and blue; without the channels if `color` is False.
    color : "auto" or bool
        Whether to keep the colors. "auto": if at least one image has colors.
    """
    if color is False:
        return pixels
    if color is True or _has_color(pixels):
        return np.ascontiguousarray(np.moveaxis(pixels, -1, 1))
    return np.ascontiguousarray(pixels[..., 0])


def for_each_file(files: Sequence[Path], function: Callable[[Path], Any]) -> list[Any]:
    """Return ``[function(file) for file in files]``, or list all files with an ImageError.

    Raises
    ------
    DatasetError
        If the function raised an ImageError for a file.
    """
    results, problems = [], []
    for file in files:
        try:
            results.append(function(file))
        except ImageError as error:
            problems.append(str(error))
    if problems:
        title = f"{len(problems)} of {len(files)} images cannot be used:"
        raise DatasetError("\n".join([title, *problems]))
    return results


def _has_color(pixels: np.ndarray) -> bool:
    """Return whether red, green and blue differ in at least one pixel."""
    return any((image != image[..., :1]).any() for image in pixels)


def _check_same_size(path: Path, files: Sequence[Path], images: Sequence[np.ndarray]) -> None:
    """Raise a DatasetError if the images have different sizes."""
    sizes = Counter(image.shape[:2] for image in images)
    if len(sizes) == 1:
        return
    first = dict(zip((image.shape[:2] for image in images[::-1]), files[::-1], strict=True))
    examples = [
        f"{height} x {width} ({first[height, width].name})"
        for (height, width), _ in sizes.most_common(2)
    ]
    raise DatasetError(
        f"{path}: Expected images of one size, got {len(sizes)} sizes (height x width), such as "
        f"{' and '.join(examples)}. Pass size=(height, width) to resize them, or "
        "normalizer=DigitNormalizer() to convert photos of digits to MNIST's format."
    )
