"""Print the number of bytes by which one fit raises the peak memory of this process.

``python -m benchmarks.memory_child NAME DIGITS.npz THREADS``
"""

import re
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning

from . import contestants as by
from .data import Digits

CONTESTANTS = {
    "skmnist MLP": by.skmnist_mlp,
    "skmnist wide CNN": by.skmnist_cnn,
    "scikit-learn MLP": by.sklearn_mlp,
    "skorch MLP": by.skorch_mlp,
}


def peak_bytes():
    """Return the peak memory of this process.

    On Linux, ``getrusage`` is not used, because a child process inherits its parent's peak.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except FileNotFoundError:
        from resource import RUSAGE_SELF, getrusage

        return getrusage(RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return 1024 * int(re.search(r"VmHWM:\s*(\d+) kB", status)[1])


def main(name, path, threads):
    torch.set_num_threads(int(threads))
    warnings.simplefilter("ignore", ConvergenceWarning)  # one epoch, on purpose
    import skmnist._estimators.cnn  # noqa: F401  (otherwise imported at the first use)
    import skmnist._estimators.mlp  # noqa: F401

    before = peak_bytes()
    with np.load(path) as arrays:
        data = Digits(**arrays, source="")
    CONTESTANTS[name](by.Task(data, epochs=1, threads=int(threads), as_bytes=True))
    print(peak_bytes() - before)


main(*sys.argv[1:])
