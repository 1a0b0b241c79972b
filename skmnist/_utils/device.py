"""Device and floating-point type of the computation."""

from __future__ import annotations

import contextlib
import threading
import warnings
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

# Values of `precision` -> dtype of the weights.
PRECISIONS = {
    "float32": torch.float32,
    "float64": torch.float64,
    "bfloat16": torch.float32,
    "float16": torch.float32,
}
# Those whose matrix products autocast computes in another dtype.
AUTOCAST_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


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


def copy_to_device(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return a tensor on a device; the copy from the CPU to a GPU doesn't wait for the GPU."""
    if device.type == "cuda" and tensor.device.type == "cpu":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


_lock = threading.Lock()
_depth = 0  # number of active blocks
_saved: tuple[bool, bool, bool | None] = (False, False, None)  # before the first active block


def _get_cudnn_settings() -> tuple[bool, bool, bool | None]:
    """Return cuDNN's settings: deterministic, benchmark, and whether to use TF32.

    The last is None if the program has chosen a precision for some kinds of layers.
    """
    cudnn = torch.backends.cudnn
    try:
        with _ignored_deprecation():
            allow_tf32 = cudnn.allow_tf32
    except RuntimeError:
        allow_tf32 = None
    return cudnn.deterministic, cudnn.benchmark, allow_tf32


def _set_cudnn_settings(deterministic: bool, benchmark: bool, allow_tf32: bool | None) -> None:
    cudnn = torch.backends.cudnn
    cudnn.deterministic, cudnn.benchmark = deterministic, benchmark
    if allow_tf32 is not None:
        with _ignored_deprecation():
            cudnn.allow_tf32 = allow_tf32


@contextlib.contextmanager
def _ignored_deprecation() -> Iterator[None]:
    # torch 2.9 to 2.11 warn of `allow_tf32`. With the newer setting alone, code that reads this
    # one, such as torch.compile, raises an error.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


@contextlib.contextmanager
def deterministic_algorithms(enabled: bool, device: torch.device) -> Iterator[None]:
    """Use only deterministic cuDNN algorithms in float32, if `enabled` and on a GPU.

    cuDNN would round the inputs of convolutions to TF32, and labels differ from those of a CPU.

    The settings are global. If several threads are inside such a block, the last one to leave
    restores the original settings.
    """
    if not enabled or device.type != "cuda":
        yield
        return
    global _depth, _saved
    with _lock:
        if _depth == 0:
            _saved = _get_cudnn_settings()
        _depth += 1
        # Benchmarking can select a different algorithm in each run.
        _set_cudnn_settings(True, False, None if _saved[2] is None else False)
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                _set_cudnn_settings(*_saved)
