"""QMNIST: MNIST with its lost test digits."""

from __future__ import annotations

from string import digits
from typing import TYPE_CHECKING, Literal

from ._dataset_spec import DatasetSpec, idx_split
from ._loading import load_dataset

if TYPE_CHECKING:
    import os

    from sklearn.utils import Bunch

    from ._bunch import Arrays, Frames

_QMNIST = DatasetSpec(
    torchvision_name="QMNIST",
    splits={
        "train": idx_split("QMNIST", "qmnist-train", 60_000, labels="idx2-int"),
        "test": idx_split("QMNIST", "qmnist-test", 60_000, labels="idx2-int"),
    },
    target_names=tuple(digits),
    # The class, then where the digit stands in NIST's collection: series, writer, ...
    label_columns=8,
    description="""\
QMNIST
------

MNIST made anew from the NIST collection it came from: the 60,000 training digits, and all
60,000 test digits, of which MNIST kept the first 10,000. 28 x 28 grey levels. Of the eight
label columns (class, NIST series, writer, ...) the class is kept.

C. Yadav, L. Bottou, "Cold case: the lost MNIST digits", NeurIPS (2019), arXiv:1905.10498.
BSD 3-clause licence.
""",
)


def fetch_qmnist(
    *,
    subset: Literal["train", "test", "all"] = "train",
    return_X_y: bool = False,
    as_frame: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
) -> Bunch | Arrays | Frames:
    """Load the QMNIST digits, downloaded once (classification).

    ====================   ==============
    Classes                            10
    Samples for training           60,000
    Samples for testing            60,000
    Dimensionality                    784
    Features               integers 0-255
    ====================   ==============

    MNIST made anew from the NIST collection that it came from: the 60,000 training
    digits, and all 60,000 test digits. The first 10,000 of these are MNIST's test set,
    the other 50,000 were lost until then.

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

        data : {ndarray, DataFrame} of shape (n_samples, 784), uint8
            The images, one a row, with values from 0 to 255.
        target : {ndarray, Series} of shape (n_samples,), int64
            The classes, as positions in `target_names`.
        images : ndarray of shape (n_samples, 28, 28), uint8
            The images; as an array, `data` is a view of them.
        feature_names : list of str
            ``pixel0`` to ``pixel783``, row by row.
        target_names : list of str
            The name of each target value.
        frame : DataFrame of shape (n_samples, 785) or None
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
    fetch_mnist : The original.

    Notes
    -----
    The files hold eight numbers for each digit (class, NIST series, writer, ...), of
    which `target` is the class. Published under the BSD 3-clause licence.

    A checksum of each file is written beside it when it is downloaded, and every byte is
    checked against it (SHA-256) each time the file is read. Of files that came some other
    way the form, the size and the labels' range are checked.

    References
    ----------
    .. [1] C. Yadav, L. Bottou, "Cold case: the lost MNIST digits", NeurIPS (2019),
       arXiv:1905.10498.

    Examples
    --------
    >>> from skmnist.datasets import fetch_qmnist
    >>> X, y = fetch_qmnist(subset="test", return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (60000, 784)
    """
    return load_dataset(_QMNIST, subset, return_X_y, as_frame, data_home, download_if_missing)
