"""Load images from a NumPy archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from skmnist._utils.messages import invalid_parameter_message
from skmnist._utils.validation import check_choice

from ._image_table import check_table_params, expand, table_bunch
from ._npz_table import read_npz_table

if TYPE_CHECKING:
    import os

    from sklearn.utils import Bunch

    from ._bunch import Frames, LabeledArrays


@overload
def load_image_npz(
    path: str | os.PathLike[str],
    *,
    images: str = "auto",
    label: str | None = "auto",
    subset: Literal["train", "validation", "test"] = "train",
    image_shape: Literal["auto"] | tuple[int, ...] = "auto",
    return_X_y: Literal[False] = False,
    as_frame: bool = False,
) -> Bunch: ...
@overload
def load_image_npz(
    path: str | os.PathLike[str],
    *,
    images: str = "auto",
    label: str | None = "auto",
    subset: Literal["train", "validation", "test"] = "train",
    image_shape: Literal["auto"] | tuple[int, ...] = "auto",
    return_X_y: Literal[True],
    as_frame: Literal[False] = False,
) -> LabeledArrays: ...
@overload
def load_image_npz(
    path: str | os.PathLike[str],
    *,
    images: str = "auto",
    label: str | None = "auto",
    subset: Literal["train", "validation", "test"] = "train",
    image_shape: Literal["auto"] | tuple[int, ...] = "auto",
    return_X_y: Literal[True],
    as_frame: Literal[True],
) -> Frames: ...
def load_image_npz(
    path: str | os.PathLike[str],
    *,
    images: str = "auto",
    label: str | None = "auto",
    subset: Literal["train", "validation", "test"] = "train",
    image_shape: Literal["auto"] | tuple[int, ...] = "auto",
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Any:
    """Load images from a NumPy archive (classification).

    Keras's ``mnist.npz`` and the files of MedMNIST have this format. No object is unpickled.

    ==============   =================================
    Classes          depends on `path`
    Samples total    depends on `path`
    Dimensionality   depends on `path`
    Features         integers 0-255, or floats
    ==============   =================================

    Parameters
    ----------
    path : str or path-like
        The file, written by ``numpy.savez`` or ``numpy.savez_compressed``; ``~`` is the home
        folder.

    images : str, default="auto"
        The name of the array of images. If "auto", one of ``X``, ``images``, ``data``,
        ``features`` and ``pixels``, in upper or lower case, with the name of the subset before or
        after it, as in ``x_train`` and ``train_images``.

    label : str or None, default="auto"
        The name of the array of labels. None if the file has no labels. If "auto", one of ``y``,
        ``labels``, ``target``, ``class`` and ``digit``, with the name of the subset.

    subset : {"train", "validation", "test"}, default="train"
        The set to load. A file with a single set, whose arrays are named without a subset, is read
        as the training set.

    image_shape : tuple of int, default="auto"
        The shape of one image. If "auto", that of the array, or a square if the images are flat.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the attributes of :func:`load_image_csv`. `images` keeps the
        axis of the channels if there is more than one.

    (data, target) : tuple if ``return_X_y`` is True
        The arrays, or the DataFrame and the Series.

    Raises
    ------
    DatasetError
        If the file cannot be read, lacks the arrays, or contains arrays of objects. It is an
        ``OSError``.
    ValueError
        If a parameter is invalid.

    See Also
    --------
    load_image_csv : Load images from a CSV file.
    load_image_parquet : Load images from a Parquet file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skmnist.datasets import load_image_npz, load_mnist_sample
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "digits.npz")
    ...     np.savez_compressed(path, x_train=X[::50], y_train=y[::50], x_test=X[7::50])
    ...     X_train, y_train = load_image_npz(path, return_X_y=True)
    ...     test = load_image_npz(path, subset="test", label=None)
    >>> X_train.shape, test.images.shape
    ((100, 784), (100, 28, 28))
    """
    check_table_params("load_image_npz", label, image_shape)
    check_choice("load_image_npz", "subset", subset, ("train", "validation", "test"))
    for name, value in {"images": images, "label": "auto" if label is None else label}.items():
        if not isinstance(value, str):
            expected = "the name of an array or 'auto'"
            raise ValueError(invalid_parameter_message(name, "load_image_npz", expected, value))
    path = expand(path)
    table = read_npz_table(path, images=images, label=label, subset=subset, image_shape=image_shape)
    return table_bunch(table, path, return_X_y=return_X_y, as_frame=as_frame)
