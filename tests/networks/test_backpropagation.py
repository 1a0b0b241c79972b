"""Hand-written gradients equal autograd's."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier
from skmnist._networks.activations import ACTIVATION_MODULES
from skmnist._networks.losses import LOSSES
from skmnist._training.optimizers import (
    OPTIMIZERS,
)
from tests.helpers import digits, having, same_network, tiny

BY_HAND = [
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


@pytest.mark.parametrize("params, weighted", BY_HAND)
def test_training_by_hand_and_by_autograd_give_the_same_weights(params, weighted, monkeypatch):
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
    by_hand = copy.deepcopy(clf).fit(X / 255, y, sample_weight=weights)
    monkeypatch.setenv("SKMNIST_AUTOGRAD", "1")
    by_autograd = clf.fit(X / 255, y, sample_weight=weights)
    pairs = zip(by_hand.module_.parameters(), by_autograd.module_.parameters(), strict=True)
    for a, b in pairs:
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(by_hand.loss_curve_, by_autograd.loss_curve_, rtol=1e-9)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_both_ways_agree_to_float32_rounding_with_every_optimizer(optimizer, monkeypatch):
    X, y = digits()
    # nadam and adam move by lr however small the gradient is: eps keeps rounding small.
    clf = tiny(MLPClassifier, activation="tanh", optimizer=optimizer, lr=1e-3)
    by_hand = copy.deepcopy(clf).fit(X, y)
    monkeypatch.setenv("SKMNIST_AUTOGRAD", "1")
    by_autograd = clf.fit(X, y)
    np.testing.assert_allclose(by_hand.predict_proba(X), by_autograd.predict_proba(X), atol=1e-4)
    assert not same_network(by_hand, tiny(MLPClassifier, optimizer=optimizer).fit(X, y))


def test_switch_turns_autograd_on(monkeypatch):
    X, y = digits()
    clf = tiny(MLPClassifier, warm_start=True).fit(X, y)
    calls = []
    clf.module_.register_forward_hook(lambda *args: calls.append(torch.is_grad_enabled()))
    clf.fit(X, y)
    assert not calls  # the hand-written passes don't go through the module
    monkeypatch.setenv("SKMNIST_AUTOGRAD", "1")
    clf.fit(X, y)
    assert len(calls) == 2 * 8
    assert all(calls)


@having("optimizer")
def test_trained_network_is_an_ordinary_module_that_torch_code_can_train_on(cls):
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


def test_switch_does_not_touch_what_is_always_written_by_hand(monkeypatch):
    X, y = digits()
    clf = tiny(BackpropClassifier).fit(X, y)
    monkeypatch.setenv("SKMNIST_AUTOGRAD", "1")
    assert same_network(tiny(BackpropClassifier).fit(X, y), clf)


@pytest.mark.parametrize("activation", ACTIVATION_MODULES)
def test_pooling_before_the_activation_is_the_same_function(activation):
    X, y = digits()
    clf = tiny(CNNClassifier, activation=activation, hidden_layer_sizes=(), max_epochs=1)
    clf.fit(X, y)
    # Far below zero silu and gelu fall: there the largest input hasn't the largest value.
    next(clf.module_.parameters()).data.mul_(50)
    (kernel, dense), (bias, dense_bias) = (
        [torch.tensor(a) for a in arrays] for arrays in (clf.coefs_, clf.intercepts_)
    )
    x = torch.tensor(X / np.float32(255)).view(-1, 1, 28, 28)
    a = ACTIVATION_MODULES[activation]()(nn.functional.conv2d(x, kernel, bias, padding=1))
    logits = nn.functional.max_pool2d(a, 2).flatten(1) @ dense + dense_bias
    np.testing.assert_allclose(clf.decision_function(X), logits.numpy(), rtol=1e-4, atol=1e-3)
