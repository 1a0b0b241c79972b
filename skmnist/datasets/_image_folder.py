"""Load your own images from a folder."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skmnist.exceptions import DatasetError, ImageError
from skmnist.preprocessing import DigitNormalizer

from ._bunch import image_bunch

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from numpy.typing import NDArray
    from sklearn.base import TransformerMixin
    from sklearn.utils import Bunch

    from ._bunch import Frames

_IGNORED_FILES = {"thumbs.db", "desktop.ini"}  # Windows adds them to folders of images

_DESCRIPTION = """\
Pictures from {path}
{line}

{n} pictures of {n_classes} classes, brought to 28 x 28 grey levels, 0 (paper) to 255 (ink).
"""


def load_image_folder(
    path: str | os.PathLike[str],
    *,
    normalizer: TransformerMixin | None = None,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Bunch | tuple[NDArray[np.uint8 | np.float32], NDArray[np.int64]] | Frames:
    """Load your own images, brought into MNIST's form (classification).

    =================   ==============
    Classes                 as in path
    Samples total           as in path
    Dimensionality                 784
    Features            integers 0-255
    =================   ==============

    Parameters
    ----------
    path : str or path-like
        One of

        - a folder that holds one folder for each class, with its images;
        - a CSV file in UTF-8 with two columns, the images' names relative to its folder and their
          labels, separated by commas, semicolons or tabs; a first line without a dot in its name is
          a heading;
        - a folder that holds exactly one such CSV file, and no folders of classes.

        Names that begin with a dot are ignored.

    normalizer : transformer, default=None
        Brings the images into their form: its ``transform`` takes a list of paths and returns
        square images, each as a row. If None, ``DigitNormalizer()``. With ``on_error="nan"``,
        a DigitNormalizer returns rows of NaN for images that cannot be used, instead of an error.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : {ndarray, DataFrame} of shape (n_samples, 784), uint8
            The images, one a row, with values from 0 to 255; float32 if rows may be NaN.
        target : {ndarray, Series} of shape (n_samples,), int64
            The classes, as positions in `target_names`.
        images : ndarray of shape (n_samples, 28, 28), uint8
            The images; as an array, `data` is a view of them.
        feature_names : list of str
            ``pixel0`` to ``pixel783``, row by row.
        target_names : list of str
            The name of each target value: the names of the folders or the labels, in the order of
            the numbers if all are numbers, else of the alphabet.
        filenames : list of str
            The path of each image.
        frame : DataFrame of shape (n_samples, 785) or None
            `data` and `target`, if `as_frame` is True.
        DESCR : str
            The description of the data set.

    (data, target) : tuple if ``return_X_y`` is True
        The two of them, as above.

    Raises
    ------
    DatasetError
        If the folder isn't laid out like this, or images cannot be used; the message names all
        of these. It is an ``OSError``.

    See Also
    --------
    skmnist.preprocessing.DigitNormalizer : Brings the images into MNIST's form.

    Examples
    --------
    >>> from skmnist.datasets import load_image_folder
    >>> X, y = load_image_folder("my digits", return_X_y=True)  # doctest: +SKIP
    """
    path = Path(path)
    files, labels = _find_images(path)
    target_names = sorted(set(labels), key=_sort_key(labels))
    index = {name: i for i, name in enumerate(target_names)}
    data = _transform(DigitNormalizer() if normalizer is None else normalizer, files)
    side = round(data.shape[1] ** 0.5)
    title = f"Pictures from {path}"
    description = _DESCRIPTION.format(
        path=path, line="-" * len(title), n=len(files), n_classes=len(target_names)
    )
    result: Any = image_bunch(
        data.reshape(len(data), side, -1),
        np.array([index[label] for label in labels], dtype=np.int64),
        target_names,
        description,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )
    if not return_X_y:
        result.filenames = [str(file) for file in files]
    return result


def _sort_key(labels: list[str]) -> Callable[[str], Any]:
    """Return the key that sorts labels: as numbers if all are numbers."""
    return int if all(label.isdecimal() for label in labels) else str


def _find_images(path: Path) -> tuple[list[Path], list[str]]:
    """Return the images' paths and labels."""
    try:
        if not path.is_dir():
            return _read_csv(path)
        entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
        folders = [entry for entry in entries if entry.is_dir()]
        tables = [entry for entry in entries if entry.suffix.lower() == ".csv"]
        if not folders and len(tables) == 1:
            return _read_csv(tables[0])
        if not folders:
            raise DatasetError(
                f"{path}: holds {len(tables)} CSV files and no folders. Wanted is one folder for "
                "each class, or one CSV file of names and labels."
            )
        images = {folder: _image_files(folder) for folder in folders}
    except DatasetError:
        raise
    except OSError as error:
        raise DatasetError(
            f"{path}: cannot be read ({error.strerror or error}). Wanted is a folder with one "
            "folder for each class, or a CSV file of names and labels."
        ) from error
    empty = [folder.name for folder in folders if not images[folder]]
    if empty:
        raise DatasetError(
            f"{path}: no pictures in the folders {', '.join(empty)}. Wanted is one folder for each "
            "class, with its pictures."
        )
    pairs = [(file, folder.name) for folder in folders for file in images[folder]]
    return [file for file, _ in pairs], [label for _, label in pairs]


def _image_files(folder: Path) -> list[Path]:
    return sorted(
        file
        for file in folder.iterdir()
        if not file.name.startswith(".") and file.name.lower() not in _IGNORED_FILES
    )


def _read_csv(path: Path) -> tuple[list[Path], list[str]]:
    expected = "Wanted is a CSV file of two columns, the pictures' names and their labels."
    try:
        text = path.read_text(encoding="utf-8-sig")
        # The separator of spreadsheet programs depends on their language.
        separator = max(",;\t", key=text.partition("\n")[0].count)
        table = pd.read_csv(
            io.StringIO(text), header=None, sep=separator, dtype=str, keep_default_na=False
        )
    except (ValueError, pd.errors.ParserError) as error:
        reason = str(error).strip()
        raise DatasetError(f"{path}: cannot be read as CSV ({reason}). {expected}") from error
    if table.shape[1] != 2:
        columns = "1 column" if table.shape[1] == 1 else f"{table.shape[1]} columns"
        raise DatasetError(f"{path}: has {columns}. {expected}")
    names, labels = (table[column].str.strip().tolist() for column in (0, 1))
    if "." not in names[0]:
        names, labels = names[1:], labels[1:]
    if not names:
        raise DatasetError(f"{path}: names no pictures. {expected}")
    blank = [i for i, pair in enumerate(zip(names, labels, strict=True), start=1) if "" in pair]
    if blank:
        raise DatasetError(
            f"{path}: the name or the label is empty in picture {blank[0]}. {expected}"
        )
    return [path.parent / name for name in names], labels


def _transform(normalizer: Any, files: list[Path]) -> np.ndarray:
    """Return the images as rows, or raise a DatasetError that names all unusable images."""
    try:
        return normalizer.transform(files)
    except ImageError:
        problems = [problem for file in files if (problem := _load_error(normalizer, file))]
    title = f"{len(problems)} of {len(files)} pictures cannot be used:"
    raise DatasetError("\n".join([title, *problems]))


def _load_error(normalizer: Any, file: Path) -> str | None:
    try:
        normalizer.transform([file])
    except ImageError as error:
        return str(error)
    return None
