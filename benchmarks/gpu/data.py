"""The full MNIST, from a data home or from one file that is easily carried along."""

from pathlib import Path

import numpy as np

from ..data import Digits, load_digits, load_sample


def load(path, quick):
    """Return the full MNIST; with `quick` and no path, the bundled sample.

    `path` is the data home, or a NumPy archive like Keras's ``mnist.npz``.
    """
    if path is not None and Path(path).suffix == ".npz":
        data = _load_archive(path)
    elif quick and path is None:
        data = load_sample()
    else:
        data = load_digits(path)
        if data.why_not_full:
            raise SystemExit(data.why_not_full)
    return data.first(640, 200) if quick else data


def _load_archive(path):
    with np.load(path) as archive:
        pixels = [archive[f"x_{part}"].reshape(-1, 784) for part in ("train", "test")]
        labels = [archive[f"y_{part}"].astype(np.int64) for part in ("train", "test")]
    if (len(pixels[0]), len(pixels[1])) == (60_000, 10_000):
        source = "the full MNIST"
    else:
        source = f"images of {Path(path).name}"
    return Digits(pixels[0], labels[0], pixels[1], labels[1], source)


def is_full(data):
    """Return whether the bounds of the measures apply to results on these images."""
    return (len(data), len(data.X_test)) == (60_000, 10_000)
