"""Kuzushiji-MNIST: Japanese characters in the form of MNIST."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ._dataset_spec import DatasetSpec, idx_split
from ._loading import load_dataset

if TYPE_CHECKING:
    import os

    from sklearn.utils import Bunch

    from ._bunch import Arrays, Frames

_KMNIST = DatasetSpec(
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

Cursive Japanese characters (hiragana) from books of the Edo period, in MNIST's form and
numbers: 60,000 for training, 10,000 for testing, 28 x 28 grey levels, ten classes.

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
    """Load the Kuzushiji-MNIST characters, downloaded once (classification).

    ====================   ==============
    Classes                            10
    Samples for training           60,000
    Samples for testing            10,000
    Dimensionality                    784
    Features               integers 0-255
    ====================   ==============

    Cursive Japanese characters (hiragana) in the form of MNIST.

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
    fetch_mnist : The digits whose form this set has.

    Notes
    -----
    A checksum of each file is written beside it when it is downloaded, and every byte is
    checked against it (SHA-256) each time the file is read. Of image files that came some
    other way the form and the size are checked, of label files every byte (MD5).

    Published by the Center for Open Data in the Humanities (CODH) under CC BY-SA 4.0.

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
