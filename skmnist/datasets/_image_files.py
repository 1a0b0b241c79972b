"""Read image files as arrays of one size, in gray or in color."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from skmnist.exceptions import DatasetError, ImageError
from skmnist.preprocessing._plain_image import read_plain_image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
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
    sizes: dict[tuple[int, ...], Path] = {}

    def read(file: Path) -> np.ndarray:
        image = read_plain_image(file, size, color=keep)
        sizes.setdefault(image.shape[:2], file)
        if len(sizes) > 1:  # the other images, which may be large, are not read
            raise _sizes_error(path, sizes)
        return image

    return arrange_colors(np.stack(for_each_file(files, read)), color)


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


def _sizes_error(path: Path, sizes: Mapping[tuple[int, ...], Path]) -> DatasetError:
    """Return an error for images of several sizes, each with an example."""
    examples = " and ".join(
        f"{height} x {width} ({file.name})" for (height, width), file in sizes.items()
    )
    return DatasetError(
        f"{path}: Expected images of one size (height x width), got {examples}. Pass "
        "size=(height, width) to resize them, or normalizer=DigitNormalizer() to convert photos of "
        "digits to MNIST's format."
    )
