"""Where the arithmetic runs: the device and the floating-point type."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

# Choices of `precision` that name a dtype of the weights; "bfloat16" keeps them in float32 and
# multiplies in bfloat16 under autocast.
PRECISIONS = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.float32}


def _available_devices() -> list[str]:
    devices = ["cpu"]
    devices += [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        devices.append("mps")
    return devices


def resolve_device(device: str | torch.device) -> torch.device:
    """Return the ``torch.device`` that the parameter `device` stands for.

    Parameters
    ----------
    device : str or torch.device
        "auto" is the first GPU ("cuda", else "mps") if there is one, else the CPU.

    Raises
    ------
    ValueError
        If this machine has no such device.
    """
    if device == "cpu":
        return torch.device("cpu")  # to look for others takes longer than a small batch
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
        f"device={device!r} is not on this machine, which has {', '.join(map(repr, available))}. "
        "Pass one of these, or device='auto'."
    )


@contextlib.contextmanager
def default_device_cpu() -> Iterator[None]:
    """Make tensors on the CPU if no device is named, as torch does by default.

    ``torch.set_default_device`` may have changed the default. Only then is it set: inside the
    block each call of torch takes longer.
    """
    is_changed = torch.empty(0).device.type != "cpu"
    with torch.device("cpu") if is_changed else contextlib.nullcontext():
        yield


def resolve_dtype(precision: str, data_dtype: np.dtype | type, device: torch.device) -> torch.dtype:
    """Return the dtype of the weights: scikit-learn's rule for "auto".

    On the CPU float64 data trains in float64 and all other data in float32; an accelerator
    always computes in float32 unless told otherwise.
    """
    if precision != "auto":
        return PRECISIONS[precision]
    if data_dtype == np.float64 and device.type == "cpu":
        return torch.float64
    return torch.float32


_lock = threading.Lock()
_depth = 0  # number of open blocks
_saved = (False, False)  # cuDNN's settings before the first of the open blocks


@contextlib.contextmanager
def deterministic_algorithms(enabled: bool, device: torch.device) -> Iterator[None]:
    """Restrict cuDNN to algorithms that give the same bits each time, if `enabled` and on a GPU.

    The settings belong to the whole process. If several threads are inside such a block at
    once, the last one to leave restores what the first one found.
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
        # Benchmarking picks the algorithm that was fastest this time.
        cudnn.deterministic, cudnn.benchmark = True, False
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                cudnn.deterministic, cudnn.benchmark = _saved
