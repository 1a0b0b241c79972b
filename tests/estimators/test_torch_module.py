"""TorchClassifier with custom modules."""

import copy
import functools

import numpy as np
import pytest
import torch
from torch import nn

from skmnist import TorchClassifier
from tests.helpers import digits, same_network, tiny, with_dropout


class Convolution(nn.Module):
    """A convolutional network."""

    def __init__(self, image_shape, n_classes, channels=2):
        super().__init__()
        self.seen = []
        self.conv = nn.Conv2d(image_shape[0], channels, 3)
        self.dense = nn.Linear(channels * (image_shape[1] - 2) * (image_shape[2] - 2), n_classes)

    def forward(self, x):
        self.seen.append(tuple(x.shape[1:]))
        return self.dense(torch.relu(self.conv(x)).flatten(1))


@pytest.mark.parametrize(
    "module, params",
    [
        (Convolution, {"image_shape": (1, 28, 28)}),
        (Convolution, {"image_shape": (1, 28, 28), "module_params": {"channels": 3}}),
        (with_dropout, {}),
        (functools.partial(nn.Linear, 784, 10), {}),
        (nn.Linear, {"module_params": {"in_features": 784, "out_features": 10}}),
        (nn.Sequential(nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10)), {}),
        (nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), {"image_shape": (28, 28)}),
    ],
)
def test_class_function_and_instance_make_the_network(module, params):
    X, y = digits(5)
    clf = TorchClassifier(module, max_epochs=10, random_state=0, **params).fit(X, y)
    assert clf.score(X, y) > 0.7
    again = TorchClassifier(module, max_epochs=10, random_state=0, **params).fit(X, y)
    assert same_network(clf, again)
    if "module_params" in params and module is Convolution:
        assert clf.coefs_[0].shape == (3, 1, 3, 3)


def test_module_gets_images_of_the_given_shape():
    X, y = digits()
    for image_shape, pixels in (
        ((1, 28, 28), X),
        ((1, 14, 56), X),
        (None, X.reshape(-1, 1, 28, 28)),
    ):
        clf = tiny(TorchClassifier, module=Convolution, image_shape=image_shape).fit(pixels, y)
        assert set(clf.module_.seen) == {image_shape or (1, 28, 28)}
        assert clf.predict(pixels).shape == (250,)


def test_instance_is_copied_and_its_weights_are_the_start():
    X, y = digits()
    module = nn.Linear(784, 10)
    before = copy.deepcopy(module.state_dict())
    clf = tiny(TorchClassifier, module=module, lr=1e-30, optimizer="sgd").fit(X, y)
    assert np.array_equal(clf.coefs_[0], before["weight"].T.numpy())
    tiny(TorchClassifier, module=module).fit(X, y)
    assert all(torch.equal(before[name], now) for name, now in module.state_dict().items())
    assert module.weight.grad is None


def test_frozen_weights_of_an_instance_stay_frozen():
    X, y = digits()
    module = nn.Sequential(nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10))
    module[0].requires_grad_(False)
    clf = tiny(TorchClassifier, module=module).fit(X, y)
    assert np.array_equal(clf.coefs_[0], module[0].weight.T.numpy())
    assert not np.array_equal(clf.coefs_[1], module[2].weight.detach().T.numpy())


class InPlace(nn.Module):
    """A network that normalizes its input in place."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.dense = nn.Linear(n_features, n_classes)

    def forward(self, x):
        return self.dense(x.sub_(0.13).div_(0.31))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_in_place_module_does_not_modify_the_input(dtype):
    X, y = digits()
    X = X if dtype == np.uint8 else (X / 255).astype(dtype)
    given = X.copy()
    clf = tiny(TorchClassifier, module=InPlace).fit(given, y, X_val=given, y_val=y)
    first, second = clf.predict_proba(given), clf.predict_proba(given)
    assert np.array_equal(given, X)
    assert np.array_equal(first, second)


def test_error_for_a_wrong_output_shape_names_the_expected_one():
    X, y = digits()
    for n_outputs in (1, 9, 11):
        clf = tiny(TorchClassifier, module=nn.Linear(784, n_outputs))
        with pytest.raises(ValueError, match=rf"shape \(32, 10\), .*Got .*\(32, {n_outputs}\)"):
            clf.fit(X, y)


def test_module_params_without_a_callable_are_rejected():
    X, y = digits()
    for module in (None, nn.Linear(784, 10)):
        with pytest.raises((ValueError, TypeError), match="module_params"):
            tiny(TorchClassifier, module=module, module_params={"width": 3}).fit(X, y)
