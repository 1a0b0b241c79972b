"""Gradient of a network's loss with respect to its input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from skmnist._networks.activations import ACTIVATION_MODULES
from skmnist._networks.losses import LOSSES, one_hot
from skmnist._networks.neural_network import NeuralNetwork

from .array_conversion import as_numpy

if TYPE_CHECKING:
    import numpy as np

    from skmnist._training.net import Net

    from .net_classifier import BaseNetClassifier


def loss_gradients(estimator: BaseNetClassifier, X: Any, y: Any) -> np.ndarray:
    """Return the gradient of the loss of each sample, of shape (n_samples, n_features).

    Parameters
    ----------
    estimator : BaseNetClassifier
        A fitted classifier.
    X : array-like of shape (n_samples, ...)
        Images, in any format that the classifier accepts.
    y : array-like of shape (n_samples,)
        Labels.

    Returns
    -------
    ndarray of shape (n_samples, n_features)
        The gradients with respect to the inputs of the network, which are the pixels divided by
        ``pixel_scale_``.
    """
    labels = torch.from_numpy(estimator._encode(as_numpy(y)))
    n_done = 0

    def compute(net: Net, x: torch.Tensor) -> torch.Tensor:
        nonlocal n_done
        part = labels[n_done : n_done + len(x)].to(x.device)
        n_done += len(x)
        with torch.enable_grad():
            x = x.detach().clone().requires_grad_()
            outputs = differentiable_outputs(net, x)
            losses = LOSSES[net.config.loss](outputs, one_hot(part, outputs.shape[1], x.dtype))
            # The samples are independent, so the gradient of the sum has that of each.
            (gradient,) = torch.autograd.grad(losses.sum(), x)
        return gradient.flatten(1)

    return estimator._predict_batches(X, compute, serial=True)


def differentiable_outputs(net: Net, x: torch.Tensor) -> torch.Tensor:
    """Return the outputs for a batch of network inputs, which autograd can differentiate."""
    module = net.module_
    if not isinstance(module, NeuralNetwork):
        return module(x.clone()).to(x.dtype)  # a custom module may modify its input in place
    # Its own forward pass is hidden from autograd.
    n_hidden = len(module.layer_sizes) - 2
    names = [*[module.activation] * n_hidden, module.output_activation]
    for i, name in enumerate(names):
        layer = module.layer(i)
        x = ACTIVATION_MODULES[name]()(x @ layer[:-1] + layer[-1])
    return x
