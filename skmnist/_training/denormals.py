"""Flush denormal numbers to zero inside a block."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def flush_denormals(device: torch.device) -> Iterator[None]:
    """Let the CPU take numbers below 1e-38 (float32) as zero in this Python thread.

    Adam's mean gradients of background pixels decay to such numbers, which many CPUs multiply
    slowly. This changes no weight: Adam divides the means by at least 1e-8.
    """
    already_on = sys.float_info.min / 2 == 0  # torch has no getter
    if device.type != "cpu" or already_on:
        yield
        return
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
