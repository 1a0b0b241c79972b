"""USPS: digits from envelopes."""

from __future__ import annotations

from string import digits
from typing import TYPE_CHECKING, Literal

from ._dataset_spec import DatasetSpec, File, Split
from ._loading import load_dataset
from ._read_split import read_usps_split


def _split(name: str, n_images: int, md5: str) -> Split:
    return Split(File(name, md5), File(name, md5), n_images)


if TYPE_CHECKING:
    import os

    from sklearn.utils import Bunch

    from ._bunch import Arrays, Frames

_USPS = DatasetSpec(
    torchvision_name="USPS",
    splits={
        "train": _split("usps.bz2", 7_291, "ec16c51db3855ca6c91edd34d0e9b197"),
        "test": _split("usps.t.bz2", 2_007, "8ea070ee2aca1ac39742fdd1ef5ed118"),
    },
    target_names=tuple(digits),
    image_shape=(16, 16),
    first_label=1,
    read_split=read_usps_split,
    description="""\
USPS
----

Digits from envelopes of the United States Postal Service: 7,291 for training and 2,007
for testing, as 16 x 16 grey levels. The files hold pixels from -1 to 1; as in
torchvision they are brought to 0 to 255.

J. J. Hull, "A database for handwritten text recognition research", IEEE Transactions on
Pattern Analysis and Machine Intelligence 16 (1994). From the LIBSVM data page; no licence
is stated there.
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
    """Load the USPS digits, downloaded once (classification).

    ====================   ==============
    Classes                            10
    Samples for training            7,291
    Samples for testing             2,007
    Dimensionality                    256
    Features               integers 0-255
    ====================   ==============

    Digits from envelopes of the United States Postal Service, as images of 16 x 16.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The images for training, those for testing, or both in this order. The order
        of the samples is the files'.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series.

    data_home : str or path-like, default=None
        The folder for the files. If None, it is what the environment variable
        ``SKMNIST_DATA`` names, else ``~/skmnist_data``. See :func:`get_data_home`.

    download_if_missing : bool, default=True
        If False, raise a DatasetError if the files are not there, instead of
        downloading them.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : {ndarray, DataFrame} of shape (n_samples, 256), uint8
            The images, one a row, with values from 0 to 255.
        target : {ndarray, Series} of shape (n_samples,), int64
            The classes, as positions in `target_names`.
        images : ndarray of shape (n_samples, 16, 16), uint8
            The images; as an array, `data` is a view of them.
        feature_names : list of str
            ``pixel0`` to ``pixel255``, row by row.
        target_names : list of str
            The name of each target value.
        frame : DataFrame of shape (n_samples, 257) or None
            `data` and `target`, if `as_frame` is True.
        DESCR : str
            The description of the data set.

    (data, target) : tuple if ``return_X_y`` is True
        The two of them, as above.

    Raises
    ------
    DatasetError
        If the files are missing, damaged, or cannot be downloaded; an ``OSError``.

    ImportError
        If torchvision, which does the download, cannot be imported.

    See Also
    --------
    fetch_mnist : More and larger images of digits.

    Notes
    -----
    The files hold pixels from -1 to 1; as in torchvision they are brought to 0 to 255.
    Every byte of them is checked (MD5) each time they are read. The data come from the
    LIBSVM data page; no licence is stated there.

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
