"""SVHN: color photos of house numbers."""

from __future__ import annotations

from string import digits
from typing import TYPE_CHECKING, Literal

from ._dataset_spec import DatasetSpec, file_split
from ._loading import load_dataset
from ._read_color_split import read_svhn_split

if TYPE_CHECKING:
    import os

    from sklearn.utils import Bunch

    from ._bunch import Arrays, Frames

_SVHN = DatasetSpec(
    function="fetch_svhn",
    torchvision_name="SVHN",
    splits={
        "train": file_split("train_32x32.mat", 73_257, "e26dedcc434d2e4c54c9b2d4a06d8373"),
        "test": file_split("test_32x32.mat", 26_032, "eb5a983be6a315427106f1b164d9cef3"),
    },
    target_names=tuple(digits),
    split_argument="split",
    image_shape=(3, 32, 32),
    read_split=read_svhn_split,
    description="""\
SVHN
----

Street View House Numbers: 73,257 training and 26,032 test images of 3 x 32 x 32 values (red, green
and blue) from 0 to 255. Each shows a digit of a house number in its center, often between other
digits.

Y. Netzer, T. Wang, A. Coates, A. Bissacco, B. Wu, A. Y. Ng, "Reading digits in natural images with
unsupervised feature learning", NIPS Workshop on Deep Learning and Unsupervised Feature Learning
(2011). For non-commercial use only.
""",
)


def fetch_svhn(
    *,
    subset: Literal["train", "test", "all"] = "train",
    return_X_y: bool = False,
    as_frame: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
) -> Bunch | Arrays | Frames:
    """Load SVHN: color photos of the digits of house numbers (classification).

    The files (182 MB and 64 MB) are downloaded on first use.

    ================   ==============
    Classes                        10
    Training samples           73,257
    Test samples               26,032
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

    ImportError
        If torchvision, which downloads the files, cannot be imported.

    ValueError
        If a parameter is invalid.

    See Also
    --------
    fetch_cifar10 : Load CIFAR-10, color photos in the same format.

    Notes
    -----
    The label 10 of the files, which is the digit 0, becomes 0. The MD5 checksum of each file is
    verified each time the file is read. The additional 531,131 images of the data set are not
    loaded. The data set may be used for non-commercial purposes only.

    References
    ----------
    .. [1] Y. Netzer, T. Wang, A. Coates, A. Bissacco, B. Wu, A. Y. Ng, "Reading digits in natural
       images with unsupervised feature learning", NIPS Workshop on Deep Learning and Unsupervised
       Feature Learning (2011).

    Examples
    --------
    >>> from skmnist.datasets import fetch_svhn
    >>> X, y = fetch_svhn(return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (73257, 3072)
    """
    return load_dataset(_SVHN, subset, return_X_y, as_frame, data_home, download_if_missing)
