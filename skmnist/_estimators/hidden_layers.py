"""Activations of the layers of fitted networks."""

from __future__ import annotations

import contextlib
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.special
import torch
from sklearn.frozen import FrozenEstimator
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from skmnist._networks.neural_network import NeuralNetwork
from skmnist._utils.messages import did_you_mean, invalid_parameter_message

from .net_classifier import BaseNetClassifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from skmnist._training.net import Net

_OWNER = "HiddenActivations"

# The layers that an index counts; activation functions, pooling and the like belong to them.
_WEIGHT_LAYERS = (nn.Linear, nn.modules.conv._ConvNd)

_SKLEARN_ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "identity": lambda z: z,
    "logistic": scipy.special.expit,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
}


def hidden_activations(estimator: Any, X: Any, layer: int | str) -> np.ndarray:
    """Return the activations of a layer, of shape (n_samples, n_activations).

    Parameters
    ----------
    estimator : estimator
        A fitted network of skmnist or MLPClassifier of scikit-learn, or a Pipeline, a search or a
        FrozenEstimator that contains one.
    X : array-like of shape (n_samples, ...)
        Samples, in a format that the estimator accepts.
    layer : int or str
        As in :class:`skmnist.HiddenActivations`.

    Raises
    ------
    TypeError
        If the estimator has no layers.
    ValueError
        If there is no such layer.
    """
    if isinstance(estimator, FrozenEstimator):
        return hidden_activations(estimator.estimator, X, layer)
    check_is_fitted(estimator)
    if isinstance(estimator, Pipeline):
        if len(estimator) > 1:
            X = estimator[:-1].transform(X)
        return hidden_activations(estimator[-1], X, layer)
    if hasattr(estimator, "best_estimator_"):
        return hidden_activations(estimator.best_estimator_, X, layer)
    if isinstance(estimator, BaseNetClassifier):
        activations = estimator._predict_batches(
            X, lambda net, x: _net_activations(net, x, layer).flatten(1), serial=True
        )
    elif isinstance(estimator, SklearnMLPClassifier):
        activations = _select(sklearn_activations(estimator, X), layer)
    else:
        raise TypeError(
            f"The 'estimator' parameter of {_OWNER} must be a network of skmnist, or "
            "scikit-learn's MLPClassifier, or a Pipeline or a search that contains one. Got "
            f"{estimator!r:.200} instead, which has no hidden layers."
        )
    return activations


@torch.inference_mode()
def _net_activations(net: Net, x: torch.Tensor, layer: int | str) -> torch.Tensor:
    """Return the activations of a layer for a batch of network inputs."""
    module = net.module_
    if isinstance(module, NeuralNetwork):
        manual_mlp = module.backpropagation()
        manual_mlp.forward(x)
        return _select(manual_mlp.activations, layer)
    submodules = dict(module.named_modules())
    if isinstance(layer, str) and layer not in submodules:
        names = [name for name in submodules if name]
        expected = f"an int, or the name of a submodule among {names}"
        message = invalid_parameter_message("layer", _OWNER, expected, layer)
        raise ValueError(message + did_you_mean(layer, names))
    recorded: list[torch.Tensor] = []

    # Copies, because a later layer may change its input in place.
    def record_input(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        recorded.append(inputs[0].clone())

    def record_output(_: nn.Module, inputs: Any, output: torch.Tensor) -> None:
        recorded.append(output.clone())

    with contextlib.ExitStack() as hooks:
        if isinstance(layer, str):
            hooks.enter_context(_removed(submodules[layer].register_forward_hook(record_output)))
        else:
            for one in submodules.values():
                if isinstance(one, _WEIGHT_LAYERS):
                    hooks.enter_context(_removed(one.register_forward_pre_hook(record_input)))
        outputs = net.outputs(x)
    if isinstance(layer, str):
        return recorded[-1].to(x.dtype)
    # What a layer returns, after its activation function and pooling, is the next one's input.
    return _select([*recorded[1:], outputs], layer).to(x.dtype)


def _removed(handle: Any) -> contextlib.AbstractContextManager[Any]:
    """Return a context that removes a hook at its end."""
    stack = contextlib.ExitStack()
    stack.callback(handle.remove)
    return stack


def sklearn_activations(estimator: SklearnMLPClassifier, X: Any) -> list[np.ndarray]:
    """Return the outputs of each layer, the last ones without the softmax."""
    x = validate_data(estimator, X, accept_sparse=["csr", "csc"], reset=False)
    function = _SKLEARN_ACTIVATIONS[estimator.activation]
    activations = []
    for coef, intercept in zip(estimator.coefs_, estimator.intercepts_, strict=True):
        z = safe_sparse_dot(x, coef) + intercept
        x = function(z)
        activations.append(x)
    return [*activations[:-1], z]


def _select(activations: list[Any], layer: Any) -> Any:
    """Return the activations of the layer with an index."""
    n_layers = len(activations)
    if not isinstance(layer, Integral) or not -n_layers <= int(layer) < n_layers:
        expected = (
            f"an int in the range [{-n_layers}, {n_layers}), because the network has {n_layers} "
            "layers with weights"
        )
        raise ValueError(invalid_parameter_message("layer", _OWNER, expected, layer))
    return activations[layer]
