"""Numbers too small for a float's full precision, taken as zero for a while."""

import contextlib
import sys

import torch


@contextlib.contextmanager
def denormals_as_zero(device):
    """Let the CPU take numbers below 1e-38 (float32) for zero in this Python thread.

    Adam's means of the gradients of pixels without ink fade to such numbers, which many CPUs
    multiply slowly. No weight changes by it: what Adam divides them by is at least 1e-8.
    """
    before = sys.float_info.min / 2 == 0  # torch doesn't tell
    if device.type != "cpu" or before:
        yield
        return
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
