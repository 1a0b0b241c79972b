"""Where the arithmetic runs: the device and the floating-point type."""

import contextlib
import threading

import numpy as np
import torch

# Choices of `precision` that name a dtype of the weights; "bfloat16" keeps them in float32 and
# multiplies in bfloat16 under autocast.
PRECISIONS = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.float32}


def _available():
    devices = ["cpu"]
    devices += [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        devices.append("mps")
    return devices


def resolve_device(device):
    """Return the ``torch.device`` that the parameter `device` stands for.

    Parameters
    ----------
    device : str or torch.device
        "auto" takes the first GPU where there is one ("cuda", else "mps"), else the CPU.

    Raises
    ------
    ValueError
        Where this machine has no such device.
    """
    if device == "cpu":
        return torch.device("cpu")  # to look for others takes longer than a small batch
    available = _available()
    if device == "auto":
        return torch.device(available[1] if len(available) > 1 else "cpu")
    try:
        wanted = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise ValueError(_unknown_device(device, available)) from error
    if wanted.type == "cuda" and wanted.index is None:
        wanted = torch.device("cuda:0")
    if str(wanted).removesuffix(":0" if wanted.type != "cuda" else "") not in available:
        raise ValueError(_unknown_device(device, available))
    return wanted


def _unknown_device(device, available):
    return (
        f"device={device!r} is not on this machine, which has {', '.join(map(repr, available))}. "
        "Pass one of these, or device='auto'."
    )


@contextlib.contextmanager
def default_device_cpu():
    """Let tensors be made on the CPU where no device is named, as torch does by itself.

    ``torch.set_default_device`` may have said otherwise. Only then: inside the block each call of
    torch takes longer.
    """
    elsewhere = torch.empty(0).device.type != "cpu"
    with torch.device("cpu") if elsewhere else contextlib.nullcontext():
        yield


def resolve_dtype(precision, data_dtype, device):
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
_open_blocks = 0
_before = None  # cuDNN's settings when the first of the open blocks began


@contextlib.contextmanager
def deterministic_algorithms(wanted, device):
    """Keep cuDNN to algorithms that give the same bits each time, if `wanted` and on a GPU.

    The settings belong to the whole process. Where several threads are inside such a block at
    once, the last one to leave restores what the first one found.
    """
    if not wanted or device.type != "cuda":
        yield
        return
    global _open_blocks, _before
    cudnn = torch.backends.cudnn
    with _lock:
        if _open_blocks == 0:
            _before = (cudnn.deterministic, cudnn.benchmark)
        _open_blocks += 1
        # Benchmarking takes whichever algorithm was quicker this time.
        cudnn.deterministic, cudnn.benchmark = True, False
    try:
        yield
    finally:
        with _lock:
            _open_blocks -= 1
            if _open_blocks == 0:
                cudnn.deterministic, cudnn.benchmark = _before
