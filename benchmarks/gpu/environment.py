"""The machine, the device and the libraries that a result belongs to."""

import re
import shutil
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import torch

from ..cores import n_cores
from ..machine import cpu, load, versions


def environment(device):
    """Return a description of `device` and of the libraries, for JSON."""
    about = {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "device": device,
        "cpu": cpu(),
        "n_cores": n_cores(),
        "load": load(),
        "versions": versions(),
    }
    if device != "cpu":
        about |= _describe_gpu(device)
    return about


def _describe_gpu(device):
    properties = torch.cuda.get_device_properties(device)
    return {
        "gpu": properties.name,
        "gpu_memory": properties.total_memory,
        "multiprocessors": properties.multi_processor_count,
        "compute_capability": f"{properties.major}.{properties.minor}",
        "driver": driver(),
        "CUDA": torch.version.cuda,
        "cuDNN": torch.backends.cudnn.version(),
    }


def driver():
    """Return the version of NVIDIA's driver, or "unknown"."""
    if shutil.which("nvidia-smi"):
        query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        found = subprocess.run(query, capture_output=True, text=True, timeout=30).stdout.split()
        if found:
            return found[0]
    try:
        text = Path("/proc/driver/nvidia/version").read_text()
    except OSError:
        return "unknown"
    version = re.search(r"\d+\.\d+(\.\d+)?", text)
    return version[0] if version else "unknown"
