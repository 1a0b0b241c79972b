"""Fixtures: the bundled sample, a digit and a photo of it."""

import pytest

from skmnist.datasets import load_mnist_sample
from tests.preprocessing.helpers import enlarge, make_photo


@pytest.fixture(scope="module")
def sample():
    return load_mnist_sample(return_X_y=True)


@pytest.fixture(scope="module")
def digit(sample):
    """A 5 of 28 x 28 pixels."""
    X, y = sample
    return X[y == 5][0].reshape(28, 28)


@pytest.fixture(scope="module")
def photo(digit):
    return make_photo(enlarge(digit))
