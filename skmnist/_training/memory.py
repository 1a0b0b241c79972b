"""Memory: kept for the next batch; and running out of it in words, whatever did, wherever."""

import contextlib

import torch

# How torch and what it calls say that there is no memory left; only CUDA has an error of its own.
_WORDS = (
    "can't allocate memory",
    "not enough memory",
    "out of memory",
    "bad_alloc",
    "ALLOC_FAILED",
)


def keep_freed_memory():
    """Let the C library keep the memory that a batch frees for the next one.

    glibc gives large blocks back at once, and takes each page of them anew, until it has seen a
    block of up to 32 MiB being freed. Of this one no page is ever touched.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)


@contextlib.contextmanager
def memory_errors(advice):
    """Turn every way of running out of memory in the block into a ``MemoryError`` with `advice`."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not _is_out_of_memory(error):
            raise
        said = str(error).partition("\n")[0].rpartition("DefaultCPUAllocator: ")[2]
        said = said.partition(". Error code")[0].rstrip(". ")[:200]
        raise MemoryError(f"Out of memory{said and f' ({said})'}. {advice}") from error


def _is_out_of_memory(error):
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return any(words in str(error) for words in _WORDS)
