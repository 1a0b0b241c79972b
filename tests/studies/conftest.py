"""Data for the studies, and a fixture that counts epochs."""

import pytest

from skmnist._training.net import Net
from tests.helpers import digits


@pytest.fixture(scope="module")
def data():
    return digits(20)


@pytest.fixture(scope="module")
def held_out():
    X, y = digits(1)
    return {"X_test": X[1::20], "y_test": y[1::20]}


@pytest.fixture
def epochs_run(monkeypatch):
    """Return a list to which each trained epoch is appended."""
    run, train_epoch = [], Net._train_epoch

    def counted(net, images, epoch, trainer):
        run.append(epoch)
        return train_epoch(net, images, epoch, trainer)

    monkeypatch.setattr(Net, "_train_epoch", counted)
    return run
