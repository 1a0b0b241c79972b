"""Kuzushiji-MNIST: Japanese characters in MNIST's format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ._dataset_spec import DatasetSpec, idx_split
from ._loading import load_dataset

if TYPE_CHECKING:
    import os

    from sklearn.utils import Bunch

    from ._bunch import Arrays, Frames

_KMNIST = DatasetSpec(
    function="fetch_kmnist",
    torchvision_name="KMNIST",
    splits={
        "train": idx_split(
            "KMNIST", "train", 60_000, labels_checksum="949e75301f8813e0dc5800dcc320fc52"
        ),
        "test": idx_split(
            "KMNIST", "t10k", 10_000, labels_checksum="9f55f451c0988b028eccdf7d5cc265ab"
        ),
    },
    target_names=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    description="""\
Kuzushiji-MNIST
---------------

Cursive Japanese characters (hiragana) from books of the Edo period, in MNIST's format:
60,000 training and 10,000 test images of 28 x 28 gray levels in ten classes.

T. Clanuwat, M. Bober-Irizar, A. Kitamoto, A. Lamb, K. Yamamoto, D. Ha, "Deep learning for
classical Japanese literature", arXiv:1812.01718 (2018). CC BY-SA 4.0, by the Center for
Open Data in the Humanities (CODH).
""",
)


def fetch_kmnist(
    *,
    subset: Literal["train", "test", "all"] = "train",
    return_X_y: bool = False,
    as_frame: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
) -> Bunch | Arrays | Frames:
    """Load Kuzushiji-MNIST: cursive Japanese characters (classification).

    The files are downloaded on first use.

    ================   ==============
    Classes                        10
    Training samples           60,000
    Test samples               10,000
    Dimensionality                784
    Features           integers 0-255
    ================   ==============

    The images show ten characters of hiragana in MNIST's format.

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
    fetch_mnist : Load MNIST, whose format Kuzushiji-MNIST has.

    Notes
    -----
    The SHA-256 checksum of each file is saved next to it when it is downloaded, and
    verified each time the file is read. For files from other sources, the format and the
    size of the images and the MD5 checksum of the labels are checked.

    Kuzushiji-MNIST is published by the Center for Open Data in the Humanities (CODH)
    under CC BY-SA 4.0.

    References
    ----------
    .. [1] T. Clanuwat, M. Bober-Irizar, A. Kitamoto, A. Lamb, K. Yamamoto, D. Ha, "Deep
       learning for classical Japanese literature", arXiv:1812.01718 (2018).

    Examples
    --------
    >>> from skmnist.datasets import fetch_kmnist
    >>> X, y = fetch_kmnist(return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (60000, 784)
    """
    return load_dataset(_KMNIST, subset, return_X_y, as_frame, data_home, download_if_missing)
