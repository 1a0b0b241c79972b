"""Keep freed memory for reuse, and turn out-of-memory errors into readable MemoryErrors."""

from __future__ import annotations

import contextlib
import traceback
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

# What torch and the libraries below it say; only CUDA has an exception class of its own.
_OOM_MESSAGES = (
    "can't allocate memory",
    "not enough memory",
    "out of memory",
    "bad_alloc",
    "ALLOC_FAILED",
)


def raise_mmap_threshold() -> None:
    """Let the C library keep the memory that a batch frees for the next one.

    glibc returns large blocks to the system at once, and then takes each page again, until a
    block of up to 32 MiB has been freed. No page of this block is ever touched.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)


@contextlib.contextmanager
def reraise_oom(hint: str) -> Iterator[None]:
    """Reraise every kind of out-of-memory error in the block as a ``MemoryError`` with `hint`."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        _clear_frames(error)
        details = str(error).partition("\n")[0].rpartition("DefaultCPUAllocator: ")[2]
        details = details.partition(". Error code")[0].rstrip(". ")[:200]
        raise MemoryError(f"Out of memory{details and f' ({details})'}. {hint}") from error


def _clear_frames(error: BaseException | None) -> None:
    """Free the local variables of the calls that failed, which the traceback would keep alive.

    A second fit in the ``except`` block or in the next cell of a notebook needs the memory.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        error = error.__context__


def is_out_of_memory(error: Exception) -> bool:
    """Return whether `error` says that there is too little memory."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return any(message in str(error) for message in _OOM_MESSAGES)
