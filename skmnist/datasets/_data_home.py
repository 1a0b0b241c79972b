"""The folder of the downloaded data sets."""

from __future__ import annotations

import os


def get_data_home(data_home: str | os.PathLike[str] | None = None) -> str:
    """Return the folder of the downloaded data sets.

    Unlike scikit-learn's function of the same name, this function does not create the
    folder. It is created by the first download.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder. If None, the environment variable ``SKMNIST_DATA`` if it is set, else
        ``~/skmnist_data``. ``~`` is replaced by the user's home folder.

    Returns
    -------
    data_home : str
        The path of the folder.

    Notes
    -----
    The folder has torchvision's layout, for example
    ``MNIST/raw/train-images-idx3-ubyte``. A folder that torchvision has filled can be
    used here, and vice versa.

    Examples
    --------
    >>> from skmnist.datasets import get_data_home
    >>> get_data_home("images")
    'images'
    """
    if data_home is None:
        data_home = os.environ.get("SKMNIST_DATA") or os.path.join("~", "skmnist_data")
    return os.path.expanduser(os.fspath(data_home))
