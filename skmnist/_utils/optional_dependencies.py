"""Imports that wait until they are needed, with errors that say what to install."""

from __future__ import annotations

from types import ModuleType


def import_torchvision() -> ModuleType:
    """Return torchvision, or raise an ImportError that says how to repair its installation."""
    try:
        import torchvision
    # A torchvision built for another torch fails in many ways; the usual one is
    # RuntimeError("operator torchvision::nms does not exist"), then AttributeError.
    except (ImportError, RuntimeError, AttributeError, OSError) as error:
        raise ImportError(
            f"torchvision cannot be imported ({type(error).__name__}: {error}). It is missing, or"
            " it was built for another torch: the two have to come from the same index. Install"
            " both again, either with\n"
            "    pip install --force-reinstall torch torchvision\n"
            "or, without support for a GPU, with\n"
            "    pip install --force-reinstall torch torchvision"
            " --index-url https://download.pytorch.org/whl/cpu"
        ) from error
    return torchvision
