"""Device and floating-point type of the computation."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

# Values of `precision` -> dtype of the weights. With "bfloat16" the weights are float32, and
# autocast computes matrix products in bfloat16.
PRECISIONS = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.float32}


def _available_devices() -> list[str]:
    devices = ["cpu"]
    devices += [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        devices.append("mps")
    return devices


def resolve_device(device: str | torch.device) -> torch.device:
    """Return the ``torch.device`` for the value of the `device` parameter.

    Parameters
    ----------
    device : str or torch.device
        "auto" means the first GPU ("cuda" or "mps") if available, otherwise the CPU.

    Raises
    ------
    ValueError
        If the device is not available.
    """
    if device == "cpu":
        return torch.device("cpu")  # faster than a search for GPUs
    available = _available_devices()
    if device == "auto":
        return torch.device(available[1] if len(available) > 1 else "cpu")
    try:
        resolved = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise ValueError(_unknown_device_message(device, available)) from error
    if resolved.type == "cuda" and resolved.index is None:
        resolved = torch.device("cuda:0")
    if str(resolved).removesuffix(":0" if resolved.type != "cuda" else "") not in available:
        raise ValueError(_unknown_device_message(device, available))
    return resolved


def _unknown_device_message(device: str | torch.device, available: list[str]) -> str:
    return (
        "The 'device' parameter must be 'auto' or an available device: "
        f"{', '.join(map(repr, available))}. Got {str(device)!r} instead."
    )


def resolve_dtype(precision: str, data_dtype: np.dtype | type, device: torch.device) -> torch.dtype:
    """Return the dtype of the weights.

    "auto" means float64 for float64 data on the CPU (as in scikit-learn), otherwise float32.
    """
    if precision != "auto":
        return PRECISIONS[precision]
    if data_dtype == np.float64 and device.type == "cpu":
        return torch.float64
    return torch.float32


_lock = threading.Lock()
_depth = 0  # number of active blocks
_saved = (False, False)  # cuDNN's settings before the first active block


@contextlib.contextmanager
def deterministic_algorithms(enabled: bool, device: torch.device) -> Iterator[None]:
    """Use only deterministic cuDNN algorithms inside the block, if `enabled` and on a GPU.

    The settings are global. If several threads are inside such a block, the last one to leave
    restores the original settings.
    """
    if not enabled or device.type != "cuda":
        yield
        return
    global _depth, _saved
    cudnn = torch.backends.cudnn
    with _lock:
        if _depth == 0:
            _saved = (cudnn.deterministic, cudnn.benchmark)
        _depth += 1
        # Benchmarking can select a different algorithm in each run.
        cudnn.deterministic, cudnn.benchmark = True, False
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                cudnn.deterministic, cudnn.benchmark = _saved
