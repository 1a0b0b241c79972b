"""Images, labels and identifiers that were read from a file."""

from __future__ import annotations

import math
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skmnist._utils.messages import invalid_parameter_message
from skmnist.exceptions import DatasetError

from ._bunch import image_bunch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_DESCRIPTION = """\
Images from {path}
{line}

{n:,} images of {shape} pixels with values from {low:g} to {high:g}{classes}.
"""
# Labels that mean that there is none.
_MISSING = {"", "nan", "null", "n/a", "<na>"}


class ImageTable(NamedTuple):
    """Images, labels and identifiers.

    Attributes
    ----------
    pixels : ndarray of shape (n_samples, n_pixels), uint8 or float32
        The flattened images.
    labels : ndarray of shape (n_samples,), int64 or str, or None
        The labels, as they are in the file.
    image_shape : tuple of int
        The shape of one image.
    ids : ndarray of shape (n_samples,), int64 or str, or None
        The identifiers of the images.
    id_name : str or None
        The name of the column of identifiers.
    """

    pixels: NDArray[np.uint8 | np.float32]
    labels: np.ndarray | None
    image_shape: tuple[int, ...]
    ids: np.ndarray | None = None
    id_name: str | None = None


def table_bunch(table: ImageTable, path: Path, *, return_X_y: bool, as_frame: bool) -> Any:
    """Return the images and labels as a Bunch, arrays or data frames."""
    names = [] if table.labels is None else [str(label) for label in np.unique(table.labels)]
    description = _DESCRIPTION.format(
        path=path,
        line="-" * len(f"Images from {path}"),
        n=len(table.pixels),
        shape=" x ".join(map(str, table.image_shape)),
        low=table.pixels.min(),
        high=table.pixels.max(),
        classes="" if table.labels is None else f", of {len(names)} classes",
    )
    images = table.pixels.reshape(-1, *table.image_shape)
    result: Any = image_bunch(
        images, table.labels, names, description, return_X_y=return_X_y, as_frame=as_frame
    )
    if not return_X_y:
        result.ids = table.ids
    return result


def check_table_params(owner: str, label: object, image_shape: object) -> None:
    """Raise a ValueError if a parameter of a function that reads images is invalid."""
    is_position = isinstance(label, Integral) and not isinstance(label, bool)
    if label is not None and not isinstance(label, str) and not is_position:
        expected = "the name or the position of a column, 'auto' or None"
        raise ValueError(invalid_parameter_message("label", owner, expected, label))
    is_shape = (
        isinstance(image_shape, (tuple, list))
        and len(image_shape) in (2, 3)
        and all(isinstance(n, Integral) and int(n) >= 1 for n in image_shape)
    )
    if not is_shape and image_shape != "auto":
        expected = "'auto' or a tuple of 2 or 3 positive ints, such as (28, 28)"
        raise ValueError(invalid_parameter_message("image_shape", owner, expected, image_shape))


def label_problem(text: str) -> str | None:
    """Return what is wrong with a label, or None."""
    if text.casefold() in _MISSING:
        return "the label is missing"
    number = as_number(text)
    if number is not None and not number.is_integer():
        return f"expected a label, that is an integer or a word, got {text!r}"
    return None


def as_number(text: str) -> float | None:
    """Return the number that a text represents, or None."""
    try:
        # float accepts underscores, and the digits of other scripts.
        return float(text) if text.isascii() and "_" not in text else None
    except ValueError:
        return None


def as_labels(texts: Sequence[str]) -> np.ndarray:
    """Return texts as an array of integers if all are integers, else of strings."""
    values = {text: as_number(text) for text in set(texts)}
    if all(value is not None and value.is_integer() for value in values.values()):
        exact = {text: _exact_integer(text) for text in values}
        if all(math.isfinite(n) and abs(n) < 2**63 for n in exact.values()):
            return np.array([exact[text] for text in texts], dtype=np.int64)
    return np.array(texts, dtype=str)


def _exact_integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return int(float(text))


def expand(path: Any) -> Path:
    """Return a path; ``~`` is the home folder."""
    return Path(path).expanduser()


def as_ids(texts: Sequence[str]) -> np.ndarray:
    """Return texts as an array of integers if that changes none of them, else of strings."""
    if all(text.isascii() and text.isdecimal() and str(int(text)) == text for text in texts):
        return np.array([int(text) for text in texts])
    return np.array(texts, dtype=str)


def labels_from_array(path: Path, name: str, values: np.ndarray, n_samples: int) -> np.ndarray:
    """Return labels as an array of int64 or str.

    Parameters
    ----------
    path : Path
        The file, for messages.
    name : str
        Name of the array or the column, for messages.
    values : ndarray of shape (n_samples,) or (n_samples, 1)
        The labels.
    n_samples : int
        The number of images.

    Raises
    ------
    DatasetError
        If there is not one label for each image, or if a label is missing.
    """
    if values.size != n_samples or (values.ndim != 1 and values.shape != (n_samples, 1)):
        raise DatasetError(
            f"{path}: Expected one label for each of {n_samples:,} images, got {name!r} of shape "
            f"{values.shape}. For one column per class, save labels.argmax(axis=1)."
        )
    values = values.ravel()
    if np.can_cast(values.dtype, np.int64):
        return values.astype(np.int64)
    texts = [
        (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)).strip()
        for value in values.tolist()
    ]
    invalid = {text: label_problem("" if text == "None" else text) for text in set(texts)}
    i = next((i for i, text in enumerate(texts) if invalid[text]), None)
    if i is not None:
        raise DatasetError(f"{path}: {name!r}, sample {i}: {invalid[texts[i]]}.")
    return as_labels(texts)
