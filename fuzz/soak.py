"""Many fits and predicts in one process, with flat memory: ``python -m fuzz.soak``.

After a warm-up, memory, threads, open files and Python's objects are taken before and after.
For Linux.
"""

import argparse
import gc
import os
import threading
import warnings
from pathlib import Path

from fuzz.bars import CLASSIFIERS, Bars, digits, small

MOST_BYTES = 30 * 2**20
MOST_OBJECTS = 2_000


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
    """Yield in words what grew."""
    allowed = {"bytes": MOST_BYTES, "objects": MOST_OBJECTS}
    for name, value in after.items():
        if value > before[name] + allowed.get(name, 0):
            yield f"{name}: {before[name]:,} -> {value:,}"


def fits(n):
    """Fit `n` small classifiers, of all kinds in turn, some with what they have to offer."""
    X, y = digits(50)
    options = [{}, {"dropout": 0.3, "batch_norm": True}, {"early_stopping": True, "max_epochs": 3}]
    for i in range(n):
        cls = CLASSIFIERS[i % len(CLASSIFIERS)]
        small(cls, **options[i % len(options)], random_state=i).fit(X, y)


def predicts(n):
    """Predict `n` times, of 1 to 20 pictures."""
    X, y = digits()
    fitted = [small(cls).fit(X, y) for cls in CLASSIFIERS]
    for i in range(n):
        fitted[i % len(fitted)].predict(X[: 1 + i % 20])


def soak(bars, n_fits, n_predicts):
    for words, work, n in (("fits", fits, n_fits), ("predicts", predicts, n_predicts)):
        work(max(24, n // 10))  # caches fill, allocators take what they need
        before = _usage()
        work(n)
        after = _usage()
        grew = list(_grew(before, after))
        change = (after["bytes"] - before["bytes"]) / 2**20
        words = f"{n:,} {words}: kinds of use that stay flat ({change:+.1f} MB)"
        bars.report("soak", words, len(after) - len(grew), len(after), grew)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m fuzz.soak", description=__doc__)
    parser.add_argument("--fits", type=int, default=1_000)
    parser.add_argument("--predicts", type=int, default=100_000)
    options = parser.parse_args(argv)
    bars = Bars()
    soak(bars, options.fits, options.predicts)
    bars.finish()


if __name__ == "__main__":
    main()
