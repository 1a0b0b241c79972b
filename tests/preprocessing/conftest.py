"""Fixtures: the bundled sample, a digit and a photo of it."""

import pytest

from tests.helpers import digits
from tests.preprocessing.helpers import enlarge, make_photo


@pytest.fixture(scope="module")
def sample():
    return digits(1)


@pytest.fixture(scope="module")
def digit(sample):
    """A 5 of 28 x 28 pixels."""
    X, y = sample
    return X[y == 5][0].reshape(28, 28)


@pytest.fixture(scope="module")
def photo(digit):
    return make_photo(enlarge(digit))
