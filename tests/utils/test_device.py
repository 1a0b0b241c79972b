"""Deterministic algorithms are enabled and disabled."""

import pytest
import torch

from skmnist._utils.device import _get_cudnn_settings, deterministic_algorithms


def test_cudnn_is_deterministic_inside_the_block_and_restored_after_it():
    cudnn, settings = torch.backends.cudnn, _get_cudnn_settings
    before, gpu = settings(), torch.device("cuda")
    try:
        cudnn.benchmark = True
        outside = settings()
        with deterministic_algorithms(True, gpu):
            assert settings() == (True, False, False)
            with pytest.raises(KeyError), deterministic_algorithms(True, gpu):
                raise KeyError
            assert settings() == (True, False, False)
        assert settings() == outside
        for enabled, device in ((False, gpu), (True, torch.device("cpu"))):
            with deterministic_algorithms(enabled, device):
                assert settings() == outside
    finally:
        cudnn.deterministic, cudnn.benchmark = before[:2]


@pytest.mark.skipif(not hasattr(torch.backends.cudnn, "conv"), reason="needs torch 2.9")
def test_precision_that_the_program_chose_for_convolutions_is_kept():
    conv = torch.backends.cudnn.conv
    before = conv.fp32_precision
    try:
        conv.fp32_precision = "ieee"  # the older setting can't be read any more
        with deterministic_algorithms(True, torch.device("cuda")):
            assert conv.fp32_precision == "ieee"
        assert conv.fp32_precision == "ieee"
    finally:
        conv.fp32_precision = before
    assert torch.backends.cudnn.allow_tf32
