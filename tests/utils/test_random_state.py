"""Global random generators are seeded and restored."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from skmnist._utils.random_state import fork_global_rng


def test_global_generators_are_seeded_and_restored():
    def draw():
        return float(torch.rand(())), float(np.random.rand()), random.random()

    def state():
        numpy = np.random.get_state()[1].tolist()
        return torch.get_rng_state().tolist(), numpy, random.getstate()

    before, drawn = state(), []
    for _ in range(2):
        with fork_global_rng(0, "test"):
            drawn.append(draw())
            with fork_global_rng(1, "test"):
                draw()
            drawn[-1] += draw()
        assert state() == before
    with pytest.raises(KeyError), fork_global_rng(0, "test"):
        raise KeyError
    assert state() == before
    assert drawn[0] == drawn[1]


def test_threads_take_turns_with_the_global_generators():
    entered = threading.Event()

    def draw():
        with fork_global_rng(1, "dropout"):
            entered.set()
            return np.random.rand(2).tolist()

    with fork_global_rng(0, "dropout"):
        expected = np.random.rand(3).tolist()
    with ThreadPoolExecutor(1) as pool:
        with fork_global_rng(0, "dropout"):
            other = pool.submit(draw)
            assert not entered.wait(0.1)
            drawn = np.random.rand(3).tolist()
        assert other.result() == draw()
    assert drawn == expected
