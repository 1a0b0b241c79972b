"""What an estimator computes, from pixels to probabilities, as one torch module."""

import copy

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from torch import nn

from skmnist._networks.mlp import MLP
from skmnist._networks.neural_network import NeuralNetwork
from skmnist.preprocessing import PixelStandardizer


class Step(nn.Module):
    """A transformer: shift, divide, cut off, multiply by a matrix, whichever there are."""

    def __init__(self, shift=0.0, divisor=1.0, limits=None, matrix=None):
        super().__init__()
        self.limits = limits
        self.register_buffer("shift", torch.as_tensor(shift, dtype=torch.float64))
        self.register_buffer("divisor", torch.as_tensor(divisor, dtype=torch.float64))
        matrix = None if matrix is None else torch.as_tensor(matrix, dtype=torch.float64)
        self.register_buffer("matrix", matrix)

    def forward(self, x):
        """Return the rows, transformed."""
        x = (x - self.shift) / self.divisor
        if self.limits is not None:
            x = x.clamp(*self.limits)
        return x if self.matrix is None else x @ self.matrix

    def backward_from(self, x):
        """Return rows that become `x`, or come close to it."""
        if self.matrix is not None:
            x = x @ torch.linalg.pinv(self.matrix)
        return x * self.divisor + self.shift


def _standard(step):
    return Step(step.mean_ if step.with_mean else 0.0, step.scale_ if step.with_std else 1.0)


def _min_max(step):
    limits = step.feature_range if step.clip else None
    return Step(-step.min_ / step.scale_, 1 / step.scale_, limits)


def _max_abs(step):
    return Step(divisor=step.scale_, limits=(-1.0, 1.0) if getattr(step, "clip", False) else None)


def _robust(step):
    return Step(
        step.center_ if step.with_centering else 0.0, step.scale_ if step.with_scaling else 1.0
    )


def _pca(step):
    matrix = step.components_.T
    if step.whiten:
        scale = np.sqrt(step.explained_variance_)
        matrix = matrix / np.maximum(scale, np.finfo(scale.dtype).eps)  # as scikit-learn does
    return Step(step.mean_, matrix=matrix)


def _pixels(step):
    return Step(step.pixel_scale_ * step.mean_, step.pixel_scale_ * step.std_)


# What each transformer that can be exported does.
STEPS = {
    PixelStandardizer: _pixels,
    StandardScaler: _standard,
    MinMaxScaler: _min_max,
    MaxAbsScaler: _max_abs,
    RobustScaler: _robust,
    PCA: _pca,
}


class Graph(nn.Module):
    """From pictures as `fit` got them to class numbers and probabilities.

    Parameters
    ----------
    steps : list of transformers
        Fitted, of the classes in ``STEPS``.
    clf : BaseNetClassifier
        Fitted.
    """

    def __init__(self, steps, clf):
        super().__init__()
        self.steps = nn.ModuleList(STEPS[type(step)](step) for step in steps)
        self.scale = clf.pixel_scale_
        self.row_shape = clf._module_input_shape()
        self.loss = clf.net_.config.loss
        self.module = _plain(copy.deepcopy(clf.module_)).to("cpu", torch.float32).eval()

    def forward(self, pixels):
        """Return class numbers and probabilities."""
        x = pixels.flatten(1)
        if self.steps:
            x = x.double()
            for step in self.steps:
                x = step(x)
            x = x.float()
        outputs = self.module((x / self.scale).reshape(-1, *self.row_shape)).float()
        if self.loss == "mse":  # as in BaseNetClassifier._logits
            outputs = outputs.clamp(min=1e-6).log()
        return outputs.argmax(1), outputs.softmax(1)


def _plain(module):
    """Return the module, or for a NeuralNetwork, which runs no layers of torch's, its like."""
    if not isinstance(module, NeuralNetwork):
        return module
    plain = MLP(
        module.layer_sizes,
        activation=module.activation,
        output_activation=module.output_activation,
        weight_init="zeros",
        generator=None,
    )
    linear = [layer for layer in plain.layers if isinstance(layer, nn.Linear)]
    for layer, matrix in zip(linear, module.parameters(), strict=True):
        layer.weight.data, layer.bias.data = matrix[:-1].t().contiguous(), matrix[-1].clone()
    return plain
