"""The manual backward pass gives the gradients of autograd."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier
from skmnist._networks.activations import ACTIVATION_MODULES
from skmnist._networks.losses import LOSSES
from skmnist._training.optimizers import OPTIMIZERS
from tests.helpers import classifiers_with, digits, same_network, tiny

SETTINGS = [
    pytest.param(
        {"activation": activation, "loss": loss, "dropout": dropout},
        weighted,
        id=f"{activation}-{loss}-{dropout}-{'weights' if weighted else ''}",
    )
    for activation in ACTIVATION_MODULES
    for loss in LOSSES
    for dropout in (0.0, 0.3)
    for weighted in (False, True)
]


@pytest.mark.parametrize("params, weighted", SETTINGS)
def test_manual_backward_and_autograd_give_the_same_weights(params, weighted, monkeypatch):
    X, y = digits()
    weights = np.linspace(0.1, 1.3, len(y)) if weighted else None
    # float64, where a wrong formula can't pass as rounding; sgd, because Adam divides tiny
    # gradients by themselves and so makes rounding large.
    clf = tiny(
        MLPClassifier,
        hidden_layer_sizes=(16, 8),
        optimizer="sgd",
        momentum=0.9,
        lr=0.1,
        weight_decay=1e-3,
        max_epochs=3,
        **params,
    )
    manual = copy.deepcopy(clf).fit(X / 255, y, sample_weight=weights)
    monkeypatch.setenv("SKMNIST_AUTOGRAD", "1")
    autograd = clf.fit(X / 255, y, sample_weight=weights)
    pairs = zip(manual.module_.parameters(), autograd.module_.parameters(), strict=True)
    for a, b in pairs:
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(manual.loss_curve_, autograd.loss_curve_, rtol=1e-9)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_manual_backward_and_autograd_agree_to_float32_rounding(optimizer, monkeypatch):
    X, y = digits()
    # nadam and adam move by lr however small the gradient is: eps keeps rounding small.
    clf = tiny(MLPClassifier, activation="tanh", optimizer=optimizer, lr=1e-3)
    manual = copy.deepcopy(clf).fit(X, y)
    monkeypatch.setenv("SKMNIST_AUTOGRAD", "1")
    autograd = clf.fit(X, y)
    np.testing.assert_allclose(manual.predict_proba(X), autograd.predict_proba(X), atol=1e-4)
    assert not same_network(manual, tiny(MLPClassifier, optimizer=optimizer).fit(X, y))


def test_environment_variable_enables_autograd(monkeypatch):
    X, y = digits()
    clf = tiny(MLPClassifier, warm_start=True).fit(X, y)
    calls = []
    clf.module_.register_forward_hook(lambda *args: calls.append(torch.is_grad_enabled()))
    clf.fit(X, y)
    assert not calls  # the manual forward pass does not call the module
    monkeypatch.setenv("SKMNIST_AUTOGRAD", "1")
    clf.fit(X, y)
    assert len(calls) == 2 * 8
    assert all(calls)


@classifiers_with("optimizer")
def test_trained_network_can_be_trained_further_with_torch(cls):
    X, y = digits()
    clf = tiny(cls).fit(X, y)
    before = clf.coefs_[0]
    shape = (1, 28, 28) if cls is CNNClassifier else (784,)
    x = torch.tensor(X / np.float32(255)).view(-1, *shape).requires_grad_()
    optimizer = torch.optim.SGD(clf.module_.parameters(), lr=0.1)
    nn.functional.cross_entropy(clf.module_(x), torch.tensor(y)).backward()
    optimizer.step()
    assert x.grad.any()
    assert not np.array_equal(clf.coefs_[0], before)
    clf.partial_fit(X, y)


def test_environment_variable_does_not_affect_backprop_classifier(monkeypatch):
    X, y = digits()
    clf = tiny(BackpropClassifier).fit(X, y)
    monkeypatch.setenv("SKMNIST_AUTOGRAD", "1")
    assert same_network(tiny(BackpropClassifier).fit(X, y), clf)
