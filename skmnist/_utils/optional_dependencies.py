"""Imports of optional dependencies."""

from __future__ import annotations

from types import ModuleType


def import_torchvision() -> ModuleType:
    """Import torchvision; raise an ImportError with installation instructions if it fails."""
    try:
        import torchvision
    # A torchvision that was built for another version of torch can raise any of these, most often
    # RuntimeError("operator torchvision::nms does not exist").
    except (ImportError, RuntimeError, AttributeError, OSError) as error:
        raise ImportError(
            f"torchvision cannot be imported ({type(error).__name__}: {error}). It is not installed"
            " or was built for another version of torch. Install both from the same index with\n"
            "    pip install --force-reinstall torch torchvision\n"
            "or, without GPU support, with\n"
            "    pip install --force-reinstall torch torchvision"
            " --index-url https://download.pytorch.org/whl/cpu"
        ) from error
    return torchvision


def import_parquet() -> ModuleType:
    """Import pyarrow.parquet; raise an ImportError with installation instructions if it fails."""
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError(
            "Parquet files are read with pyarrow, which cannot be imported. Install it with\n"
            "    pip install skmnist[parquet]"
        ) from error
    return pyarrow.parquet
