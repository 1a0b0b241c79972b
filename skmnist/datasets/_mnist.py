"""MNIST: handwritten digits."""

from __future__ import annotations

from string import digits
from typing import TYPE_CHECKING, Literal

from ._dataset_spec import DatasetSpec, idx_split
from ._loading import load_dataset

if TYPE_CHECKING:
    import os

    from sklearn.utils import Bunch

    from ._bunch import Arrays, Frames

_MNIST = DatasetSpec(
    function="fetch_mnist",
    torchvision_name="MNIST",
    splits={
        "train": idx_split(
            "MNIST",
            "train",
            60_000,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        "test": idx_split(
            "MNIST",
            "t10k",
            10_000,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    },
    target_names=tuple(digits),
    description="""\
MNIST
-----

Handwritten digits of American census employees and high-school students: 60,000 training
images, and 10,000 test images by other writers. Each digit is scaled to 20 x 20 pixels and
its center of mass is at the center of 28 x 28 gray levels, from 0 (background) to 255
(foreground).

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86 (1998). Y. LeCun, C. Cortes, C. Burges;
usually distributed under CC BY-SA 3.0.
""",
)


def fetch_mnist(
    *,
    subset: Literal["train", "test", "all"] = "train",
    return_X_y: bool = False,
    as_frame: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
) -> Bunch | Arrays | Frames:
    """Load MNIST: handwritten digits (classification).

    The files are downloaded on first use.

    ================   ==============
    Classes                        10
    Training samples           60,000
    Test samples               10,000
    Dimensionality                784
    Features           integers 0-255
    ================   ==============

    The digits are white on black. Each is scaled to 20 x 20 pixels, and its center of mass
    is at the center of 28 x 28 pixels.

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
    load_mnist_sample : Load 5,000 of the training images, without a download.
    fetch_qmnist : Load the same digits with the complete test set.

    Notes
    -----
    The SHA-256 checksum of each file is verified each time the file is read. MNIST was
    created by Y. LeCun, C. Cortes and C. Burges. It is usually distributed under
    CC BY-SA 3.0.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied
       to document recognition", Proceedings of the IEEE 86 (1998).

    Examples
    --------
    >>> from skmnist.datasets import fetch_mnist
    >>> X, y = fetch_mnist(return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (60000, 784)
    """
    return load_dataset(_MNIST, subset, return_X_y, as_frame, data_home, download_if_missing)
