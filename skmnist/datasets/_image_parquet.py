"""Load images from a Parquet file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from ._image_table import check_table_params, expand, table_bunch
from ._parquet_table import read_parquet_table

if TYPE_CHECKING:
    import os

    from sklearn.utils import Bunch

    from ._bunch import Frames, LabeledArrays


@overload
def load_image_parquet(
    path: str | os.PathLike[str],
    *,
    label: str | int | None = "auto",
    image_shape: Literal["auto"] | tuple[int, ...] = "auto",
    return_X_y: Literal[False] = False,
    as_frame: bool = False,
) -> Bunch: ...
@overload
def load_image_parquet(
    path: str | os.PathLike[str],
    *,
    label: str | int | None = "auto",
    image_shape: Literal["auto"] | tuple[int, ...] = "auto",
    return_X_y: Literal[True],
    as_frame: Literal[False] = False,
) -> LabeledArrays: ...
@overload
def load_image_parquet(
    path: str | os.PathLike[str],
    *,
    label: str | int | None = "auto",
    image_shape: Literal["auto"] | tuple[int, ...] = "auto",
    return_X_y: Literal[True],
    as_frame: Literal[True],
) -> Frames: ...
def load_image_parquet(
    path: str | os.PathLike[str],
    *,
    label: str | int | None = "auto",
    image_shape: Literal["auto"] | tuple[int, ...] = "auto",
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Any:
    """Load images from a Parquet file (classification).

    The file has one column for each pixel, as a CSV file (see :func:`load_image_csv`), or a single
    column of images: encoded ones (PNG, JPEG), as in the data sets of Hugging Face, or lists of
    pixels. The channels of encoded color images come first: (3, height, width).

    ==============   =================================
    Classes          depends on `path`
    Samples total    depends on `path`
    Dimensionality   depends on `path`
    Features         integers 0-255, or floats
    ==============   =================================

    Parameters
    ----------
    path : str or path-like
        The Parquet file; ``~`` is the home folder.

    label : str, int or None, default="auto"
        The column of the labels: its name, or its position (0 is the first column, -1 the last).
        None if the file has no labels. If "auto", the column named ``label``, ``labels``,
        ``class``, ``target``, ``y`` or ``digit``, in upper or lower case.

    image_shape : tuple of int, default="auto"
        The shape of one image, for example (height, width). If "auto", that of the images, or, if
        the pixels are flat, the rows, columns and channels that are part of their names, or else a
        square.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the attributes of :func:`load_image_csv`.

    (data, target) : tuple if ``return_X_y`` is True
        The arrays, or the DataFrame and the Series.

    Raises
    ------
    DatasetError
        If the file cannot be read, or is not a table of images. It is an ``OSError``.
    ImportError
        If pyarrow is not installed. ``pip install skmnist[parquet]`` installs it.
    ValueError
        If a parameter is invalid.

    See Also
    --------
    load_image_csv : Load images from a CSV file.
    load_image_npz : Load images from a NumPy archive.

    Examples
    --------
    >>> from skmnist.datasets import load_image_parquet
    >>> X, y = load_image_parquet("train.parquet", return_X_y=True)  # doctest: +SKIP
    """
    check_table_params("load_image_parquet", label, image_shape)
    path = expand(path)
    table = read_parquet_table(path, label=label, image_shape=image_shape)
    return table_bunch(table, path, return_X_y=return_X_y, as_frame=as_frame)
