"""Fashion-MNIST: clothes in the form of MNIST."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ._dataset_spec import DatasetSpec, idx_split
from ._loading import load_dataset

if TYPE_CHECKING:
    import os

    from sklearn.utils import Bunch

    from ._bunch import Arrays, Frames

_FASHION_MNIST = DatasetSpec(
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

Pictures of clothes sold by Zalando, in MNIST's form and numbers (60,000 for training,
10,000 for testing, 28 x 28 grey levels, ten classes) but harder to tell apart.

H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking
machine learning algorithms", arXiv:1708.07747 (2017). MIT licence.
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
    """Load the Fashion-MNIST clothes, downloaded once (classification).

    ====================   ==============
    Classes                            10
    Samples for training           60,000
    Samples for testing            10,000
    Dimensionality                    784
    Features               integers 0-255
    ====================   ==============

    Pictures of clothes in the form of MNIST, but harder to tell apart.

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
    Every byte of the files is checked (MD5) each time they are read.
    Published by Zalando Research under the MIT licence.

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
