"""Deterministic algorithms are enabled and disabled."""

import pytest
import torch

from skmnist._utils.device import deterministic_algorithms


def test_cudnn_is_deterministic_inside_the_block_and_restored_after_it():
    cudnn = torch.backends.cudnn

    def settings():
        return cudnn.deterministic, cudnn.benchmark

    before, gpu = settings(), torch.device("cuda")
    try:
        cudnn.benchmark = True
        outside = settings()
        with deterministic_algorithms(True, gpu):
            assert settings() == (True, False)
            with pytest.raises(KeyError), deterministic_algorithms(True, gpu):
                raise KeyError
            assert settings() == (True, False)
        assert settings() == outside
        for enabled, device in ((False, gpu), (True, torch.device("cpu"))):
            with deterministic_algorithms(enabled, device):
                assert settings() == outside
    finally:
        cudnn.deterministic, cudnn.benchmark = before
