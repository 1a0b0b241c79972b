"""Deterministic algorithms are enabled and disabled."""

import pytest
import torch

from skmnist._utils.device import _get_cudnn_settings, deterministic_algorithms


def test_cudnn_is_deterministic_inside_the_block_and_restored_after_it():
    cudnn, settings = torch.backends.cudnn, _get_cudnn_settings
    full_precision = "ieee" if hasattr(cudnn, "conv") else False  # without TF32
    before, gpu = settings(), torch.device("cuda")
    try:
        cudnn.benchmark = True
        outside = settings()
        with deterministic_algorithms(True, gpu):
            assert settings() == (True, False, full_precision)
            with pytest.raises(KeyError), deterministic_algorithms(True, gpu):
                raise KeyError
            assert settings() == (True, False, full_precision)
        assert settings() == outside
        for enabled, device in ((False, gpu), (True, torch.device("cpu"))):
            with deterministic_algorithms(enabled, device):
                assert settings() == outside
    finally:
        cudnn.deterministic, cudnn.benchmark = before[:2]
