"""Describe the machine and the libraries that a result belongs to."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import skmnist

_PACKAGES = ("torch", "torchvision", "skorch", "scikit-learn", "numpy")


def cpu():
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(x.split(":", 1)[1].strip() for x in lines if x.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def load():
    """Return the load average; times on a busy machine are unreliable."""
    return f"load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"


def versions():
    """Return {library: version}."""
    others = {name: _version(name) for name in _PACKAGES}
    return {"skmnist": skmnist.__version__, **others, "Python": platform.python_version()}


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
