"""Test for leaks during many fits and predictions in one process: ``python -m fuzz.soak``.

After a warm-up, the memory, threads, open files and Python objects must not grow. The script needs
Linux.
"""

import argparse
import gc
import os
import threading
import warnings
from pathlib import Path

from fuzz.common import CLASSIFIERS, Report, digits, small

MAX_BYTES = 30 * 2**20
MAX_OBJECTS = 2_000


def _usage():
    gc.collect()
    status = Path("/proc/self/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in status)
    return {
        "bytes": 1024 * int(fields["VmRSS"].split()[0]),
        "threads": int(fields["Threads"]),
        "Python threads": threading.active_count(),
        "open files": len(os.listdir("/proc/self/fd")),
        "warning filters": len(warnings.filters),
        "objects": len(gc.get_objects()),
    }


def _grew(before, after):
    """Yield a description of each resource that grew."""
    allowed = {"bytes": MAX_BYTES, "objects": MAX_OBJECTS}
    for name, value in after.items():
        if value > before[name] + allowed.get(name, 0):
            yield f"{name}: {before[name]:,} -> {value:,}"


def fits(n):
    """Fit `n` small classifiers of all classes in turn, with different parameters."""
    X, y = digits(50)
    options = [{}, {"dropout": 0.3, "batch_norm": True}, {"early_stopping": True, "max_epochs": 3}]
    for i in range(n):
        cls = CLASSIFIERS[i % len(CLASSIFIERS)]
        small(cls, **options[i % len(options)], random_state=i).fit(X, y)


def predicts(n):
    """Predict `n` batches of 1 to 20 images."""
    X, y = digits()
    fitted = [small(cls).fit(X, y) for cls in CLASSIFIERS]
    for i in range(n):
        fitted[i % len(fitted)].predict(X[: 1 + i % 20])


def soak(report, n_fits, n_predicts):
    """Check that no resource grows during many fits and predictions."""
    for name, work, n in (("fits", fits, n_fits), ("predictions", predicts, n_predicts)):
        work(max(24, n // 10))  # warm-up: caches fill, and allocators reserve memory
        before = _usage()
        work(n)
        after = _usage()
        grew = list(_grew(before, after))
        change = (after["bytes"] - before["bytes"]) / 2**20
        description = f"{n:,} {name}: resources that do not grow ({change:+.1f} MB)"
        report.add("soak", description, len(after), grew)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m fuzz.soak", description=__doc__)
    parser.add_argument("--fits", type=int, default=1_000, help="number of fits")
    parser.add_argument("--predicts", type=int, default=100_000, help="number of predictions")
    options = parser.parse_args(argv)
    report = Report()
    soak(report, options.fits, options.predicts)
    report.finish()


if __name__ == "__main__":
    main()
