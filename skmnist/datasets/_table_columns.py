"""Find the pixels, the labels and the identifiers among the columns of a table of images."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from skmnist._utils.image_shape import channels_first, is_channels_last, with_channels
from skmnist._utils.messages import did_you_mean
from skmnist.exceptions import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import TypeAlias

    FindLabel: TypeAlias = Callable[[int, int], int | None]

LABEL_NAMES = ("label", "labels", "class", "target", "y", "digit")
ID_NAMES = ("imageid", "image_id", "id", "index", "unnamed: 0", "__index_level_0__", "")
# An image of 256 x 256 pixels in color has 196,608 pixels.
MAX_COLUMNS = 200_000

_LABEL_FIX = (
    "Pass the name or the position of the column with the labels (label=0 is the first, label=-1 "
    "the last), or label=None if there are none"
)


class Columns(NamedTuple):
    """Positions of the columns of a table of images.

    Attributes
    ----------
    names : list of str or None
        The names of all columns; None if the table has no header.
    label : int or None
        The column of the labels.
    id : int or None
        The column of the identifiers.
    pixels : list of int
        The columns of the pixels, in row-major order.
    image_shape : tuple of int or None
        The shape of an image if the names of the pixels contain it.
    """

    names: list[str] | None
    label: int | None
    id: int | None
    pixels: list[int]
    image_shape: tuple[int, ...] | None = None

    @property
    def id_name(self) -> str | None:
        """The name of the column of identifiers, None if there is none."""
        return None if self.names is None or self.id is None else self.names[self.id]

    def describe(self, column: int) -> str:
        """Return how messages name a column, counted from 1."""
        name = f" ({self.names[column]!r})" if self.names else ""
        return f"column {column + 1}{name}"


def columns_from_names(
    path: Path,
    names: Sequence[str],
    label: str | int | None,
    find_label: FindLabel | None = None,
    id_column: str | None = None,
) -> Columns:
    """Return the columns of a table with a header.

    Parameters
    ----------
    path : Path
        The file, for messages.
    names : list of str
        The names of the columns.
    label : str, int or None
        The name or the position of the column of labels, "auto" or None.
    find_label : callable, default=None
        See :func:`columns_without_names`.
    id_column : str, default=None
        The name of the column of identifiers, if there is one of this name.

    Raises
    ------
    DatasetError
        If a column is missing, duplicate or unknown.
    """
    names = [name.strip() for name in names]
    _check_unique(path, names)
    keys = [name.casefold() for name in names]
    target = None if label in ("auto", None) else _find_label(path, names, label)
    ids = [
        i
        for i, key in enumerate(keys)
        if (key in ID_NAMES or names[i] == id_column) and i != target
        # Only the first column, which pandas writes, may have no name.
        if key or i == 0
    ]
    ids.sort(key=lambda i: names[i] != id_column)
    rest = [i for i in range(len(names)) if i not in ids]
    pixels = [i for i in _numbered_columns(keys, rest) if i != target]
    others = sorted({*rest} - {*pixels, target})
    if label == "auto":
        named = [i for i in others if keys[i] in LABEL_NAMES]
        unknown_end = len(others) == 1 and others[0] in (rest[0], rest[-1])
        candidates = named or (others if unknown_end else [])
        if len(candidates) == 1:
            target = candidates[0]
        elif not others and not _is_square(len(pixels)) and _is_square(len(pixels) - 1):
            # All names are numbers, as of a table that was made from an array.
            target = _label_end(path, pixels, find_label)
            pixels.remove(target)
        elif not others or not named:
            raise _no_label_error(path, [names[i] for i in others])
        others = [i for i in others if i != target]
    if others:
        listed = ", ".join(repr(names[i]) for i in others[:5])
        raise DatasetError(
            f"{path}: Expected a column of labels and columns of pixels, got {len(others)} other "
            f"columns ({listed}). Remove them, for example with DataFrame.drop, or pass label=."
        )
    pixels, shape = _sort_pixels(path, names, pixels)
    return Columns(list(names), target, ids[0] if ids else None, pixels, shape)


def columns_without_names(
    path: Path, n_columns: int, label: str | int | None, find_label: FindLabel
) -> Columns:
    """Return the columns of a table without a header.

    Parameters
    ----------
    path : Path
        The file, for messages.
    n_columns : int
        The number of columns.
    label : str, int or None
        The position of the column of labels, "auto" or None.
    find_label : callable
        Returns which of two columns contains labels, as the values suggest, or None.

    Raises
    ------
    DatasetError
        If the column of labels is not known.
    """
    columns = list(range(n_columns))
    if label == "auto":
        if _is_square(n_columns):
            raise _no_label_error(path, [])
        target: int | None = _label_end(path, columns, find_label)
    elif isinstance(label, str):
        raise DatasetError(
            f"{path}: The file has no header, so the column {label!r} is not known. {_LABEL_FIX}."
        )
    else:
        target = None if label is None else _position(path, label, n_columns)
    return Columns(None, target, None, [i for i in columns if i != target])


def resolve_image_shape(
    path: Path, image_shape: tuple[int, ...] | str, n_pixels: int, columns: Columns | None = None
) -> tuple[int, ...]:
    """Return the shape of an image.

    Raises
    ------
    DatasetError
        If the number of pixels and the shape do not agree, or no shape is known.
    """
    if not isinstance(image_shape, str):
        if math.prod(image_shape) != n_pixels:
            raise DatasetError(
                f"{path}: Expected images of shape {tuple(image_shape)}, that is "
                f"{math.prod(image_shape):,} pixels, got {n_pixels:,} columns of pixels."
            )
        return tuple(image_shape)
    if columns and columns.image_shape:
        return columns.image_shape
    if not n_pixels or not _is_square(n_pixels):
        side = math.isqrt(n_pixels)
        near = [n for n in (side, side + 1) if n > 1 and abs(n * n - n_pixels) <= 2]
        hint = "".join(f" ({n} x {n} are {n * n:,})" for n in near[:1])
        raise DatasetError(
            f"{path}: Expected a square number of pixels, got {n_pixels:,} columns of pixels"
            f"{hint}. Check the columns, or pass image_shape=(height, width)."
        )
    return (math.isqrt(n_pixels),) * 2


def match_shape(
    path: Path, pixels: np.ndarray, shape: tuple[int, ...], image_shape: tuple[int, ...] | str
) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return the pixels of images of a known shape in the order of `image_shape`, and that shape.

    Parameters
    ----------
    path : Path
        The file, for messages.
    pixels : ndarray of shape (n_samples, n_pixels)
        The flattened images.
    shape : tuple of int
        The shape of an image in the file, for example (height, width); (n_pixels,) if it is flat.
    image_shape : tuple of int or "auto"
        The shape of an image that is expected.

    Raises
    ------
    DatasetError
        If the shapes differ in more than the position of the channels.
    """
    if len(shape) == 1:
        return pixels, resolve_image_shape(path, image_shape, shape[0])
    if isinstance(image_shape, str):
        return pixels, shape
    if with_channels(shape) != with_channels(image_shape):
        raise DatasetError(
            f"{path}: Expected images of shape {tuple(image_shape)}, got {shape}. Resize the "
            "images."
        )
    if is_channels_last(shape) != is_channels_last(image_shape):
        images = channels_first(pixels, shape)
        if is_channels_last(image_shape):
            images = np.moveaxis(images.reshape(-1, *with_channels(shape)), 1, -1)
        pixels = images.reshape(len(images), -1)
    return pixels, tuple(image_shape)


def _is_square(n: int) -> bool:
    return n > 1 and math.isqrt(n) ** 2 == n


def _check_unique(path: Path, names: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for i, name in enumerate(names):
        if name in first:
            what = f"the name {name!r}" if name else "no name"
            raise DatasetError(
                f"{path}: Expected a name of its own for each column, but columns "
                f"{first[name] + 1} and {i + 1} have {what}. Correct the header."
            )
        first[name] = i


def _find_label(path: Path, names: Sequence[str], label: str | int | None) -> int:
    """Return the column with the name or the position `label`."""
    if not isinstance(label, str):
        return _position(path, label, len(names))
    found = [i for i, name in enumerate(names) if name == label]
    found = found or [i for i, name in enumerate(names) if name.casefold() == label.casefold()]
    if len(found) != 1:
        listed = ", ".join(map(repr, names[:5]))
        raise DatasetError(
            f"{path}: Expected a column {label!r}, got {listed}{', ...' * (len(names) > 5)}."
            f"{did_you_mean(label, names)} {_LABEL_FIX}."
        )
    return found[0]


def _position(path: Path, label: int | None, n_columns: int) -> int:
    """Return a position as a number from 0."""
    if label is None or not -n_columns <= label < n_columns:
        raise DatasetError(
            f"{path}: Expected a label column from {-n_columns} to {n_columns - 1}, got {label}."
        )
    return int(label) % n_columns


def _numbered_columns(keys: Sequence[str], columns: Sequence[int]) -> list[int]:
    """Return the columns whose names differ only in numbers, else those that are not labels.

    The names may have several forms that are equally frequent, such as r0, g0 and b0.
    """
    forms = {i: _form(keys[i]) for i in columns}
    counts = Counter(form for form in forms.values() if len(form) > 1)
    most = max(counts.values(), default=0)
    if most > 1:
        return [i for i in columns if counts[forms[i]] == most]
    return [i for i in columns if keys[i] not in LABEL_NAMES]


def _form(key: str) -> tuple[str, ...]:
    """Return a name without its numbers, as the parts between them."""
    return tuple(re.split(r"\d+", key))


def _sort_pixels(
    path: Path, names: Sequence[str], pixels: list[int]
) -> tuple[list[int], tuple[int, ...] | None]:
    """Return the columns of pixels in row-major order, and the shape if the names contain it."""
    if len({_form(names[i].casefold()) for i in pixels}) != 1:
        return pixels, None
    numbers = {i: tuple(map(int, re.findall(r"\d+", names[i]))) for i in pixels}
    pixels = sorted(pixels, key=lambda i: numbers[i])
    values = [sorted(set(axis)) for axis in zip(*numbers.values(), strict=True)]
    shape = tuple(len(axis) for axis in values if len(axis) > 1)
    if len(shape) in (2, 3):
        if math.prod(shape) != len(pixels):
            sides = " x ".join(map(str, shape))
            raise DatasetError(
                f"{path}: Expected a column for each pixel of {sides}, got {len(pixels):,}. Check "
                "the header."
            )
        return pixels, shape
    if len(shape) == 1:
        varying = next(k for k, axis in enumerate(values) if len(axis) > 1)
        _check_contiguous(path, names, pixels, [numbers[i][varying] for i in pixels])
    return pixels, None


def _check_contiguous(
    path: Path, names: Sequence[str], pixels: Sequence[int], numbers: Sequence[int]
) -> None:
    """Raise a DatasetError if a pixel is missing or has two columns, such as "1" and "01"."""
    for i, j, before, after in zip(pixels, pixels[1:], numbers, numbers[1:], strict=False):
        if after == before + 1:
            continue
        problem = "the same number" if after == before else "no pixel between them"
        raise DatasetError(
            f"{path}: Expected pixels with consecutive numbers, but {names[i]!r} and "
            f"{names[j]!r} have {problem}. Check the header."
        )


def _label_end(path: Path, columns: Sequence[int], find_label: FindLabel | None) -> int:
    """Return the first or the last column: the one with labels."""
    found = find_label(columns[0], columns[-1]) if find_label else None
    if found is not None:
        return found
    raise DatasetError(
        f"{path}: The labels may be in the first or in the last column; neither the names nor the "
        f"values tell which. {_LABEL_FIX}."
    )


def _no_label_error(path: Path, others: Sequence[str]) -> DatasetError:
    listed = f" Other columns: {', '.join(map(repr, others[:5]))}." if others else ""
    return DatasetError(
        f"{path}: Expected a column of labels ({', '.join(LABEL_NAMES)}), got none.{listed} "
        f"{_LABEL_FIX}."
    )
