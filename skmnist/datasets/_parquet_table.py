"""Read images and labels from a Parquet file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skmnist._utils.optional_dependencies import import_parquet
from skmnist.exceptions import DatasetError

from ._image_table import ImageTable, as_ids, labels_from_array
from ._parquet_images import ImageColumn, find_image_columns
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
    nested, encoded = find_image_columns(file.schema_arrow)
    columns = _find_columns(path, names, nested, label, need_label, id_column)
    images = ImageColumn(path, encoded, image_shape) if nested else None
    if not images:
        shape = resolve_image_shape(path, image_shape, len(columns.pixels), columns)
    parts: list[np.ndarray] = []
    targets: list[Any] = []
    ids: list[str] = []
    n_samples = 0
    for batch in file.iter_batches(_BATCH_SIZE):
        try:
            if images:
                images.append(batch.column(nested[0]))
            else:
                parts.append(compact_pixels(_numbers(path, batch, columns)))
        except InvalidPixelError as error:
            column = columns.pixels[0 if images else error.pixel]
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
    pixels, shape = images.join() if images else (join_pixels(parts), shape)
    return ImageTable(
        pixels,
        labels,
        shape,
        None if columns.id is None else as_ids(ids),
        columns.id_name,
    )


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
