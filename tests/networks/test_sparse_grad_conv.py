"""Convolutions with sparse gradients: same gradients as torch's, used only if faster."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from skmnist import CNNClassifier
from skmnist._networks import sparse_grad_conv
from skmnist._networks.sparse_grad_conv import SparseGradConv2d, is_faster
from tests.helpers import digits, same_network

# The networks of the classic assignment.
_POOLS = {"stride": (1, 3), "pool_size": (2, 4), "pool_stride": (2, 4), "hidden_layer_sizes": ()}


WIDE = {"channels": (32, 64), "kernel_size": 5, "padding": 1, **_POOLS}


NARROW = {"channels": (4, 2), "kernel_size": 3, "padding": 0, **_POOLS}


def classifier(**params):
    return CNNClassifier(**{"max_epochs": 1, "random_state": 0, **params})


def convolutions(clf):
    return [type(m) for m in clf.module_.modules() if isinstance(m, nn.Conv2d)]


@pytest.mark.parametrize(
    "kernel_size, stride, padding",
    [(5, 3, 1), (3, 3, 0), (1, 1, 0), (2, 1, 0), ((5, 3), (2, 3), (2, 0)), (2, 3, 1), (4, 4, 3)],
)
@pytest.mark.parametrize("channels_last", [True, False])
@pytest.mark.parametrize("channels", [1, 3])
def test_gradients_equal_torch(kernel_size, stride, padding, channels, channels_last):
    torch.manual_seed(0)
    conv = SparseGradConv2d(channels, 6, kernel_size, stride=stride, padding=padding)
    reference = nn.Conv2d(channels, 6, kernel_size, stride=stride, padding=padding)
    reference.load_state_dict(conv.state_dict())
    memory_format = torch.channels_last if channels_last else torch.contiguous_format
    x = torch.randn(5, channels, 17, 14).contiguous(memory_format=memory_format)
    results = []
    for layer in (conv, reference):
        image = x.clone().requires_grad_()
        out = nn.functional.max_pool2d(layer(image), (4, 3))
        (out * torch.arange(out.numel()).view(out.shape) / out.numel()).sum().backward()
        results.append([out.detach(), image.grad, layer.weight.grad, layer.bias.grad])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
        assert a.abs().sum() > 0


@pytest.mark.parametrize("frozen", ["weight", "bias"])
def test_frozen_parameter_gets_no_gradient(frozen):
    conv = SparseGradConv2d(1, 2, 3, stride=3)
    getattr(conv, frozen).requires_grad = False
    nn.functional.max_pool2d(conv(torch.randn(2, 1, 28, 28)), 3).sum().backward()
    assert getattr(conv, frozen).grad is None
    assert getattr(conv, "bias" if frozen == "weight" else "weight").grad is not None


@pytest.mark.parametrize("params", [WIDE, NARROW, {**WIDE, "activation": "gelu", "dropout": 0.2}])
def test_training_agrees_with_torch_gradients(params, monkeypatch):
    monkeypatch.setattr(sparse_grad_conv, "HAS_KERNEL", True)
    X, y = digits(10)
    clf = classifier(**params, max_epochs=2, batch_size=32)
    sparse_clf = copy.deepcopy(clf).fit(X, y)
    assert convolutions(sparse_clf) == [nn.Conv2d, SparseGradConv2d]
    monkeypatch.setattr(sparse_grad_conv, "HAS_KERNEL", False)
    assert convolutions(clf.fit(X, y)) == [nn.Conv2d, nn.Conv2d]
    assert not same_network(sparse_clf, clf)  # otherwise both used the same gradients
    assert [*sparse_clf.module_.state_dict()] == [*clf.module_.state_dict()]
    np.testing.assert_allclose(sparse_clf.predict_proba(X), clf.predict_proba(X), atol=1e-3)


@pytest.mark.parametrize(
    "params", [{"precision": name} for name in ("float64", "bfloat16", "float16")]
)
def test_other_precisions_use_torch_gradients(params, monkeypatch):
    X, y = digits()
    clf = classifier(**NARROW, **params).fit(X, y)
    monkeypatch.setattr(sparse_grad_conv, "HAS_KERNEL", False)
    assert same_network(classifier(**NARROW, **params).fit(X, y), clf)


def test_predictions_are_those_of_torch(monkeypatch):
    monkeypatch.setattr(sparse_grad_conv, "HAS_KERNEL", True)
    X, y = digits()
    clf = classifier(**NARROW).fit(X, y)
    expected = clf.decision_function(X)
    for m in clf.module_.modules():
        if isinstance(m, SparseGradConv2d):
            m.__class__ = nn.Conv2d
    np.testing.assert_array_equal(clf.decision_function(X), expected)


def test_is_faster_for_large_pools_and_little_overlap(monkeypatch):
    monkeypatch.setattr(sparse_grad_conv, "HAS_KERNEL", True)
    assert is_faster((5, 5), (3, 3), (4, 4), (1, 1))
    assert not is_faster((5, 5), (3, 3), (4, 4), (2, 2))
    assert not is_faster((5, 5), (1, 1), (12, 12), (3, 3))
    for params in ({}, {**WIDE, "batch_norm": True}):  # not sparse
        clf = classifier(**params).fit(*digits())
        assert SparseGradConv2d not in convolutions(clf)
