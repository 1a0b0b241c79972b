"""Load images from a folder or a CSV file."""

from __future__ import annotations

import io
import os
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from skmnist._utils.messages import invalid_parameter_message
from skmnist.exceptions import DatasetError, ImageError

from ._bunch import image_bunch
from ._image_files import for_each_file, read_image_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from sklearn.base import TransformerMixin
    from sklearn.utils import Bunch

    from ._bunch import Frames

# Windows creates these files in folders of images, macOS this folder in archives.
_IGNORED = {"thumbs.db", "desktop.ini", "__macosx"}
_MAX_SIZE = 8000  # 64 million pixels, as many as an image may have that is read
# Folders of a data set that are parts of it, not classes.
_PARTS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev"}

_DESCRIPTION = """\
Images from {path}
{line}

{n} images of {n_classes} classes, {conversion}.
"""


def load_image_folder(
    path: str | os.PathLike[str],
    *,
    size: int | tuple[int, int] | None = None,
    color: Literal["auto"] | bool = "auto",
    normalizer: TransformerMixin | None = None,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Bunch | tuple[NDArray[np.uint8 | np.float32], NDArray[np.int64]] | Frames:
    """Load your own images from a folder or a CSV file (classification).

    The images keep their size and their colors unless you ask for others. Photos of digits can be
    converted to MNIST's format.

    ==============   =================
    Classes          depends on `path`
    Samples total    depends on `path`
    Dimensionality   depends on `size`
    Features            integers 0-255
    ==============   =================

    Parameters
    ----------
    path : str or path-like
        The images and their labels; ``~`` is the home folder. One of:

        - a folder with a subfolder of images for each class;
        - a CSV file (see Notes);
        - a folder with exactly one CSV file and no subfolders.

    size : int or tuple (height, width), default=None
        The size that the images are resized to, in pixels; an int for square images. The aspect
        ratio is not kept. If None, the images are not resized and must have the same size.

    color : "auto" or bool, default="auto"
        Whether to keep the colors. If False, the luminance is used. "auto" keeps them if red, green
        and blue differ in at least one pixel of one image.

    normalizer : transformer, default=None
        A transformer that converts the images instead, such as
        :class:`~skmnist.preprocessing.DigitNormalizer` for photos of digits. Its ``transform``
        takes a list of paths and returns flattened square images. `size` and `color` must then be
        left at their defaults. A DigitNormalizer with ``on_error="nan"`` returns NaN for images
        that cannot be used, instead of raising an error.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : {ndarray, DataFrame} of shape (n_samples, n_features), uint8
            The flattened images, with values from 0 to 255. For color images all red values of an
            image come first, then the green ones, then the blue ones. float32 if `normalizer`
            returns NaN for some images.
        target : {ndarray, Series} of shape (n_samples,), int64
            The classes, as indices into `target_names`.
        images : ndarray of shape (n_samples, height, width) or (n_samples, 3, height, width), uint8
            The images. If `data` is an array, it shares its memory with `images`. Fit a
            CNNClassifier on `images`, or on `data` with ``image_shape=images.shape[1:]``.
        feature_names : list of str
            ``pixel0``, ``pixel1``, ..., in the order of the columns of `data`.
        target_names : list of str
            The names of the classes: the names of the subfolders or the labels of the CSV file.
            They are sorted numerically if all are numbers, else alphabetically.
        filenames : list of str
            The paths of the images.
        frame : DataFrame of shape (n_samples, n_features + 1) or None
            The columns of `data` and `target`. None if `as_frame` is False.
        DESCR : str
            The description of the data set.

    (data, target) : tuple if ``return_X_y`` is True
        The arrays, or the DataFrame and the Series, as described above.

    Raises
    ------
    DatasetError
        If `path` has another layout, if images cannot be used, or if their sizes differ and `size`
        is None. The message lists all images that cannot be used. It is an ``OSError``.

    ValueError
        If `size` or `color` is invalid, or is combined with `normalizer`.

    See Also
    --------
    skmnist.preprocessing.DigitNormalizer : Convert photos of digits to MNIST's format.

    Notes
    -----
    JPEG, PNG, GIF, BMP, TIFF, WebP, PPM and AVIF files are read, and HEIC if pillow-heif is
    installed. The EXIF orientation of photos is applied. Palettes and CMYK become red, green and
    blue, images of 16 bits are divided by 257. Transparent pixels become white, or black behind a
    drawing that is nearly invisible on white.

    A CSV file has the encoding UTF-8 and two columns: the file names of the images, relative to
    the folder of the CSV file, and the labels. The separator is a comma, a semicolon or a tab. If
    the first name contains no dot, the first line is a header. A backslash in a name that does not
    exist separates folders, as on Windows.

    If the data set has a training and a test set, load each with a call of its own, for example
    ``load_image_folder("my images/train")``.

    Files and folders whose names begin with a dot are ignored, and so are those that Windows and
    macOS add: ``Thumbs.db``, ``desktop.ini`` and ``__MACOSX``.

    Examples
    --------
    >>> import numpy as np
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from tempfile import TemporaryDirectory
    >>> from skmnist.datasets import load_image_folder
    >>> colors = {"blue": (0, 0, 255), "red": (255, 0, 0)}
    >>> with TemporaryDirectory() as folder:
    ...     for name, rgb in colors.items():
    ...         Path(folder, name).mkdir()
    ...         Image.new("RGB", (40, 30), rgb).save(Path(folder, name, "1.png"))
    ...     bunch = load_image_folder(folder, size=32)
    >>> bunch.images.shape, bunch.target_names
    ((2, 3, 32, 32), ['blue', 'red'])
    """
    shape = _check_arguments(size, color, normalizer)
    path = Path(os.path.expanduser(path))
    files, labels = _find_images(path)
    _check_no_folders(path, files)
    target_names = sorted(set(labels), key=_sort_key(labels))
    index = {name: i for i, name in enumerate(target_names)}
    if normalizer is None:
        color = color if isinstance(color, str) else bool(color)
        images = read_image_files(path, files, shape, color)
    else:
        images = _transform(normalizer, files)
    description = _DESCRIPTION.format(
        path=path,
        line="-" * len(f"Images from {path}"),
        n=len(files),
        n_classes=len(target_names),
        conversion=_describe(images, normalizer),
    )
    result: Any = image_bunch(
        images,
        np.array([index[label] for label in labels], dtype=np.int64),
        target_names,
        description,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )
    if not return_X_y:
        result.filenames = [str(file) for file in files]
    return result


def _check_arguments(size: Any, color: Any, normalizer: Any) -> tuple[int, int] | None:
    """Raise a ValueError if an argument is invalid; return the size as (height, width) or None."""
    sides = (size, size) if isinstance(size, Integral) else size
    if sides is not None:
        sides = tuple(sides) if isinstance(sides, (tuple, list, np.ndarray)) else ()
        are_ints = all(isinstance(s, Integral) and not isinstance(s, bool) for s in sides)
        if len(sides) != 2 or not are_ints or min(sides) < 1 or max(map(int, sides)) > _MAX_SIZE:
            expected = (
                f"None, an int in the range [1, {_MAX_SIZE}] or a tuple (height, width) of them"
            )
            raise ValueError(invalid_parameter_message("size", "load_image_folder", expected, size))
    if not isinstance(color, (bool, np.bool_)) and not (isinstance(color, str) and color == "auto"):
        expected = "'auto' or a bool"
        raise ValueError(invalid_parameter_message("color", "load_image_folder", expected, color))
    if normalizer is not None and (sides is not None or not isinstance(color, str)):
        expected = "None if size or color is passed, because it determines both"
        message = invalid_parameter_message("normalizer", "load_image_folder", expected, normalizer)
        raise ValueError(message)
    return None if sides is None else (int(sides[0]), int(sides[1]))


def _describe(images: np.ndarray, normalizer: Any) -> str:
    """Return what the values of the images are."""
    height, width = images.shape[-2:]
    if normalizer is not None:
        return (
            f"converted to {height} x {width}\ngray levels from 0 (background) to 255 (foreground)"
        )
    values = "values of red, green and blue" if images.ndim == 4 else "gray levels"
    return f"{height} pixels high and {width} pixels wide,\nas {values} from 0 to 255"


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
        entries = list_folder(path)
        folders = [entry for entry in entries if entry.is_dir()]
        tables = [entry for entry in entries if entry.suffix.lower() == ".csv"]
        if not folders and len(tables) == 1:
            return _read_csv(tables[0])
        if not folders:
            raise DatasetError(
                f"{path}: {expected}, got a folder with {len(tables)} CSV files and no subfolders."
            )
        images = {folder: list_folder(folder) for folder in folders}
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


def list_folder(folder: Path) -> list[Path]:
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
    elif folder.is_relative_to(path) and all(entry.is_dir() for entry in list_folder(outer)):
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
    """Return the converted images, or raise a DatasetError that lists all unusable images."""
    try:
        # An array also if scikit-learn is configured to return DataFrames.
        data = np.asarray(normalizer.transform(files))
    except ImageError:
        for_each_file(files, lambda file: normalizer.transform([file]))
        raise
    side = round(data.shape[1] ** 0.5)
    return data.reshape(len(data), side, -1)
