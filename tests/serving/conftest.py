"""Fixtures: a model and a running server."""

import pytest

from skmnist import MLPClassifier
from tests.helpers import digits
from tests.serving.helpers import run_server


@pytest.fixture(scope="module")
def data():
    return digits(1)


@pytest.fixture(scope="module")
def clf(data):
    return MLPClassifier(max_epochs=5, random_state=0).fit(*data)


@pytest.fixture(scope="module")
def server(clf):
    """A running server."""
    with run_server(clf) as server:
        yield server
