"""Load images from a folder or a CSV file."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skmnist.exceptions import DatasetError, ImageError
from skmnist.preprocessing import DigitNormalizer

from ._bunch import image_bunch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from sklearn.base import TransformerMixin
    from sklearn.utils import Bunch

    from ._bunch import Frames

# Windows creates these files in folders of images, macOS this folder in archives.
_IGNORED = {"thumbs.db", "desktop.ini", "__macosx"}
# Folders of a data set that are parts of it, not classes.
_PARTS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev"}

_DESCRIPTION = """\
Images from {path}
{line}

{n} images of {n_classes} classes, converted to {side} x {side} gray levels from 0 (background) to
255 (foreground).
"""


def load_image_folder(
    path: str | os.PathLike[str],
    *,
    normalizer: TransformerMixin | None = None,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Bunch | tuple[NDArray[np.uint8 | np.float32], NDArray[np.int64]] | Frames:
    """Load your own images of digits from a folder or a CSV file (classification).

    The images are converted to MNIST's format.

    ==============   =================
    Classes          depends on `path`
    Samples total    depends on `path`
    Dimensionality                 784
    Features            integers 0-255
    ==============   =================

    Parameters
    ----------
    path : str or path-like
        The images and their labels; ``~`` is the home folder. One of:

        - a folder with a subfolder of images for each class;
        - a CSV file (see Notes);
        - a folder with exactly one CSV file and no subfolders.

    normalizer : transformer, default=None
        The transformer that converts the images. Its ``transform`` takes a list of paths and
        returns flattened square images. If None, ``DigitNormalizer()``. A DigitNormalizer with
        ``on_error="nan"`` returns NaN for images that cannot be used, instead of raising an
        error.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : {ndarray, DataFrame} of shape (n_samples, 784), uint8
            The flattened images, with values from 0 to 255. float32 if images may be NaN.
        target : {ndarray, Series} of shape (n_samples,), int64
            The classes, as indices into `target_names`.
        images : ndarray of shape (n_samples, 28, 28), uint8
            The images. If `data` is an array, it shares its memory with `images`.
        feature_names : list of str
            ``pixel0`` to ``pixel783``, in row-major order.
        target_names : list of str
            The names of the classes: the names of the subfolders or the labels of the CSV file.
            They are sorted numerically if all are numbers, else alphabetically.
        filenames : list of str
            The paths of the images.
        frame : DataFrame of shape (n_samples, 785) or None
            The columns of `data` and `target`. None if `as_frame` is False.
        DESCR : str
            The description of the data set.

    (data, target) : tuple if ``return_X_y`` is True
        The arrays, or the DataFrame and the Series, as described above.

    Raises
    ------
    DatasetError
        If `path` has another layout, or if images cannot be used. The message lists all images
        that cannot be used. It is an ``OSError``.

    See Also
    --------
    skmnist.preprocessing.DigitNormalizer : Convert images to MNIST's format.

    Notes
    -----
    A CSV file has the encoding UTF-8 and two columns: the file names of the images, relative to
    the folder of the CSV file, and the labels. The separator is a comma, a semicolon or a tab. If
    the first name contains no dot, the first line is a header. A backslash in a name that does not
    exist separates folders, as on Windows.

    If the data set has a training and a test set, load each with a call of its own, for example
    ``load_image_folder("my digits/train")``.

    Files and folders whose names begin with a dot are ignored, and so are those that Windows and
    macOS add: ``Thumbs.db``, ``desktop.ini`` and ``__MACOSX``.

    Examples
    --------
    >>> from skmnist.datasets import load_image_folder
    >>> X, y = load_image_folder("my digits", return_X_y=True)  # doctest: +SKIP
    """
    path = Path(os.path.expanduser(path))
    files, labels = _find_images(path)
    _check_no_folders(path, files)
    target_names = sorted(set(labels), key=_sort_key(labels))
    index = {name: i for i, name in enumerate(target_names)}
    data = _transform(DigitNormalizer() if normalizer is None else normalizer, files)
    side = round(data.shape[1] ** 0.5)
    description = _DESCRIPTION.format(
        path=path,
        line="-" * len(f"Images from {path}"),
        n=len(files),
        n_classes=len(target_names),
        side=side,
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
    """Return the sort key of the labels: numerical if all are numbers, else alphabetical."""
    return int if all(label.isdecimal() for label in labels) else str


def _find_images(path: Path) -> tuple[list[Path], list[str]]:
    """Return the paths and the labels of the images."""
    expected = (
        "Expected a folder with a subfolder of images for each class, or a CSV file of file names "
        "and labels"
    )
    try:
        if not path.is_dir():
            return _read_csv(path)
        entries = _list_folder(path)
        folders = [entry for entry in entries if entry.is_dir()]
        tables = [entry for entry in entries if entry.suffix.lower() == ".csv"]
        if not folders and len(tables) == 1:
            return _read_csv(tables[0])
        if not folders:
            raise DatasetError(
                f"{path}: {expected}, got a folder with {len(tables)} CSV files and no subfolders."
            )
        images = {folder: _list_folder(folder) for folder in folders}
    except DatasetError:
        raise
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror or error}. {expected}.") from error
    empty = [folder.name for folder in folders if not images[folder]]
    if empty:
        raise DatasetError(
            f"{path}: Expected images in each subfolder, got none in {', '.join(empty)}. Add "
            "images or remove the empty subfolders."
        )
    pairs = [(file, folder.name) for folder in folders for file in images[folder]]
    return [file for file, _ in pairs], [label for _, label in pairs]


def _list_folder(folder: Path) -> list[Path]:
    """Return the entries of a folder, without hidden ones and those of an operating system."""
    return sorted(
        entry
        for entry in folder.iterdir()
        if not entry.name.startswith(".") and entry.name.lower() not in _IGNORED
    )


def _check_no_folders(path: Path, files: list[Path]) -> None:
    """Raise a DatasetError if a folder is in the place of an image."""
    folder = next((file for file in files if file.is_dir()), None)
    if folder is None:
        return
    name = folder.relative_to(path) if folder.is_relative_to(path) else folder
    outer = folder.parent
    if folder.name.lower() in _PARTS:
        fix = "Put the classes into the folders of the training and the test set"
        fix += f", as in {folder.name}/{outer.name}, and load each of these folders on its own."
    elif folder.is_relative_to(path) and all(entry.is_dir() for entry in _list_folder(outer)):
        fix = f"If its subfolders are the classes, load {outer.name} on its own: "
        fix += f"load_image_folder({str(outer)!r})."
    else:
        fix = "Move its images, or remove it."
    raise DatasetError(f"{path}: Expected an image, got the folder {name}. {fix}")


def _read_csv(path: Path) -> tuple[list[Path], list[str]]:
    expected = "Expected a CSV file with two columns, the file names of the images and the labels"
    try:
        text = path.read_text(encoding="utf-8-sig")
        # The separator that a spreadsheet program writes depends on the user's language.
        separator = max(",;\t", key=text.partition("\n")[0].count)
        table = pd.read_csv(
            io.StringIO(text), header=None, sep=separator, dtype=str, keep_default_na=False
        )
    except (ValueError, pd.errors.ParserError) as error:
        reason = str(error).strip()
        raise DatasetError(f"{path}: {expected}, but parsing failed: {reason}.") from error
    if table.shape[1] != 2:
        columns = "1 column" if table.shape[1] == 1 else f"{table.shape[1]} columns"
        raise DatasetError(f"{path}: {expected}, got {columns}.")
    names, labels = (table[column].str.strip().tolist() for column in (0, 1))
    if "." not in names[0]:
        names, labels = names[1:], labels[1:]
    if not names:
        raise DatasetError(f"{path}: {expected}, got no images.")
    blank = [i for i, pair in enumerate(zip(names, labels, strict=True), start=1) if "" in pair]
    if blank:
        raise DatasetError(f"{path}: {expected}, got an empty name or label for image {blank[0]}.")
    return [_image_path(path.parent, name) for name in names], labels


def _image_path(folder: Path, name: str) -> Path:
    """Return the path of an image; a table made on Windows separates folders by backslashes."""
    path = folder / name
    return path if path.exists() else folder / name.replace("\\", "/")


def _transform(normalizer: Any, files: list[Path]) -> np.ndarray:
    """Return the flattened images, or raise a DatasetError that lists all unusable images."""
    try:
        # An array also if scikit-learn is configured to return DataFrames.
        return np.asarray(normalizer.transform(files))
    except ImageError:
        problems = [problem for file in files if (problem := _load_error(normalizer, file))]
    title = f"{len(problems)} of {len(files)} images cannot be used:"
    raise DatasetError("\n".join([title, *problems]))


def _load_error(normalizer: Any, file: Path) -> str | None:
    """Return the error message if an image cannot be used, else None."""
    try:
        normalizer.transform([file])
    except ImageError as error:
        return str(error)
    return None
