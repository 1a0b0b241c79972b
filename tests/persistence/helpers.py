"""Exact comparison of saved and loaded estimators."""

import numpy as np
import pandas as pd
import torch
from torch import nn

from skmnist._estimators.fitted_attributes import describe_attributes
from skmnist._persistence.save_load import load, save
from tests.helpers import same_network, small_digits

X, Y = small_digits()


def save_and_load(estimator, tmp_path, **kwargs):
    save(estimator, tmp_path / "model.safetensors")
    return load(tmp_path / "model.safetensors", **kwargs)


def identical(a, b):
    """Return whether two values are exactly equal and have the same types."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.stride() == b.stride() and torch.equal(a, b)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and identical(a.tolist(), b.tolist())
    if isinstance(a, np.random.RandomState):
        return identical(a.get_state()[1], b.get_state()[1])
    if isinstance(a, pd.DataFrame):
        return a.equals(b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(identical(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(identical, a, b))
    return a == b or a is b or a != a


def epoch_records(estimator):
    """Return skorch's history without the records of batches, which are not saved."""
    return [{k: v for k, v in row.items() if k != "batches"} for row in estimator.net_.history]


def assert_identical(a, b, X=X):
    """Assert that two fitted classifiers have equal predictions, parameters and attributes."""
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        assert identical(getattr(a, method)(X), getattr(b, method)(X)), method
    assert identical(a.get_params(), b.get_params())
    attributes = {name for name in vars(a) if name not in a.get_params()} - {"net_"}
    assert attributes == {name for name in vars(b) if name not in b.get_params()} - {"net_"}
    for name in attributes:
        assert identical(vars(a)[name], vars(b)[name]), name
    for name in set(describe_attributes(type(a))) - {"module_", "net_"}:
        assert identical(getattr(a, name, "none"), getattr(b, name, "none")), name
    assert identical(epoch_records(a), epoch_records(b))
    assert identical(dict(a.module_.state_dict()), dict(b.module_.state_dict()))
    assert identical(a.net_.optimizer_.state_dict(), b.net_.optimizer_.state_dict())
    assert not b.module_.training


def assert_trains_identically(a, b, X=X, y=Y):
    """Assert that further training of two classifiers gives exactly the same result."""
    for estimator in (a, b):
        estimator.set_params(random_state=0)
        if not estimator.early_stopping:
            estimator.partial_fit(X, y)
        estimator.set_params(warm_start=True, max_epochs=2).fit(X, y)
    assert same_network(a, b)
    assert a.loss_curve_ == b.loss_curve_


class Perceptron(nn.Module):
    def __init__(self, n_features, n_classes, width=8):
        super().__init__()
        self.hidden = nn.Linear(n_features, width)
        self.norm = nn.BatchNorm1d(width)
        self.out = nn.Linear(width, n_classes)

    def forward(self, x):
        return self.out(torch.relu(self.norm(self.hidden(x))))


def make_perceptron(n_features, n_classes, width=8):
    return Perceptron(n_features, n_classes, width)
