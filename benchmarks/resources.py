"""Measure peak memory and import time, each in a new process."""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from .measure import Group, Row, show, spread

_CHECKOUT = Path(__file__).parents[1]

IMPORTS = {
    "import skmnist": "import skmnist",
    "from skmnist import MLPClassifier": "from skmnist import MLPClassifier",
    "import torch": "import torch",
    "import sklearn.neural_network": "import sklearn.neural_network",
}


def memory(task, rounds, quick):
    """Measure the peak memory of one epoch of fit, without imports and uint8 images."""
    data = task.data.repeated(2_000 if quick else 60_000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.npz"
        np.savez(path, X=data.X, y=data.y, X_test=data.X_test[:100], y_test=data.y_test[:100])
        rows = []
        for name in ("skmnist MLP", "skmnist wide CNN", "scikit-learn MLP", "skorch MLP"):
            values = []
            for _ in range(min(rounds, 3)):
                show(f"memory: {name}")
                output = _python("-m", "benchmarks.memory_child", name, path, str(task.threads))
                values.append((int(output) - data.X.nbytes) / 1e6)
            rows.append(Row(name, spread(values)))
    show("")
    setting = f"{len(data):,} images, without imports and {data.X.nbytes / 1e6:.0f} MB of images"
    yield Group("memory of fit", setting, "MB", rows)


def import_time(task, rounds, quick):
    timed = "from time import perf_counter as t; start = t(); {}; print(t() - start)"
    seconds = {name: [] for name in IMPORTS}
    for i in range(-1, rounds):  # the first round fills the disk cache
        show(f"import: round {i + 1} of {rounds}")
        for name, statement in IMPORTS.items():
            elapsed = float(_python("-c", timed.format(statement)))
            if i >= 0:
                seconds[name].append(elapsed)
    show("")
    rows = [Row(name, spread(values)) for name, values in seconds.items()]
    yield Group("import", "each in a new process", "s", rows)


def _python(*arguments):
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=_CHECKOUT, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout
