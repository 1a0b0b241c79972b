"""Fashion-MNIST: images of clothing in MNIST's format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ._dataset_spec import DatasetSpec, idx_split
from ._loading import load_dataset

if TYPE_CHECKING:
    import os

    from sklearn.utils import Bunch

    from ._bunch import Arrays, Frames

_FASHION_MNIST = DatasetSpec(
    function="fetch_fashion_mnist",
    torchvision_name="FashionMNIST",
    splits={
        "train": idx_split(
            "FashionMNIST",
            "train",
            60_000,
            "f4a8712d7a061bf5bd6d2ca38dc4d50a",
            "9018921c3c673c538a1fc5bad174d6f9",
        ),
        "test": idx_split(
            "FashionMNIST",
            "t10k",
            10_000,
            "8181f5470baa50b63fa0f6fddb340f0a",
            "15d484375f8d13e6eb1aabb0c3f46965",
        ),
    },
    target_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    description="""\
Fashion-MNIST
-------------

Images of clothing sold by Zalando, in MNIST's format: 60,000 training and 10,000 test
images of 28 x 28 gray levels in ten classes. They are harder to classify than MNIST.

H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking
machine learning algorithms", arXiv:1708.07747 (2017). MIT license.
""",
)


def fetch_fashion_mnist(
    *,
    subset: Literal["train", "test", "all"] = "train",
    return_X_y: bool = False,
    as_frame: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
) -> Bunch | Arrays | Frames:
    """Load Fashion-MNIST: images of clothing (classification).

    The files are downloaded on first use.

    ================   ==============
    Classes                        10
    Training samples           60,000
    Test samples               10,000
    Dimensionality                784
    Features           integers 0-255
    ================   ==============

    The images have MNIST's format, but are harder to classify.

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
    fetch_mnist : Load MNIST, whose format Fashion-MNIST has.

    Notes
    -----
    The MD5 checksum of each file is verified each time the file is read.
    Fashion-MNIST is published by Zalando Research under the MIT license.

    References
    ----------
    .. [1] H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for
       benchmarking machine learning algorithms", arXiv:1708.07747 (2017).

    Examples
    --------
    >>> from skmnist.datasets import fetch_fashion_mnist
    >>> X, y = fetch_fashion_mnist(return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (60000, 784)
    """
    return load_dataset(
        _FASHION_MNIST, subset, return_X_y, as_frame, data_home, download_if_missing
    )
