"""Read whole images from a column of a Parquet file: encoded ones, or lists of pixels."""

from __future__ import annotations

import io
import math
import re
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from skmnist._utils.image_shape import with_channels
from skmnist.exceptions import DatasetError
from skmnist.preprocessing._plain_image import read_plain_image

from ._image_files import arrange_colors
from ._pixels import compact_pixels, join_pixels
from ._table_columns import match_shape

if TYPE_CHECKING:
    from pathlib import Path

_ENCODED = re.compile(r"(large_)?binary|struct<.*\bbytes: (large_)?binary")
_LISTS = re.compile(r"(large_|fixed_size_)?list<")
_MAX_VALUES = 3_000_000  # of one image


def find_image_columns(schema: Any) -> tuple[list[int], bool]:
    """Return the columns that contain whole images, and whether these are encoded."""
    kinds = [str(field.type) for field in schema]
    encoded = [i for i, kind in enumerate(kinds) if _ENCODED.match(kind)]
    return encoded or [i for i, kind in enumerate(kinds) if _LISTS.match(kind)], bool(encoded)


class ImageColumn:
    """The images of a column, read batch by batch.

    Parameters
    ----------
    path : Path
        The file, for messages.
    encoded : bool
        Whether the images are encoded (PNG, JPEG), not lists of pixels.
    image_shape : tuple of int or "auto"
        The shape of one image.
    """

    def __init__(self, path: Path, encoded: bool, image_shape: tuple[int, ...] | str) -> None:
        self.path, self.encoded, self.image_shape = path, encoded, image_shape
        self.color: Literal["auto"] | bool = "auto"
        if not isinstance(image_shape, str):
            self.color = with_channels(image_shape)[0] == 3
        self.shape: tuple[int, ...] | None = None  # of an image as it is in the file
        self.parts: list[np.ndarray] = []
        self.n_samples = 0

    def append(self, column: Any) -> None:
        """Read a batch of images.

        Raises
        ------
        DatasetError
            If an image cannot be read, or has another shape than the first one.
        InvalidPixelError
            If a pixel is out of range.
        """
        images = []
        for value in column.to_pylist():
            self.n_samples += 1
            images.append(self._read(value))
        pixels = np.stack(images)
        if self.encoded:
            pixels = arrange_colors(pixels, self.color)
        self.parts.append(compact_pixels(pixels.reshape(len(pixels), -1)))

    def _read(self, value: Any) -> np.ndarray:
        """Return an image, which has the shape of the first one."""
        try:
            image = self._decode(value) if self.encoded else np.array(value)
            if image.dtype.kind not in "buif":
                raise ValueError(f"Expected numbers, got values of type {image.dtype}.")
            if image.size > _MAX_VALUES:
                raise ValueError(f"It has the shape {image.shape}. Resize the images.")
        except (ValueError, TypeError) as error:
            raise DatasetError(
                f"{self.path}: Row {self.n_samples}: the image cannot be read. {error}"
            ) from error
        self.shape = self.shape or image.shape
        if image.shape != self.shape:
            raise DatasetError(
                f"{self.path}: Row {self.n_samples}: expected an image of shape {self.shape}, as "
                f"in the first row, got {image.shape}. Resize the images to one size."
            )
        return image

    def _decode(self, value: Any) -> np.ndarray:
        """Return (height, width, 3) values, or (height, width) if the colors are not needed."""
        data = value["bytes"] if isinstance(value, dict) else value
        if data is None:
            raise ValueError("Expected an encoded image, got none.")
        return read_plain_image(io.BytesIO(data), None, color=self.color is not False)

    def join(self) -> tuple[np.ndarray, tuple[int, ...]]:
        """Return the flattened images of all batches and the shape of one image."""
        shape = self.shape or ()
        if self.encoded:
            shape = shape[:2]
            n_values = max(part.shape[1] for part in self.parts)
            if n_values > math.prod(shape):
                # A gray batch among those with colors gets three equal channels.
                wide = (np.tile(part, n_values // part.shape[1]) for part in self.parts)
                self.parts, shape = list(wide), (3, *shape)
        return match_shape(self.path, join_pixels(self.parts), shape, self.image_shape)
