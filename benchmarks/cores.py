"""Restrict this process to one processor core (Linux)."""

import contextlib
import os


def pin(core):
    """Run on one core only; return a context manager that allows all previous cores again.

    If `core` is None, nothing changes.
    """
    if core is None:
        return contextlib.nullcontext
    if not hasattr(os, "sched_setaffinity"):
        raise SystemExit("--core needs Linux.")
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


def n_cores():
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
