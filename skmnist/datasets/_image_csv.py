"""Load images from a CSV file with one column for each pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from ._csv_table import read_csv_table
from ._image_table import check_table_params, expand, table_bunch

if TYPE_CHECKING:
    import os

    from sklearn.utils import Bunch

    from ._bunch import Frames, LabeledArrays


@overload
def load_image_csv(
    path: str | os.PathLike[str],
    *,
    label: str | int | None = "auto",
    image_shape: Literal["auto"] | tuple[int, ...] = "auto",
    return_X_y: Literal[False] = False,
    as_frame: bool = False,
) -> Bunch: ...
@overload
def load_image_csv(
    path: str | os.PathLike[str],
    *,
    label: str | int | None = "auto",
    image_shape: Literal["auto"] | tuple[int, ...] = "auto",
    return_X_y: Literal[True],
    as_frame: Literal[False] = False,
) -> LabeledArrays: ...
@overload
def load_image_csv(
    path: str | os.PathLike[str],
    *,
    label: str | int | None = "auto",
    image_shape: Literal["auto"] | tuple[int, ...] = "auto",
    return_X_y: Literal[True],
    as_frame: Literal[True],
) -> Frames: ...
def load_image_csv(
    path: str | os.PathLike[str],
    *,
    label: str | int | None = "auto",
    image_shape: Literal["auto"] | tuple[int, ...] = "auto",
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Any:
    r"""Load images from a CSV file with one column for each pixel (classification).

    This is the format of ``train.csv`` and ``test.csv`` of Kaggle's "Digit Recognizer".

    ==============   =================================
    Classes          depends on `path`
    Samples total    depends on `path`
    Dimensionality   depends on `path`
    Features         integers 0-255, or floats
    ==============   =================================

    Parameters
    ----------
    path : str or path-like
        The CSV file; ``~`` is the home folder. It may be compressed by gzip, bzip2 or xz, or be
        the only file of a zip archive.

    label : str, int or None, default="auto"
        The column of the labels: its name, or its position (0 is the first column, -1 the last).
        None if the file has no labels. If "auto", the column named ``label``, ``labels``,
        ``class``, ``target``, ``y`` or ``digit``, in upper or lower case, or else the only other
        column at the beginning or the end of the table. In a file without a header, it is the first
        or the last column, as their values suggest.

    image_shape : tuple of int, default="auto"
        The shape of one image, for example (height, width). If "auto", the rows, columns and
        channels that are part of the pixels' names, or else a square.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : {ndarray, DataFrame} of shape (n_samples, n_pixels), uint8 or float32
            The flattened images. uint8 if all pixels are integers, else float32.
        target : {ndarray, Series} of shape (n_samples,), int64 or str, or None
            The labels, as they are in the file: int64 if all are integers, else strings. None
            if `label` is None.
        ids : ndarray of shape (n_samples,), int64 or str, or None
            The values of the column ``ImageId``, ``id`` or ``index``, if there is one.
        images : ndarray of shape (n_samples, height, width), uint8 or float32
            The images. If `data` is an array, it shares its memory with `images`.
        feature_names : list of str
            ``pixel0``, ``pixel1``, ..., in row-major order.
        target_names : list of str
            The distinct labels, in the order of ``numpy.unique``, as strings.
        frame : DataFrame of shape (n_samples, n_pixels + 1) or None
            The columns of `data` and `target`. None if `as_frame` is False.
        DESCR : str
            The description of the data set.

    (data, target) : tuple if ``return_X_y`` is True
        The arrays, or the DataFrame and the Series, as described above.

    Raises
    ------
    DatasetError
        If the file cannot be read, or is not a table of images. The message contains the line and
        the column. It is an ``OSError``.
    ValueError
        If a parameter is invalid.

    See Also
    --------
    load_image_npz : Load images from a NumPy archive.
    load_image_parquet : Load images from a Parquet file.
    load_image_folder : Load image files from folders.

    Notes
    -----
    The separator is a comma, a semicolon, a tab, a vertical bar or a space; with a separator other
    than a comma, numbers may have a decimal comma. The encoding is UTF-8 or UTF-16. Columns of
    pixels whose names differ only in numbers (``pixel0``, ``1x1``) are sorted by these numbers.
    Those with several forms of names (``r0``, ``g0``, ``b0``) stay in the order of the file.

    Pixels are integers from 0 to 255, or floats from -1 to 1 or from 0 to 255. All columns are
    used. Columns other than pixels, labels and identifiers are an error.

    The file is read in blocks. Reading therefore needs little more memory than the images.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skmnist.datasets import load_image_csv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "train.csv")
    ...     _ = path.write_text("label,pixel0,pixel1,pixel2,pixel3\n7,0,255,0,9\n1,0,3,0,0\n")
    ...     X, y = load_image_csv(path, return_X_y=True)
    >>> X
    array([[  0, 255,   0,   9],
           [  0,   3,   0,   0]], dtype=uint8)
    >>> y
    array([7, 1])
    """
    check_table_params("load_image_csv", label, image_shape)
    path = expand(path)
    table = read_csv_table(path, label=label, image_shape=image_shape)
    return table_bunch(table, path, return_X_y=return_X_y, as_frame=as_frame)
