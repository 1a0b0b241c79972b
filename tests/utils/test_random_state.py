"""Global random generators are seeded and restored."""

import random

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
