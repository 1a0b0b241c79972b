"""The CNN module: layers and the shapes of the feature maps."""

import numpy as np
import pytest
import torch
from torch import nn

from skmnist import CNNClassifier
from skmnist._networks.activations import ACTIVATION_MODULES
from skmnist._networks.cnn import infer_conv_shapes
from tests.helpers import digits, tiny

LAYER = {
    "channels": 4,
    "kernel_size": (5, 3),
    "stride": (1, 2),
    "padding": (1, 0),
    "pool_size": (2, 20),
    "pool_stride": (2, 1),
}


def test_shapes_follow_convolutions_and_pools():
    (layer,) = infer_conv_shapes((28, 20), [LAYER], clip_pools=True)
    assert layer["conv_size"] == (26, 9)
    assert layer["pool_size"] == (2, 9)
    assert layer["output_size"] == (13, 1)


def test_pool_that_does_not_fit_raises():
    with pytest.raises(ValueError, match="the pool of convolution 1 of 1.*28x20 -> 26x9"):
        infer_conv_shapes((28, 20), [LAYER])


@pytest.mark.parametrize("activation", ACTIVATION_MODULES)
def test_pooling_before_the_activation_is_the_same_function(activation):
    X, y = digits()
    clf = tiny(CNNClassifier, activation=activation, hidden_layer_sizes=(), max_epochs=1)
    clf.fit(X, y)
    # silu and gelu decrease far below zero: there the largest input has not the largest value.
    next(clf.module_.parameters()).data.mul_(50)
    (kernel, dense), (bias, dense_bias) = (
        [torch.tensor(a) for a in arrays] for arrays in (clf.coefs_, clf.intercepts_)
    )
    x = torch.tensor(X / np.float32(255)).view(-1, 1, 28, 28)
    a = ACTIVATION_MODULES[activation]()(nn.functional.conv2d(x, kernel, bias, padding=1))
    logits = nn.functional.max_pool2d(a, 2).flatten(1) @ dense + dense_bias
    np.testing.assert_allclose(clf.decision_function(X), logits.numpy(), rtol=1e-4, atol=1e-3)
