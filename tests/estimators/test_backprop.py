"""BackpropClassifier trains the NeuralNetwork with manual backpropagation."""

import copy

import numpy as np
import pytest
import torch

from skmnist import BackpropClassifier, MLPClassifier
from skmnist._networks.losses import LOSSES
from skmnist._utils.device import AUTOCAST_DTYPES
from tests.helpers import assert_rejected_at_fit, digits, tiny

REQUIRED_ACTIVATIONS = ("sigmoid", "tanh", "relu", "identity")


def test_defaults_are_plain_gradient_descent_on_the_squared_error():
    params = BackpropClassifier().get_params()
    expected = {"loss": "mse", "lr": 0.1, "batch_size": 16, "max_epochs": 20}
    assert {name: params[name] for name in expected} == expected
    assert not {"optimizer", "momentum", "weight_decay", "dropout"} & set(params)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", REQUIRED_ACTIVATIONS)
def test_classifier_learns_digits_with_every_activation_and_loss(activation, loss):
    X, y = digits(step=5)
    X_test, y_test = digits(step=7)
    # Sigmoids have small gradients at first and need more epochs.
    clf = BackpropClassifier((32,), activation, loss=loss, max_epochs=30, random_state=0)
    assert clf.fit(X, y).score(X_test, y_test) > 0.85
    assert clf.loss_curve_[-1] < clf.loss_curve_[0] / 2


@pytest.mark.parametrize("sizes", [(), 8, (8, 7, 6, 5, 4)])
def test_classifier_accepts_any_layer_sizes(sizes):
    X, y = digits()
    clf = BackpropClassifier(sizes, max_epochs=1).fit(X, y)
    inner = (sizes,) if isinstance(sizes, int) else sizes
    assert clf.module_.layer_sizes == (784, *inner, 10)


def test_classifier_takes_the_steps_of_its_network():
    X, y = digits()
    clf = BackpropClassifier((16,), max_epochs=1, shuffle=False, random_state=0, lr=0.1)
    clf.fit(X[:64], y[:64])
    network = copy.deepcopy(clf.module_)
    clf.partial_fit(X[:64], y[:64])
    labels = np.searchsorted(clf.classes_, y[:64])
    for indices in np.split(np.arange(64), 4):
        network.forward(X[indices] / np.float32(255))
        network.backward(labels[indices], loss="mse")
        network.update_params(0.1)
    for i in range(2):
        torch.testing.assert_close(clf.module_.layer(i), network.layer(i), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("cls", [BackpropClassifier, MLPClassifier])
def test_manual_backward_never_calls_autograd(cls, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("autograd was used")

    monkeypatch.setattr(torch.Tensor, "backward", refuse)
    monkeypatch.setattr(torch.autograd, "backward", refuse)
    monkeypatch.setattr(torch.autograd, "grad", refuse)
    X, y = digits()
    assert cls((16,), max_epochs=20, batch_size=16, random_state=0).fit(X, y).score(X, y) > 0.5


def test_backprop_classifier_accepts_the_required_activations():
    X, y = digits()
    for activation in REQUIRED_ACTIVATIONS:
        clf = tiny(BackpropClassifier, activation=activation).fit(X, y)
        assert clf.module_.activation == activation


@pytest.mark.parametrize("precision", AUTOCAST_DTYPES)
def test_mixed_precision_raises(precision):
    X, y = digits()
    clf = BackpropClassifier(precision=precision)
    assert_rejected_at_fit(["'precision'", repr(precision), "MLPClassifier"], clf, X, y)
