"""The digits that all contestants share."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split

from skmnist.datasets import fetch_mnist, get_data_home, load_mnist_sample


@dataclass(frozen=True)
class Digits:
    """Images for training and testing, uint8, with their labels."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    source: str
    why_not_full: str = ""
    torchvision_root: str | None = None  # where torchvision finds the same images

    def __len__(self):
        return len(self.X)

    @cached_property
    def floats(self):
        """The images for training as float32 within 0..1."""
        return as_floats(self.X)

    @cached_property
    def floats_test(self):
        return as_floats(self.X_test)

    def first(self, n):
        """Return the same with at most `n` images for training."""
        return replace(self, X=self.X[:n], y=self.y[:n], torchvision_root=None)

    def repeated(self, n):
        """Return the same with exactly `n` images for training, which come again and again."""
        rows = np.resize(np.arange(len(self)), n)
        return replace(self, X=self.X[rows], y=self.y[rows], torchvision_root=None)


def as_floats(X):
    return np.multiply(X, np.float32(1 / 255), dtype=np.float32)


def load_digits(data_home=None):
    """Return the full MNIST, or the sample that comes along where that isn't there."""
    try:
        return _full(data_home)
    except OSError as error:
        if data_home is not None:
            raise SystemExit(str(error)) from error
        return replace(load_sample(), why_not_full=str(error))


def load_sample():
    X, y = load_mnist_sample(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X, y, test_size=1000, stratify=y, random_state=0)
    return Digits(X, y, X_test, y_test, "the embedded sample of MNIST")


def _full(data_home):
    settings = {"return_X_y": True, "data_home": data_home, "download_if_missing": False}
    train, test = (fetch_mnist(subset=subset, **settings) for subset in ("train", "test"))
    root = get_data_home(data_home)
    unpacked = (Path(root) / "MNIST" / "raw" / "train-images-idx3-ubyte").is_file()
    root = root if unpacked else None
    return Digits(*train, *test, "the full MNIST", torchvision_root=root)
