"""USPS: handwritten digits from envelopes."""

from __future__ import annotations

from string import digits
from typing import TYPE_CHECKING, Literal

from ._dataset_spec import DatasetSpec, file_split
from ._loading import load_dataset
from ._read_split import read_usps_split

if TYPE_CHECKING:
    import os

    from sklearn.utils import Bunch

    from ._bunch import Arrays, Frames

_USPS = DatasetSpec(
    function="fetch_usps",
    torchvision_name="USPS",
    splits={
        "train": file_split("usps.bz2", 7_291, "ec16c51db3855ca6c91edd34d0e9b197"),
        "test": file_split("usps.t.bz2", 2_007, "8ea070ee2aca1ac39742fdd1ef5ed118"),
    },
    target_names=tuple(digits),
    image_shape=(16, 16),
    first_label=1,
    read_split=read_usps_split,
    description="""\
USPS
----

Handwritten digits from envelopes of the United States Postal Service: 7,291 training and
2,007 test images of 16 x 16 gray levels. The pixels are from -1 to 1 in the files and are
scaled to 0 to 255, as in torchvision.

J. J. Hull, "A database for handwritten text recognition research", IEEE Transactions on
Pattern Analysis and Machine Intelligence 16 (1994). From the LIBSVM data page, which
does not state a license.
""",
)


def fetch_usps(
    *,
    subset: Literal["train", "test", "all"] = "train",
    return_X_y: bool = False,
    as_frame: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
) -> Bunch | Arrays | Frames:
    """Load USPS: handwritten digits from envelopes (classification).

    The files are downloaded on first use.

    ================   ==============
    Classes                        10
    Training samples            7,291
    Test samples                2,007
    Dimensionality                256
    Features           integers 0-255
    ================   ==============

    The images have 16 x 16 pixels. They are from the United States Postal Service.

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

        data : {ndarray, DataFrame} of shape (n_samples, 256), uint8
            The flattened images, with values from 0 to 255.
        target : {ndarray, Series} of shape (n_samples,), int64
            The classes, as indices into `target_names`.
        images : ndarray of shape (n_samples, 16, 16), uint8
            The images. If `data` is an array, it shares its memory with `images`.
        feature_names : list of str
            ``pixel0`` to ``pixel255``, in row-major order.
        target_names : list of str
            The names of the classes.
        frame : DataFrame of shape (n_samples, 257) or None
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
    fetch_mnist : Load MNIST, with more and larger images of digits.

    Notes
    -----
    The pixels are from -1 to 1 in the files and are scaled to 0 to 255, as in
    torchvision. The MD5 checksum of each file is verified each time the file is read.
    The files are from the LIBSVM data page, which does not state a license.

    References
    ----------
    .. [1] J. J. Hull, "A database for handwritten text recognition research", IEEE
       Transactions on Pattern Analysis and Machine Intelligence 16 (1994).

    Examples
    --------
    >>> from skmnist.datasets import fetch_usps
    >>> X, y = fetch_usps(return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (7291, 256)
    """
    return load_dataset(_USPS, subset, return_X_y, as_frame, data_home, download_if_missing)
