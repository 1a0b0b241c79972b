"""A custom module is checked on its first batch."""

import math

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from torch import nn

from skmnist import TorchClassifier
from tests.helpers import assert_rejected, assert_rejected_at_fit, digits, small_digits, tiny


class Last(nn.Module):
    """A network that ends in a function."""

    def __init__(self, n_features, n_classes, function):
        super().__init__()
        self.dense = nn.Linear(n_features, n_classes)
        self.function = function

    def forward(self, x):
        return self.function(self.dense(x))


def ends_in(function, **params):
    return tiny(TorchClassifier, module=Last, module_params={"function": function}, **params)


def softmax_by_hand(outputs):
    return outputs.exp() / outputs.exp().sum(1, keepdim=True)


BOUNDED = {
    "Softmax": (nn.Softmax(1), "softmax", 1),
    "softmax": (lambda outputs: torch.softmax(outputs, 1), "softmax", 1),
    "softmax-by-hand": (softmax_by_hand, "softmax", 1),
    "Sigmoid": (nn.Sigmoid(), "sigmoid", 1),
    "tanh": (torch.tanh, "tanh", 2),
}


@pytest.mark.parametrize("function, name, width", list(BOUNDED.values()), ids=list(BOUNDED))
@pytest.mark.parametrize("n_classes", [2, 10])
def test_bounded_outputs_give_a_warning_with_the_highest_probability(
    function, name, width, n_classes
):
    X, y = small_digits()
    X, y = X.repeat(2, axis=0), y.repeat(2) % n_classes
    clf = ends_in(function)
    with pytest.warns(
        ConvergenceWarning, match=f"must return logits, .* end in a {name}"
    ) as caught:
        clf.fit(X, y)
    assert [warning.filename for warning in caught] == [__file__]
    highest = math.exp(width) / (math.exp(width) + n_classes - 1)
    assert f"can exceed {highest:.2f}." in str(caught[0].message)
    assert clf.predict_proba(X).max() < highest + 1e-6


@pytest.mark.parametrize(
    "params", [{"batch_size": 1}, {"precision": "bfloat16"}, {"optimizer": torch.optim.LBFGS}]
)
def test_bounded_outputs_are_noticed_with_every_kind_of_step(params):
    X, y = small_digits()
    with pytest.warns(ConvergenceWarning, match="logits"):
        ends_in(torch.sigmoid, **params).fit(X, y)
    with pytest.warns(ConvergenceWarning, match="logits"):
        ends_in(nn.Softmax(1), **params).partial_fit(X, y)


LOGITS = {
    "none": nn.Identity(),
    "log-softmax": nn.LogSoftmax(1),
    "relu": torch.relu,
    "zeros": lambda outputs: outputs * 0,
    "shifted": lambda outputs: outputs + 5,
}


@pytest.mark.parametrize("function", list(LOGITS.values()), ids=list(LOGITS))
def test_logits_give_no_warning(function):
    # Warnings are errors in these tests.
    ends_in(function).fit(*small_digits())


def test_bounded_outputs_are_correct_with_the_squared_error():
    ends_in(torch.sigmoid, loss="mse").fit(*small_digits())


def convolution(n_classes):
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(2 * 26 * 26, n_classes))


def pooling(n_classes):
    return nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(784, n_classes))


def unpacking(n_classes):
    class Module(nn.Linear):
        def forward(self, x):
            _n, channels, _height, _width = x.shape
            return super().forward(x.flatten(channels))

    return Module(784, n_classes)


@pytest.mark.parametrize("module", [convolution, pooling, unpacking])
def test_error_for_a_module_that_expects_images_names_image_shape(module):
    X, y = digits(50)
    for pixels in (X, X.reshape(-1, 28, 28)):
        parts = [str((32, *pixels.shape[1:])), "image_shape=(1, 28, 28)"]
        assert_rejected_at_fit(parts, tiny(TorchClassifier, module=module), pixels, y)
    tiny(TorchClassifier, module=module, image_shape=(1, 28, 28)).fit(X, y)


def test_error_for_another_wrong_shape_contains_torchs_message():
    X, y = digits(50)
    clf = tiny(TorchClassifier, module=nn.Linear(100, 10))
    assert_rejected_at_fit(["(32, 784)", "100x10"], clf, X, y)
    clf = tiny(TorchClassifier, module=nn.Conv2d(3, 10, 28), image_shape=(1, 28, 28))
    with pytest.raises(ValueError, match="expected input") as caught:
        clf.fit(X, y)
    assert "If it expects images" not in str(caught.value)


def test_out_of_memory_in_a_module_is_a_memory_error():
    def fail(outputs):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9")

    with pytest.raises(MemoryError, match="batch_size"):
        ends_in(fail).fit(*small_digits())


def lazy(n_classes):
    return nn.Sequential(nn.LazyLinear(8), nn.LazyBatchNorm1d(), nn.LazyLinear(n_classes))


def lazy_convolution(n_classes):
    return nn.Sequential(nn.LazyConv2d(2, 3), nn.Flatten(), nn.LazyLinear(n_classes))


@pytest.mark.parametrize(
    "module, params", [(lazy, {}), (lazy_convolution, {"image_shape": (1, 14, 14)})]
)
def test_lazy_layers_are_initialized(module, params, tmp_path):
    X, y = small_digits()
    clf = tiny(TorchClassifier, module=module, **params).fit(X, y)
    again = tiny(TorchClassifier, module=module, **params).fit(X, y)
    assert np.array_equal(clf.predict_proba(X), again.predict_proba(X))
    clf.save(tmp_path / "clf.safetensors")
    loaded = TorchClassifier.load(tmp_path / "clf.safetensors", module=module)
    assert np.array_equal(loaded.predict_proba(X), clf.predict_proba(X))


def test_lazy_layers_in_wrong_places_are_explained():
    X, y = small_digits()
    clf = tiny(TorchClassifier, module=lazy_convolution)
    assert_rejected_at_fit(["(2, 196)", "image_shape=(1, 14, 14)"], clf, X, y)
    clf = TorchClassifier(lazy(10))
    assert_rejected(["'module'", "lazy", "function"], clf.fit, X, y)
