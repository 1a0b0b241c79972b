"""Deterministic algorithms are switched on and off."""

import pytest
import torch

from skmnist._utils.device import deterministic_algorithms


def test_cudnn_is_deterministic_inside_the_block_and_as_before_after_it():
    cudnn = torch.backends.cudnn

    def flags():
        return cudnn.deterministic, cudnn.benchmark

    before, gpu = flags(), torch.device("cuda")
    try:
        cudnn.benchmark = True
        outside = flags()
        with deterministic_algorithms(True, gpu):
            assert flags() == (True, False)
            with pytest.raises(KeyError), deterministic_algorithms(True, gpu):
                raise KeyError
            assert flags() == (True, False)
        assert flags() == outside
        for wanted, device in ((False, gpu), (True, torch.device("cpu"))):
            with deterministic_algorithms(wanted, device):
                assert flags() == outside
    finally:
        cudnn.deterministic, cudnn.benchmark = before
