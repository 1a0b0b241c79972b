"""CIFAR-10: small color photos of animals and vehicles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ._dataset_spec import DatasetSpec, file_split
from ._loading import load_dataset
from ._read_color_split import read_cifar_split

if TYPE_CHECKING:
    import os

    from sklearn.utils import Bunch

    from ._bunch import Arrays, Frames

# The binary version, because torchvision reads the version for Python with pickle.
_ARCHIVE = "cifar-10-binary.tar.gz"
_MD5 = (
    "c32a1d4ab5d03f1284b67883e8d87530"  # published at https://www.cs.toronto.edu/~kriz/cifar.html
)

_CIFAR10 = DatasetSpec(
    function="fetch_cifar10",
    torchvision_name="CIFAR10",
    url=f"https://www.cs.toronto.edu/~kriz/{_ARCHIVE}",
    splits={
        "train": file_split(_ARCHIVE, 50_000, _MD5, "train"),
        "test": file_split(_ARCHIVE, 10_000, _MD5, "test"),
    },
    target_names=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    image_shape=(3, 32, 32),
    read_split=read_cifar_split,
    description="""\
CIFAR-10
--------

Color photos of animals and vehicles: 50,000 training and 10,000 test images of 3 x 32 x 32 values
(red, green and blue) from 0 to 255 in ten classes, 6,000 of each class.

A. Krizhevsky, "Learning multiple layers of features from tiny images", technical report, University
of Toronto (2009). The web page of the data set does not state a license.
""",
)


def fetch_cifar10(
    *,
    subset: Literal["train", "test", "all"] = "train",
    return_X_y: bool = False,
    as_frame: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
) -> Bunch | Arrays | Frames:
    """Load CIFAR-10: color photos of animals and vehicles (classification).

    The file (162 MB) is downloaded on first use.

    ================   ==============
    Classes                        10
    Training samples           50,000
    Test samples               10,000
    Dimensionality              3,072
    Features           integers 0-255
    ================   ==============

    The images have 32 x 32 pixels and three channels: red, green and blue. To fit a convolutional
    network, pass `images`, or `data` with ``image_shape=(3, 32, 32)``.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The training set, the test set, or the training set followed by the test set.
        The samples are in the order of the files.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series.

    data_home : str or path-like, default=None
        The folder of the data sets. If None, the environment variable ``SKMNIST_DATA``
        if it is set, else ``~/skmnist_data``. See :func:`get_data_home`.

    download_if_missing : bool, default=True
        Whether to download missing files. If False, a DatasetError is raised instead.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : {ndarray, DataFrame} of shape (n_samples, 3072), uint8
            The flattened images, with values from 0 to 255.
        target : {ndarray, Series} of shape (n_samples,), int64
            The classes, as indices into `target_names`.
        images : ndarray of shape (n_samples, 3, 32, 32), uint8
            The images. If `data` is an array, it shares its memory with `images`.
        feature_names : list of str
            ``pixel0`` to ``pixel3071``, in row-major order.
        target_names : list of str
            The names of the classes.
        frame : DataFrame of shape (n_samples, 3073) or None
            The columns of `data` and `target`. None if `as_frame` is False.
        DESCR : str
            The description of the data set.

    (data, target) : tuple if ``return_X_y`` is True
        The arrays, or the DataFrame and the Series, as described above.

    Raises
    ------
    DatasetError
        If the files are missing, damaged or cannot be downloaded. It is an ``OSError``.

    ValueError
        If a parameter is invalid.

    See Also
    --------
    fetch_svhn : Load SVHN, color photos of digits in the same format.

    Notes
    -----
    The file is ``cifar-10-binary.tar.gz``, the binary version of the data set. torchvision uses
    the version for Python, which consists of pickled objects that could execute code. Its MD5
    checksum is verified each time the file is read. The web page of the data set does not state a
    license.

    References
    ----------
    .. [1] A. Krizhevsky, "Learning multiple layers of features from tiny images",
       technical report, University of Toronto (2009).

    Examples
    --------
    >>> from skmnist.datasets import fetch_cifar10
    >>> X, y = fetch_cifar10(return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (50000, 3072)
    """
    return load_dataset(_CIFAR10, subset, return_X_y, as_frame, data_home, download_if_missing)
