"""Fixtures that let the CPU train as a GPU does."""

import pytest

from skmnist._networks import sparse_grad_conv
from skmnist._training import cuda_graphs
from skmnist._training.image_dataset import ImageDataset
from skmnist._training.net import Net
from tests.training import graph_stand_in


class Replays(list):
    """The replays: for each, the number of the graph that was replayed."""

    n_captured = 0


@pytest.fixture
def as_on_gpu(monkeypatch):
    """Let the CPU train as a GPU does: whole mini-batches, dense, without a graph."""
    monkeypatch.setattr(Net, "is_thread_safe", lambda self, training: False)
    monkeypatch.setattr(ImageDataset, "use_sparse", lambda *args: False)
    monkeypatch.setattr(sparse_grad_conv, "is_faster", lambda *args: False)


@pytest.fixture
def replays(monkeypatch, as_on_gpu):
    """Let the CPU capture and replay steps, see :class:`Replays`."""
    replays = Replays()

    def capture(function, device, generators):
        replay = graph_stand_in.capture(function, device, generators)
        number = replays.n_captured
        replays.n_captured += 1

        def noted():
            replays.append(number)
            replay()

        return noted

    monkeypatch.setattr(cuda_graphs, "_DEVICES", ("cpu",))
    monkeypatch.setattr(cuda_graphs, "capture", capture)
    return replays
