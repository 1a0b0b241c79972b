"""Shared by the scripts: the report of the results, small classifiers and data."""

import functools
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
    """Return a small classifier. Parameters that the class does not have are ignored."""
    known = inspect.signature(cls).parameters
    return cls(**{name: value for name, value in {**_SMALL, **params}.items() if name in known})


@functools.cache
def _sample():
    """Return the MNIST sample; reading it again would use memory that a test for leaks counts."""
    return load_mnist_sample(return_X_y=True)


def digits(step=20):
    """Return the pixels (uint8) and the labels of every `step`-th digit of the MNIST sample."""
    X, y = _sample()
    return X[::step].copy(), y[::step].copy()


def fingerprint(clf):
    """Return the SHA-256 checksum of the weights of a fitted classifier."""
    checksum = hashlib.sha256()
    for tensor in clf.module_.state_dict().values():
        checksum.update(tensor.cpu().numpy().tobytes())
    return checksum.hexdigest()


class Report:
    """Print how many attempts met each requirement, and record whether any failed."""

    def __init__(self):
        self.all_passed = True

    def add(self, requirement, description, n_tried, failures):
        """Print the counts of a requirement and a few of the failures."""
        self.all_passed &= n_tried > 0 and not failures
        n_passed = n_tried - len(failures)
        print(f"{requirement:<4} {n_passed:>7,} of {n_tried:>7,}  {description}", flush=True)
        for failure in failures[:8]:
            print(f"            failed: {failure}", flush=True)

    def finish(self):
        """Exit with status 1 if a requirement is not met."""
        print("All requirements are met." if self.all_passed else "A requirement is not met.")
        sys.exit(not self.all_passed)
