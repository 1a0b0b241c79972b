"""Small data sets and classifiers for the tests."""

import contextlib
import functools
import hashlib
import inspect
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError
from skorch.callbacks import (
    Callback,
)
from torch import nn

import skmnist
from skmnist._estimators.net_classifier import BaseNetClassifier
from skmnist.datasets import load_mnist_sample

# The root of the repository.
ROOT = Path(__file__).resolve().parents[1]

# All public classifiers; new ones are tested automatically.
CLASSIFIERS = [
    value
    for value in (getattr(skmnist, name) for name in skmnist.__all__)
    if isinstance(value, type) and issubclass(value, BaseNetClassifier)
]


every_classifier = pytest.mark.parametrize("cls", CLASSIFIERS, ids=lambda cls: cls.__name__)


@contextlib.contextmanager
def _default_dtype(dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


# Settings of torch that a program may change, other than the defaults.
_TORCH_SETTINGS = {
    "device": lambda: torch.device("meta"),  # not the CPU, and on every machine
    "dtype": lambda: _default_dtype(torch.float64),
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "inference-mode": torch.inference_mode,
    "no-grad": torch.no_grad,
}
every_torch_setting = pytest.mark.parametrize(
    "changed_setting", list(_TORCH_SETTINGS.values()), ids=list(_TORCH_SETTINGS)
)


_TINY = {
    "hidden_layer_sizes": (16,),
    "channels": (4,),
    "batch_size": 32,
    "max_epochs": 2,
    "random_state": 0,
}


def tiny(cls, **params):
    """Return a small classifier that trains quickly."""
    known = {name: value for name, value in _TINY.items() if has(cls, name)}
    return cls(**{**known, **params})


def has(cls, parameter):
    """Return whether the class has the parameter."""
    return parameter in inspect.signature(cls).parameters


@functools.cache
def sample():
    """Return the sample that is bundled with the package; nobody may change it."""
    return load_mnist_sample()


def digits(step=20):
    """Return the pixels (uint8) and labels of every `step`-th real digit of the sample."""
    return sample().data[::step].copy(), sample().target[::step].copy()


def small_digits():
    """Return 100 digits of 14 x 14 pixels, and their labels."""
    X, y = digits(step=50)
    return X.reshape(-1, 28, 28)[:, ::2, ::2].reshape(len(X), -1), y


def brief(value):
    """Return a short string for a value, the same in every process, for the name of a test."""
    text = repr(value)
    return type(value).__name__ if " at 0x" in text or "\n" in text else text[:30]


def same_network(a, b):
    """Return whether the weights of two fitted classifiers are exactly equal."""
    a, b = a.module_.state_dict(), b.module_.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def assert_rejected(parts, function, *args, **kwargs):
    """Check that the call is rejected with a message that contains all the parts."""
    with pytest.raises((ValueError, TypeError)) as caught:
        function(*args, **kwargs)
    message = str(caught.value)
    assert not [part for part in parts if part not in message], message


def assert_rejected_at_fit(parts, clf, *args, **kwargs):
    """Check that fit rejects the input before training and leaves no network."""
    assert_rejected(parts, clf.fit, *args, **kwargs)
    assert not hasattr(clf, "net_")
    with pytest.raises(NotFittedError):
        clf.predict(digits()[0])


def with_pixel(value, dtype=np.float32):
    def change(X):
        X = X.astype(dtype)
        X[3, 100] = value
        return X

    return change


def classifiers_with(*parameters):
    """Parametrize a test with the classifiers that have the parameters."""
    classes = [cls for cls in CLASSIFIERS if all(has(cls, name) for name in parameters)]
    assert classes
    return pytest.mark.parametrize("cls", classes, ids=lambda cls: cls.__name__)


def regularized(cls, **params):
    """Return a tiny classifier with dropout and batch normalization, if it has them."""
    options = {"dropout": 0.3, "batch_norm": True}
    known = {name: value for name, value in options.items() if has(cls, name)}
    return tiny(cls, **{**known, **params})


class EachEpoch(Callback):
    """Call a function after each epoch; copies of the callback share the function."""

    def __init__(self, function):
        self.function = function

    def on_epoch_end(self, net, **kwargs):
        self.function(net)


class EachBatch(Callback):
    """Call a function with the net and the batch before each batch."""

    def __init__(self, function):
        self.function = function

    def on_batch_begin(self, net, batch, training, **kwargs):
        if training:
            self.function(net, batch)


def labels_by_epoch(clf, X, y, **kwargs):
    """Return the class indices of each epoch in the order in which they were trained."""
    epochs = {}

    def note(net, batch):
        epochs.setdefault(net.history[-1, "epoch"], []).extend(batch[1].tolist())

    clf.set_params(callbacks=[EachBatch(note)]).fit(X, y, **kwargs)
    return list(epochs.values())


def digest(clf):
    result = hashlib.sha256()
    for tensor in clf.module_.state_dict().values():
        result.update(tensor.cpu().numpy().tobytes())
    return result.hexdigest()


def digests():
    """Train every classifier and return the digests of the weights, for other processes."""
    X, y = digits()
    return [digest(regularized(cls).fit(X, y)) for cls in CLASSIFIERS]


def run_script(script):
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def run_python(*arguments):
    """Run Python in a new process in the root of the repository; return the lines it prints."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def noisy(x):
    """Augment with noise from the global random generators of torch and NumPy."""
    return x + 0.1 * torch.rand_like(x)


def with_dropout(n_features, n_classes):
    return nn.Sequential(
        nn.Linear(n_features, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, n_classes)
    )


def interrupt(net):
    raise KeyboardInterrupt


def some_weights(n):
    return np.random.default_rng(0).integers(0, 4, n)


def assert_finite_or_rejected(clf, X):
    try:
        proba = clf.predict_proba(X)
    except ValueError as error:
        assert "X" in str(error)
    else:
        assert np.isfinite(proba).all()


def forms(table):
    return pytest.mark.parametrize("form", list(table.values()), ids=list(table))


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


def color_digits(step=50, size=32):
    """Return real digits in colors, uint8 of shape (n_samples, 3, size, size), and their labels.

    The digits and the backgrounds have random colors, and odd digits are in the lower right corner.
    """
    X, y = digits(step)
    rng = np.random.default_rng(0)
    ink = X.reshape(-1, 1, 28, 28) / 255
    foreground, background = rng.uniform(128, 255, (len(X), 3)), rng.uniform(0, 90, (len(X), 3))
    images = np.empty((len(X), 3, size, size))
    images[:] = background[:, :, None, None]
    border = size - 28
    for image, strokes, color, label in zip(images, ink, foreground, y, strict=True):
        offset = border if label % 2 else 0
        window = image[:, offset : offset + 28, offset : offset + 28]
        window += strokes * (color[:, None, None] - window)
    return images.astype(np.uint8), y
