"""On which processor cores this process may run (Linux)."""

import contextlib
import os


def pin(core):
    """Keep to one core; return a context in which all that were allowed before are so again.

    With None nothing changes.
    """
    if core is None:
        return contextlib.nullcontext
    if not hasattr(os, "sched_setaffinity"):
        raise SystemExit("--core works on Linux only.")
    before = os.sched_getaffinity(0)
    if core not in before:
        raise SystemExit(f"--core {core}: not among the allowed cores {sorted(before)}.")
    os.sched_setaffinity(0, {core})

    @contextlib.contextmanager
    def all_cores():
        os.sched_setaffinity(0, before)
        yield
        os.sched_setaffinity(0, {core})

    return all_cores


def n_cores():
    """Return how many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
