"""The images that all contestants train on.

``skmnist.datasets`` is imported when it is used, since it needs packages that training doesn't.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split


@dataclass(frozen=True)
class Digits:
    """Training and test images (uint8) with their labels."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    source: str
    why_not_full: str = ""
    torchvision_root: str | None = None  # the folder in which torchvision finds the same images

    def __len__(self):
        return len(self.X)

    @cached_property
    def floats(self):
        """Training images as float32 in [0, 1]."""
        return as_floats(self.X)

    @cached_property
    def floats_test(self):
        return as_floats(self.X_test)

    def first(self, n, n_test=None):
        """Return a copy with the first `n` training and `n_test` test images."""
        return replace(
            self,
            X=self.X[:n],
            y=self.y[:n],
            X_test=self.X_test[:n_test],
            y_test=self.y_test[:n_test],
            torchvision_root=None,
        )

    def repeated(self, n):
        """Return a copy with exactly `n` training images; images are repeated if necessary."""
        indices = np.resize(np.arange(len(self)), n)
        return replace(self, X=self.X[indices], y=self.y[indices], torchvision_root=None)


def as_floats(X):
    return np.multiply(X, np.float32(1 / 255), dtype=np.float32)


def load_digits(data_home=None):
    """Return the full MNIST, or the bundled sample if the full MNIST is missing."""
    try:
        return _full(data_home)
    except OSError as error:
        if data_home is not None:
            raise SystemExit(str(error)) from error
        return replace(load_sample(), why_not_full=str(error))


def load_sample():
    from skmnist.datasets import load_mnist_sample

    X, y = load_mnist_sample(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X, y, test_size=1000, stratify=y, random_state=0)
    return Digits(X, y, X_test, y_test, "the bundled sample of MNIST")


def _full(data_home):
    from skmnist.datasets import fetch_mnist, get_data_home

    settings = {"return_X_y": True, "data_home": data_home, "download_if_missing": False}
    train, test = (fetch_mnist(subset=subset, **settings) for subset in ("train", "test"))
    root = get_data_home(data_home)
    unpacked = (Path(root) / "MNIST" / "raw" / "train-images-idx3-ubyte").is_file()
    root = root if unpacked else None
    return Digits(*train, *test, "the full MNIST", torchvision_root=root)
