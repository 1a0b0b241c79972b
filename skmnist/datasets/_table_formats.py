"""Read a file of images in any of the supported formats."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

from ._csv_table import read_csv_table
from ._npz_table import npz_subsets, read_npz_table
from ._parquet_table import read_parquet_table

if TYPE_CHECKING:
    from pathlib import Path

    from ._image_table import ImageTable

# Endings of the names of files that contain many images.
TABLE_SUFFIXES = (
    ".csv",
    ".csv.gz",
    ".csv.bz2",
    ".csv.xz",
    ".tsv",
    ".tsv.gz",
    ".txt",
    ".zip",
    ".npz",
    ".parquet",
)


def is_table_name(name: str) -> bool:
    """Return whether a file of this name contains many images."""
    return name.lower().endswith(TABLE_SUFFIXES)


def read_tables(
    path: Path,
    *,
    label: str | int | None = "auto",
    image_shape: tuple[int, ...] | str = "auto",
    need_label: bool = True,
    id_column: str | None = None,
) -> dict[str, ImageTable]:
    """Return the sets of images in a file: ``{"train": ...}`` and, of an npz file, ``"test"``.

    Parameters
    ----------
    path : Path
        A CSV file, a NumPy archive or a Parquet file. The content tells the format.
    label : str, int or None, default="auto"
        The column or the array of the labels.
    image_shape : tuple of int, default="auto"
        The shape of one image.
    need_label : bool, default=True
        Whether missing labels are an error if `label` is "auto".
    id_column : str, default=None
        The column of the identifiers, if there is one of this name.

    Raises
    ------
    DatasetError
        If the file cannot be read.
    """
    options: dict[str, Any] = {"image_shape": image_shape, "need_label": need_label}
    if _is_npz(path):
        name = str(label) if isinstance(label, int) else label
        subsets = npz_subsets(path) & {"train", "test"} or {"train"}
        return {
            subset: read_npz_table(path, label=name, subset=subset, **options)
            for subset in sorted(subsets, reverse=True)
        }
    read = read_parquet_table if _starts_with(path, b"PAR1") else read_csv_table
    return {"train": read(path, label=label, id_column=id_column, **options)}


def _starts_with(path: Path, magic: bytes) -> bool:
    if path.is_dir():
        return False
    with open(path, "rb") as file:
        return file.read(len(magic)) == magic


def _is_npz(path: Path) -> bool:
    """Return whether a file is an archive of arrays; one of CSV files is not."""
    if path.name.lower().endswith(".npz"):
        return True
    if path.is_dir() or not _starts_with(path, b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except zipfile.BadZipFile:
        return False
