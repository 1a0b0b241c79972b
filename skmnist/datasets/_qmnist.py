"""QMNIST: MNIST with the complete test set."""

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
    function="fetch_qmnist",
    torchvision_name="QMNIST",
    splits={
        "train": idx_split("QMNIST", "qmnist-train", 60_000, labels="idx2-int"),
        "test": idx_split("QMNIST", "qmnist-test", 60_000, labels="idx2-int"),
    },
    target_names=tuple(digits),
    # The class, then the origin of the digit in NIST's collection: series, writer, ...
    label_columns=8,
    description="""\
QMNIST
------

A reconstruction of MNIST from the original NIST collection: the 60,000 training digits and
all 60,000 test digits, of which MNIST's test set is the first 10,000. The images have
28 x 28 gray levels. Of the eight label columns (class, NIST series, writer, ...), only the
class is loaded.

C. Yadav, L. Bottou, "Cold case: the lost MNIST digits", NeurIPS (2019), arXiv:1905.10498.
BSD 3-clause license.
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
    """Load QMNIST: MNIST with the complete test set (classification).

    The files are downloaded on first use.

    ================   ==============
    Classes                        10
    Training samples           60,000
    Test samples               60,000
    Dimensionality                784
    Features           integers 0-255
    ================   ==============

    QMNIST is a reconstruction of MNIST from the original NIST collection. It has the
    60,000 training digits and all 60,000 test digits. The first 10,000 of these are
    MNIST's test set; the other 50,000 had been lost.

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

        data : {ndarray, DataFrame} of shape (n_samples, 784), uint8
            The flattened images, with values from 0 to 255.
        target : {ndarray, Series} of shape (n_samples,), int64
            The classes, as indices into `target_names`.
        images : ndarray of shape (n_samples, 28, 28), uint8
            The images. If `data` is an array, it shares its memory with `images`.
        feature_names : list of str
            ``pixel0`` to ``pixel783``, in row-major order.
        target_names : list of str
            The names of the classes.
        frame : DataFrame of shape (n_samples, 785) or None
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
    fetch_mnist : Load the original MNIST.

    Notes
    -----
    The files contain eight labels for each digit (class, NIST series, writer, ...).
    `target` is the class. QMNIST is published under the BSD 3-clause license.

    The SHA-256 checksum of each file is saved next to it when it is downloaded, and
    verified each time the file is read. For files from other sources, the format, the
    size and the range of the labels are checked.

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
