"""Read images and labels from a Parquet file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from skmnist._utils.optional_dependencies import import_parquet
from skmnist.exceptions import DatasetError

from ._image_table import ImageTable, as_ids, labels_from_array
from ._pixels import InvalidPixelError, compact_pixels, join_pixels
from ._table_columns import (
    ID_NAMES,
    LABEL_NAMES,
    MAX_COLUMNS,
    Columns,
    columns_from_names,
    resolve_image_shape,
)

if TYPE_CHECKING:
    from pathlib import Path

_BATCH_SIZE = 4096  # samples
_MAX_PIXELS = 1_000_000  # of one encoded image


def read_parquet_table(
    path: Path,
    *,
    label: str | int | None = "auto",
    image_shape: tuple[int, ...] | str = "auto",
    need_label: bool = True,
    id_column: str | None = None,
) -> ImageTable:
    """Return the images, labels and identifiers of a Parquet file.

    Parameters
    ----------
    path, label, image_shape
        See :func:`load_image_parquet`.
    need_label : bool, default=True
        Whether a missing column of labels is an error if `label` is "auto".
    id_column : str, default=None
        The column of the identifiers, if there is one of this name.
    """
    parquet = import_parquet()
    if path.is_dir():
        raise DatasetError(f"{path}: Expected a Parquet file, got a folder. Pass one of its files.")
    try:
        with parquet.ParquetFile(path) as file:
            return _read(path, file, label, image_shape, need_label, id_column)
    except DatasetError:
        raise
    # pyarrow's errors derive from ValueError and OSError, among others.
    except (OSError, ValueError, NotImplementedError, KeyError, MemoryError) as error:
        reason = " ".join(str(error).split())[:300]
        raise DatasetError(
            f"{path}: The file cannot be read as a Parquet file ({reason}). Check the path, or "
            "save the table again."
        ) from error


def _read(
    path: Path,
    file: Any,
    label: str | int | None,
    image_shape: tuple[int, ...] | str,
    need_label: bool,
    id_column: str | None,
) -> ImageTable:
    """Return the content of an open Parquet file."""
    names = file.schema_arrow.names
    if not 1 <= len(names) <= MAX_COLUMNS or not file.metadata.num_rows:
        raise DatasetError(
            f"{path}: Expected a table of images, got {len(names):,} columns and "
            f"{file.metadata.num_rows:,} rows."
        )
    nested = [i for i, field in enumerate(file.schema_arrow) if _is_image(field.type)]
    columns = _find_columns(path, names, nested, label, need_label, id_column)
    parts: list[np.ndarray] = []
    targets: list[Any] = []
    ids: list[str] = []
    shape = None if nested else resolve_image_shape(path, image_shape, len(columns.pixels), columns)
    n_samples = 0
    for batch in file.iter_batches(_BATCH_SIZE):
        try:
            if nested:
                shape, pixels = _decode(path, batch.column(nested[0]), shape, n_samples)
            else:
                pixels = _numbers(path, batch, columns)
            parts.append(compact_pixels(pixels))
        except InvalidPixelError as error:
            column = columns.pixels[0 if nested else error.pixel]
            raise DatasetError(
                f"{path}: Row {n_samples + error.sample + 1}, {columns.describe(column)}: {error}."
            ) from None
        if columns.label is not None:
            targets += batch.column(columns.label).to_pylist()
        if columns.id is not None:
            ids += map(str, batch.column(columns.id).to_pylist())
        n_samples += len(batch)
    labels = None
    if columns.label is not None:
        labels = labels_from_array(path, names[columns.label], np.array(targets), n_samples)
    pixels = join_pixels(parts)
    shape = resolve_image_shape(path, image_shape, pixels.shape[1]) if shape is None else shape
    return ImageTable(
        pixels,
        labels,
        shape,
        None if columns.id is None else as_ids(ids),
        columns.id_name,
    )


def _is_image(kind: Any) -> bool:
    """Return whether a column contains whole images: encoded ones or lists of pixels."""
    text = str(kind)
    return text.startswith(("binary", "large_binary", "struct<bytes", "list<", "fixed_size_list<"))


def _find_columns(
    path: Path,
    names: list[str],
    nested: list[int],
    label: str | int | None,
    need_label: bool,
    id_column: str | None,
) -> Columns:
    if len(nested) > 1:
        listed = ", ".join(repr(names[i]) for i in nested)
        raise DatasetError(
            f"{path}: Expected one column of images, got {listed}. Remove the others."
        )
    if not nested:
        try:
            return columns_from_names(path, names, label, None, id_column)
        except DatasetError:
            if need_label or label != "auto":
                raise
            return columns_from_names(path, names, None, None, id_column)
    others = [name for i, name in enumerate(names) if i != nested[0]]
    ids = [i for i, name in enumerate(names) if name == id_column or name.casefold() in ID_NAMES]
    ids.sort(key=lambda i: names[i] != id_column)
    found = [i for i, name in enumerate(names) if name.casefold() in LABEL_NAMES]
    if label != "auto":
        found = [i for i, name in enumerate(names) if label in (name, i, i - len(names))]
    if len(found) != 1 and label is not None and (need_label or label != "auto"):
        raise DatasetError(
            f"{path}: Expected one column of labels, got {', '.join(map(repr, others)) or 'none'}. "
            "Pass its name, or label=None if there are no labels."
        )
    target = found[0] if len(found) == 1 and label is not None else None
    return Columns(names, target, ids[0] if ids else None, nested)


def _numbers(path: Path, batch: Any, columns: Columns) -> np.ndarray:
    """Return the pixels of a batch, from one column for each pixel."""
    arrays = []
    for column in columns.pixels:
        values = batch.column(column).to_numpy(zero_copy_only=False)
        if values.dtype.kind not in "buif":
            raise DatasetError(
                f"{path}: {columns.describe(column).capitalize()}: expected numbers, got values of "
                f"type {batch.column(column).type}."
            )
        arrays.append(values)
    return np.column_stack(arrays)


def _decode(
    path: Path, column: Any, shape: tuple[int, ...] | None, n_before: int
) -> tuple[tuple[int, ...] | None, np.ndarray]:
    """Return the shape and the pixels of a batch of whole images.

    The shape is None if the images are flat lists of pixels.
    """
    images: list[np.ndarray] = []
    for row, value in enumerate(column.to_pylist(), n_before + 1):
        try:
            value = value["bytes"] if isinstance(value, dict) else value
            image = _decode_bytes(value) if isinstance(value, bytes) else np.array(value)
            if image.dtype.kind not in "buif":
                raise ValueError(f"expected an image, got {type(value).__name__}")
        except (ValueError, OSError, TypeError, SyntaxError, Image.DecompressionBombError) as error:
            raise DatasetError(f"{path}: Row {row}: the image cannot be read ({error}).") from error
        expected = images[0].shape if images else shape
        if expected is not None and image.shape != expected:
            raise DatasetError(
                f"{path}: Row {row}: expected an image of shape {expected}, as in the first row, "
                f"got {image.shape}. Resize the images to one size."
            )
        images.append(image)
    result = images[0].shape
    return (None if len(result) == 1 else result), np.stack(images).reshape(len(images), -1)


def _decode_bytes(data: bytes) -> np.ndarray:
    """Return an encoded image as gray levels, or as (height, width, 3) if it has colors."""
    with Image.open(
        io.BytesIO(data), formats=("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
    ) as image:
        if image.width * image.height > _MAX_PIXELS:
            raise ValueError(f"it has {image.width} x {image.height} pixels")
        is_gray = image.mode in {"1", "L", "LA"}
        return np.asarray(image.convert("L" if is_gray else "RGB"))
