"""Turn the errors of a GPU that failed into a readable DeviceError."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from skmnist.exceptions import DeviceError

from .memory import is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

# What torch, cuDNN and cuBLAS say when a kernel or the device failed.
_FAILURES = ("CUDA error: ", "STATUS_EXECUTION_FAILED")
# Errors after which the device still works.
_RECOVERABLE = ("no kernel image", "captur")  # such as a failed capture of a CUDA graph


def is_device_failure(error: BaseException) -> bool:
    """Return whether `error` says that a GPU failed, after which no process can continue on it."""
    message = str(error)
    return (
        isinstance(error, RuntimeError)
        and any(text in message for text in _FAILURES)
        and not any(text in message for text in _RECOVERABLE)
        and not is_out_of_memory(error)
    )


@contextlib.contextmanager
def reraise_device_failure() -> Iterator[None]:
    """Reraise the errors of a GPU that failed in the block as a ``DeviceError``."""
    try:
        yield
    except RuntimeError as error:
        if not is_device_failure(error):
            raise
        details = str(error).partition("\n")[0].rstrip(". ")[:200]
        raise DeviceError(
            f"The GPU failed ({details}). PyTorch cannot use it in this process again. Start a new "
            "process. A fit with checkpoint_dir can be resumed there: fit(..., resume=True)."
        ) from error
