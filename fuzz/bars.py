"""What the scripts share: a line for each bar, with its counts, and small subjects to try."""

import hashlib
import inspect
import sys

import skmnist
from skmnist._estimators.base import BaseImageClassifier
from skmnist.datasets import load_mnist_sample

CLASSIFIERS = [
    value
    for value in (getattr(skmnist, name) for name in skmnist.__all__)
    if isinstance(value, type) and issubclass(value, BaseImageClassifier)
]

_SMALL = {
    "hidden_layer_sizes": (16,),
    "channels": (4,),
    "batch_size": 32,
    "max_epochs": 2,
    "random_state": 0,
}


def small(cls, **params):
    """Return a small, quick classifier; parameters that the class doesn't have are left out."""
    known = inspect.signature(cls).parameters
    return cls(**{name: value for name, value in {**_SMALL, **params}.items() if name in known})


def digits(step=20):
    """Return the pixels (uint8) and labels of every `step`-th digit of the sample."""
    X, y = load_mnist_sample(return_X_y=True)
    return X[::step].copy(), y[::step].copy()


def fingerprint(clf):
    """Return the SHA-256 of a fitted classifier's weights."""
    bits = hashlib.sha256()
    for tensor in clf.module_.state_dict().values():
        bits.update(tensor.cpu().numpy().tobytes())
    return bits.hexdigest()


class Bars:
    """Prints how often each bar held, and remembers whether one didn't."""

    def __init__(self):
        self.all_held = True

    def report(self, bar, words, held, tried, examples=()):
        """Print one line, and a few of the cases that didn't hold."""
        self.all_held &= held == tried and tried > 0
        print(f"{bar:<3} {held:>7,} of {tried:>7,}  {words}", flush=True)
        for example in list(examples)[:8]:
            print(f"            not: {example}", flush=True)

    def finish(self):
        """End the script, with 1 where a bar didn't hold."""
        print("Every bar holds." if self.all_held else "A bar does not hold.")
        sys.exit(not self.all_held)
