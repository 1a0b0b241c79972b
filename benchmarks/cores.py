"""Restrict this process to one processor core (Linux)."""

import contextlib
import os

# BLAS and OpenMP read these variables when they are loaded.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def pin(core):
    """Run on one core only; return a context manager that allows all previous cores again.

    If `core` is None, nothing changes.
    """
    if core is None:
        return contextlib.nullcontext
    check_pinning()
    before = os.sched_getaffinity(0)
    if core not in before:
        raise SystemExit(
            f"--core must be one of the allowed cores {sorted(before)}. Got {core} instead."
        )
    os.sched_setaffinity(0, {core})

    @contextlib.contextmanager
    def all_cores():
        os.sched_setaffinity(0, before)
        yield
        os.sched_setaffinity(0, {core})

    return all_cores


def check_pinning():
    if not hasattr(os, "sched_setaffinity"):
        raise SystemExit("Running on one core (--core, --cores 1) needs Linux.")


@contextlib.contextmanager
def pinned():
    """Run on the first allowed core inside the block; processes started there inherit it."""
    check_pinning()
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def n_cores():
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
