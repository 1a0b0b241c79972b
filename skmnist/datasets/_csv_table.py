"""Read images and labels from a CSV file."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skmnist.exceptions import DatasetError

from ._image_table import ImageTable, as_ids, as_labels, as_number, label_problem
from ._pixels import EXPECTED_PIXELS, InvalidPixelError, compact_pixels, join_pixels
from ._table_columns import (
    MAX_COLUMNS,
    Columns,
    columns_from_names,
    columns_without_names,
    resolve_image_shape,
)
from ._text_blocks import read_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from ._table_columns import FindLabel

# In this order: with a decimal comma or a comma in a name, the separator is another one.
_DELIMITERS = "\t;,| "
# A corner of an image is background in most images, and no class has so many samples.
_BACKGROUND_SHARE = 0.9
_BACKGROUNDS = {"0", "255"}
_FEW = 64  # lines
_LABEL_BYTES = 4_000_000  # of the file, which are searched for labels


class _Format(NamedTuple):
    """What the first line and the values below it tell about the file."""

    path: Path
    delimiter: str
    decimal: str
    n_columns: int
    columns: Columns


def read_csv_table(
    path: Path,
    *,
    label: str | int | None = "auto",
    image_shape: tuple[int, ...] | str = "auto",
    need_label: bool = True,
    id_column: str | None = None,
) -> ImageTable:
    """Return the images, labels and identifiers of a CSV file.

    Parameters
    ----------
    path, label, image_shape
        See :func:`load_image_csv`.
    need_label : bool, default=True
        Whether a missing column of labels is an error if `label` is "auto".
    id_column : str, default=None
        The column of the identifiers, if there is one of this name.

    Raises
    ------
    DatasetError
        If the file cannot be read, or is not a table of images. The message contains the line and
        the column.
    """
    blocks = read_blocks(path)
    form, first, line = _read_start(path, blocks, label, need_label, id_column)
    columns = form.columns
    shape = resolve_image_shape(path, image_shape, len(columns.pixels), columns)
    parts, labels, ids = _parse_blocks(itertools.chain([first], blocks), line, form)
    if not parts:
        raise DatasetError(f"{path}: Expected images below the header, got only the header.")
    try:
        pixels = join_pixels(parts)
    except InvalidPixelError as error:
        raise _pixel_error(form, error.sample, error) from None
    odd = _odd_label(labels)
    if odd is not None and columns.label is not None:
        raise DatasetError(
            f"{path}: Line {_line_of_sample(form, odd)}, {columns.describe(columns.label)}: got "
            f"{labels[odd]!r}, but most labels are integers. Correct the label, or use words for "
            "all classes."
        )
    return ImageTable(
        pixels,
        None if columns.label is None else as_labels(labels),
        shape,
        None if columns.id is None else as_ids(ids),
        columns.id_name,
    )


def _odd_label(labels: Sequence[str]) -> int | None:
    """Return the index of a word that occurs only once among many integers, None if none does."""
    counts = Counter(labels)
    words = {label for label in counts if as_number(label) is None}
    if not words or 2 * len(words) > len(labels) or any(counts[word] > 1 for word in words):
        return None
    return min(map(labels.index, words))


def _parse_blocks(
    blocks: Iterable[bytes], line: int, form: _Format
) -> tuple[list[np.ndarray], list[str], list[str]]:
    """Return the pixels of each block, and all labels and identifiers."""
    parts: list[np.ndarray] = []
    labels: list[str] = []
    ids: list[str] = []
    n_samples = 0
    for block in blocks:
        if block.strip():
            try:
                pixels, block_labels, block_ids = _parse(block, line, form)
            except InvalidPixelError as error:
                raise _pixel_error(form, n_samples + error.sample, error) from None
            parts.append(pixels)
            labels += block_labels
            ids += block_ids
            n_samples += len(pixels)
        line += block.count(b"\n")
    return parts, labels, ids


def _read_start(
    path: Path,
    blocks: Iterator[bytes],
    label: str | int | None,
    need_label: bool,
    id_column: str | None,
) -> tuple[_Format, bytes, int]:
    """Return the format of the file, the first block without the header, and its first line."""
    line = 1
    first = b""
    for block in blocks:
        first = block.lstrip(b"\n")
        line += len(block) - len(first)
        if first:
            break
    else:
        raise DatasetError(f"{path}: Expected a CSV file of images, got an empty file.")
    text, _, below = first.partition(b"\n")
    text = text.lstrip(b"# ")  # numpy.savetxt writes a header as a comment
    delimiter = next((d for d in _DELIMITERS if d.encode() in text.strip()), ",")
    n_columns = 1 + text.count(delimiter.encode())
    if n_columns <= MAX_COLUMNS:
        fields = _split_line(path, line, text, delimiter)
        n_columns = len(fields)  # fewer if separators are quoted
    if not 3 <= n_columns <= MAX_COLUMNS:
        hint = ""
        if n_columns < 3:
            hint = " For a list of image files and labels, use skmnist.datasets.load_image_folder."
        raise DatasetError(
            f"{path}: Expected a column for each pixel, that is 3 to {MAX_COLUMNS:,} columns, got "
            f"{n_columns:,} in line {line}.{hint}"
        )
    original = _undo_renaming(fields)
    if original:
        first = delimiter.join(original).encode() + b"\n" + below
        fields = original
    has_header = _is_header(fields)
    below = below if has_header else first
    find_label = partial(_find_label, below, delimiter)
    try:
        columns = _find_columns(path, fields, has_header, label, find_label, id_column)
    except DatasetError:
        if need_label or label != "auto":
            raise
        columns = _find_columns(path, fields, has_header, None, find_label, id_column)
    start = below[: below.find(b"\n")]
    decimal = "," if delimiter != "," and b"," in start else "."
    return _Format(path, delimiter, decimal, len(fields), columns), below, line + has_header


def _find_columns(
    path: Path,
    fields: Sequence[str],
    has_header: bool,
    label: str | int | None,
    find_label: FindLabel,
    id_column: str | None,
) -> Columns:
    if has_header:
        return columns_from_names(path, fields, label, find_label, id_column)
    return columns_without_names(path, len(fields), label, find_label)


def _split_line(path: Path, line: int, text: bytes, delimiter: str) -> list[str]:
    """Return the fields of a line."""
    try:
        decoded = text.decode("utf-8").strip(" ")
        return next(csv.reader([decoded], delimiter=delimiter, skipinitialspace=True))
    except UnicodeDecodeError:
        raise DatasetError(
            f"{path}: Line {line}: expected text in UTF-8 or UTF-16. Save the file as UTF-8."
        ) from None
    except csv.Error as error:
        raise DatasetError(f"{path}: Line {line} cannot be parsed ({error}).") from error


def _undo_renaming(fields: Sequence[str]) -> list[str] | None:
    """Return the first image of a table in which pandas renamed its equal values, or None.

    ``pandas.read_csv`` without ``header=None`` takes the first line for names, and makes 0, 0.1 and
    0.2 of three zeros. Kaggle's "A-Z Handwritten Alphabets" is such a table.
    """
    values = [field.partition(".")[0] for field in fields]
    counts: Counter[str] = Counter()
    for value, field in zip(values, fields, strict=True):
        renamed = f"{value}.{counts[value]}" if counts[value] else value
        if field != renamed or not value.isdecimal():
            return None
        counts[value] += 1
    return values if len(counts) < len(fields) else None


def _is_header(fields: Sequence[str]) -> bool:
    """Return whether the first line contains names instead of the first image."""
    texts = [field for field in fields if as_number(field.replace(",", ".")) is None]
    if len(texts) > 1:
        return True
    # Names may be numbers: 0 to 783, in any order.
    numbers = sorted(int(field) for field in fields if field.strip().isdecimal())
    is_range = numbers == list(range(numbers[0], numbers[-1] + 1)) if numbers else False
    return is_range and len(numbers) > 3 and len(numbers) + len(texts) == len(fields)


def _find_label(block: bytes, delimiter: str, first: int, last: int) -> int | None:
    """Return which of two columns contains labels, as the values suggest, or None.

    The other one is the corner of the images.
    """
    lines = [line.strip(b" ") for line in block[:_LABEL_BYTES].split(b"\n") if line.strip()]
    texts = (line.decode("utf-8", "replace") for line in lines)
    rows = csv.reader(texts, delimiter=delimiter, skipinitialspace=True)
    pairs = [(row[first].strip(), row[last].strip()) for row in rows if len(row) > last]
    ends: list[list[str]] = [[pair[i] for pair in pairs] for i in (0, 1)]
    found = [_looks_like_labels(values) for values in ends]
    if found[0] == found[1]:
        # One class or one image: the other end is background.
        found = [not set(values) <= _BACKGROUNDS for values in ends]
    if found[0] == found[1]:
        return None
    return first if found[0] else last


def _looks_like_labels(values: Sequence[str]) -> bool:
    if any(as_number(value) is None for value in set(values)):
        return True
    return bool(values) and Counter(values).most_common(1)[0][1] < _BACKGROUND_SHARE * len(values)


def _parse(block: bytes, line: int, form: _Format) -> tuple[np.ndarray, list[str], list[str]]:
    """Return the pixels, the labels and the identifiers of a block that begins at `line`.

    Raises
    ------
    DatasetError
        If a line has too few or too many columns, a pixel is not a number, or a label is missing.
    InvalidPixelError
        If a pixel is out of range.
    """
    try:
        return _load(block, form)
    except InvalidPixelError:
        raise
    except ValueError as error:
        reason = str(error)[:200]  # numpy's message contains the whole field
    raise _find_problem(block, line, form, reason)


def _load(block: bytes, form: _Format) -> tuple[np.ndarray, list[str], list[str]]:
    """Return the pixels, the labels and the identifiers of a block, or raise a ValueError."""
    columns = form.columns
    labels: list[str] = []
    ids: list[str] = []
    texts = {columns.label: _append_to(labels), columns.id: _append_to(ids)}
    table = np.loadtxt(
        _lines(block, form),
        comments=None,
        # A separator of spaces may be several spaces.
        delimiter=None if form.delimiter == " " else form.delimiter,
        converters={column: texts[column] for column in texts if column is not None},
        quotechar='"',
        ndmin=2,
    )
    if table.shape[1] != form.n_columns:
        raise ValueError(f"expected {form.n_columns} columns, got {table.shape[1]}")
    if any(map(label_problem, set(labels))):
        raise ValueError("invalid labels")
    pixels: Any = columns.pixels
    if pixels == list(range(pixels[0], pixels[-1] + 1)):
        pixels = slice(pixels[0], pixels[-1] + 1)  # a view instead of a copy
    return compact_pixels(table[:, pixels]), labels, ids


def _append_to(texts: list[str]) -> Callable[[str], float]:
    """Return a converter that appends a field to `texts`."""

    def convert(field: str) -> float:
        texts.append(field.strip())
        return 0.0

    return convert


def _lines(block: bytes, form: _Format) -> Iterator[str]:
    """Return the lines of a block that are not blank, with a decimal point in numbers."""
    delimiter = re.escape(form.delimiter.encode())
    if b'"' in block:  # numpy knows quotes only at the beginning of a field
        block = re.sub(delimiter + rb' +"', form.delimiter.encode() + b'"', block)
    if form.decimal == ",":
        end = delimiter + rb'\n"'
        number = rb"( *[-+]?\d*),(\d+(?:[eE][-+]?\d+)?)"
        block = re.sub(rb"(?<![^%b])%b(?= *(?:[%b]|$))" % (end, number, end), rb"\1.\2", block)
    return (line.decode("utf-8") for line in io.BytesIO(block) if not line.isspace())


def _find_problem(block: bytes, line: int, form: _Format, reason: str) -> DatasetError:
    """Return an error for the first invalid field of a block that begins at `line`."""
    lines = block.split(b"\n")
    for start in range(0, len(lines), _FEW):
        part = lines[start : start + _FEW]
        if not any(text.strip() for text in part):
            continue
        try:
            _load(b"\n".join([*part, b""]), form)
        except ValueError:
            # Only this part is searched field by field, which is slow.
            problem = _invalid_field(part, line + start, form)
            if problem:
                return problem
    last = line + block.count(b"\n") - 1
    return DatasetError(
        f"{form.path}: The lines from {line} to {last} cannot be parsed ({reason})."
    )


def _invalid_field(lines: Sequence[bytes], first: int, form: _Format) -> DatasetError | None:
    """Return an error for the first invalid field of lines, of which the first one has a number."""
    for number, text in enumerate(lines, first):
        if not text.strip():
            continue
        fields = _split_line(form.path, number, text, form.delimiter)
        if len(fields) != form.n_columns:
            return DatasetError(
                f"{form.path}: Line {number}: expected {form.n_columns} columns, as in the first "
                f"line, got {len(fields)}. Correct the line or remove it."
            )
        for column, field in enumerate(fields):
            problem = _field_problem(field.strip(), column, form)
            if problem:
                where = form.columns.describe(column)
                return DatasetError(f"{form.path}: Line {number}, {where}: {problem}.")
    return None


def _field_problem(field: str, column: int, form: _Format) -> str | None:
    """Return what is wrong with a field, or None."""
    if column == form.columns.label:
        return label_problem(field)
    if column == form.columns.id:
        return None
    number = as_number(field.replace(form.decimal, "."))
    if number is None:
        got = repr(field[:40]) if field else "an empty field"
        return f"expected a number, got {got}"
    if not -1 <= number <= 255:
        return f"got {number:g}, but {EXPECTED_PIXELS}"
    return None


def _pixel_error(form: _Format, sample: int, error: InvalidPixelError) -> DatasetError:
    """Return an error for a pixel that is out of range."""
    line = _line_of_sample(form, sample)
    column = form.columns.describe(form.columns.pixels[error.pixel])
    return DatasetError(
        f"{form.path}: Line {line}, {column}: got {error.value:g}, but {EXPECTED_PIXELS}."
    )


def _line_of_sample(form: _Format, sample: int) -> int:
    """Return the number of the line of a sample; blank lines are no samples."""
    lines = itertools.chain.from_iterable(
        block.removesuffix(b"\n").split(b"\n") for block in read_blocks(form.path)
    )
    filled = (number for number, text in enumerate(lines, 1) if text.strip())
    return next(itertools.islice(filled, sample + (form.columns.names is not None), None))
