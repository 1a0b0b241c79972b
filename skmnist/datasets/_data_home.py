"""The folder of the fetched data sets."""

from __future__ import annotations

import os


def get_data_home(data_home: str | os.PathLike[str] | None = None) -> str:
    """Return the folder that holds the fetched data sets.

    Unlike scikit-learn's, this function does not create the folder: that happens
    when something is downloaded into it.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder. If None, it is what the environment variable ``SKMNIST_DATA``
        names, else ``~/skmnist_data``. ``~`` stands for the home folder.

    Returns
    -------
    data_home : str
        The path of the folder. Below it the files lie as torchvision lays them
        (``MNIST/raw/train-images-idx3-ubyte``), so a folder that was filled by
        torchvision can be used, and the other way round.

    Examples
    --------
    >>> from skmnist.datasets import get_data_home
    >>> get_data_home("images")
    'images'
    """
    if data_home is None:
        data_home = os.environ.get("SKMNIST_DATA") or os.path.join("~", "skmnist_data")
    return os.path.expanduser(os.fspath(data_home))
