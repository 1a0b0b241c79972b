"""Read images and labels from a NumPy archive."""

from __future__ import annotations

import math
import re
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from skmnist.exceptions import DatasetError

from ._image_table import ImageTable, labels_from_array
from ._pixels import InvalidPixelError, compact_pixels
from ._table_columns import match_shape
from ._text_blocks import check_expansion

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

# Names of arrays, without the name of the subset.
_KINDS = {
    "images": {"x", "images", "image", "data", "features", "pixels", "arr_0"},
    "labels": {"y", "labels", "label", "target", "targets", "class", "digit", "arr_1"},
}
_SUBSETS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
_READ_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
    RuntimeError,
    MemoryError,
    OverflowError,
    TypeError,  # an invalid shape
)


def read_npz_table(
    path: Path,
    *,
    images: str = "auto",
    label: str | None = "auto",
    subset: str = "train",
    image_shape: tuple[int, ...] | str = "auto",
    need_label: bool = True,
) -> ImageTable:
    """Return the images and labels of a NumPy archive.

    Parameters
    ----------
    path, images, label, subset, image_shape
        See :func:`load_image_npz`.
    need_label : bool, default=True
        Whether a missing array of labels is an error if `label` is "auto".
    """
    types = _read_types(path)
    key = _only(path, types, _matches(types, images, "images", subset), images, "images", subset)
    found = [] if label is None else _matches(types, label, "labels", subset)
    label_key = None
    if label is not None and (found or need_label or label != "auto"):
        label_key = _only(path, types, found, label, "labels", subset)
    for name in filter(None, (key, label_key)):
        if types[name].hasobject:
            raise DatasetError(
                f"{path}: {name!r} is an array of objects. It is not read, because objects are "
                "pickled, and a pickle can run any program. Save arrays of numbers and strings, "
                "all images with the same shape."
            )
    try:
        with zipfile.ZipFile(path) as archive:
            pixels = _read_array(archive, key)
            labels = _read_array(archive, label_key) if label_key else None
    except _READ_ERRORS as error:
        raise _damaged(path, error) from error
    shape = _image_shape(path, key, pixels)
    n_samples = len(pixels)
    if not pixels.size:
        raise DatasetError(f"{path}: Expected images, got {key!r} of shape {pixels.shape}.")
    try:
        pixels = compact_pixels(pixels.reshape(n_samples, -1))
        pixels, shape = match_shape(path, pixels, shape, image_shape)
    except InvalidPixelError as error:
        raise DatasetError(
            f"{path}: {key!r}, sample {error.sample}, pixel {error.pixel}: {error}."
        ) from None
    if labels is not None and label_key:
        labels = labels_from_array(path, label_key, labels, n_samples)
    return ImageTable(pixels, labels, shape)


def npz_subsets(path: Path) -> set[str]:
    """Return the subsets of a NumPy archive: "train", "validation" and "test", if it has them."""
    return {subset for subset, kind in map(_parse_key, _read_types(path)) if subset and kind}


def _read_types(path: Path) -> dict[str, np.dtype[Any]]:
    """Return the type of each array, after a check that it can be read.

    Raises
    ------
    DatasetError
        If the file is damaged, or an array is larger than the file says.
    """
    if path.is_dir():
        raise DatasetError(f"{path}: Expected an .npz file, got a folder.")
    types = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                name = member.filename.removesuffix(".npy")
                if name == member.filename:
                    continue  # as numpy.load does, which reads only arrays
                check_expansion(path, member.file_size)
                with archive.open(member) as file:
                    shape, dtype = _read_header(file)
                if math.prod(shape) * dtype.itemsize > member.file_size and not dtype.hasobject:
                    raise ValueError(f"{name!r} is truncated")
                types[name] = dtype
    except DatasetError:
        raise
    except _READ_ERRORS as error:
        raise _damaged(path, error) from error
    return types


def _read_array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _read_header(file: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and the type of an array in the format of NumPy."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    else:
        raise ValueError(f"arrays of version {version[0]}.{version[1]} are not supported")
    return shape, dtype


def _damaged(path: Path, error: Exception) -> DatasetError:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return DatasetError(
        f"{path}: The file cannot be read as an .npz file ({reason[:200]}). Check the path, or "
        "save the arrays again with numpy.savez_compressed(path, X=X, y=y)."
    )


def _parse_key(key: str) -> tuple[str | None, str | None]:
    """Return the subset and the kind ("images" or "labels") of an array; None if unknown."""
    # As in x_train, "train/images" and trainX.
    words = re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", key)
    words = [word.casefold() for word in words]
    subset = next((_SUBSETS[word] for word in words if word in _SUBSETS), None)
    name = "_".join(word for word in words if word not in _SUBSETS)
    return subset, next((kind for kind, names in _KINDS.items() if name in names), None)


def _matches(keys: Collection[str], name: str, kind: str, subset: str) -> list[str]:
    """Return the names of the arrays of a kind that belong to the subset."""
    if name != "auto":
        return [name] if name in keys else []
    parsed = {key: _parse_key(key) for key in keys}
    found = [key for key in keys if parsed[key] == (subset, kind)]
    # A file without subsets is one set of images.
    if not found and subset == "train":
        found = [key for key in keys if parsed[key] == (None, kind)]
    return found


def _only(
    path: Path, keys: Collection[str], found: list[str], name: str, kind: str, subset: str
) -> str:
    """Return the only name in `found`, or raise a DatasetError."""
    if len(found) == 1:
        return found[0]
    example, argument = {"images": ("X", "images"), "labels": ("y", "label")}[kind]
    what = f"of {kind}" if name == "auto" else repr(name)
    full = f"{example.lower()}_{subset}"
    listed = ", ".join(map(repr, found or keys)) or "no arrays"
    raise DatasetError(
        f"{path}: Expected one array {what} of the {subset} set, such as {example!r} or "
        f"{full!r}, got {listed}. Pass its name as {argument}=."
    )


def _image_shape(path: Path, key: str, pixels: np.ndarray) -> tuple[int, ...]:
    """Return the shape of an image, without a channel axis for gray images."""
    shape = pixels.shape[1:]
    if pixels.dtype.kind not in "buif" or not 1 <= len(shape) <= 3:
        raise DatasetError(
            f"{path}: Expected images as numbers of shape (n_samples, height, width), "
            f"(n_samples, n_pixels) or with a channel axis, got {key!r} of type {pixels.dtype} and "
            f"shape {pixels.shape}."
        )
    if len(shape) == 3 and 1 in (shape[0], shape[2]):
        return shape[1:] if shape[0] == 1 else shape[:2]
    return shape
