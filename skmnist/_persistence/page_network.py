"""Description of a network for the script of a web page: layers in JSON, weights in base64."""

from __future__ import annotations

import base64
import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from skmnist._networks.activations import ACTIVATION_MODULES
from skmnist._networks.cnn import POOLINGS
from skmnist._networks.layers import Dropout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .estimator_module import EstimatorModule

# The largest difference of a probability on the bundled digits at which the weights are rounded to
# float16. A page may differ by 1e-3 from the classifier, also on other images.
_MAX_DIFFERENCE = 2.5e-4
_ACTIVATION_NAMES = {module: name for name, module in ACTIVATION_MODULES.items()}
_POOLING_NAMES = {module: name for name, module in POOLINGS.items()}


def describe_network(module: EstimatorModule, digits: torch.Tensor) -> dict[str, Any]:
    """Return the description of the transformers and the network, in types of JSON.

    ``serving/page/network.js`` computes with it.

    Parameters
    ----------
    module : EstimatorModule
    digits : tensor of shape (n_samples, n_features)
        Typical images, on which the effect of rounding the weights is measured.
    """
    layers = list(_layers(module.module))
    weights = _Weights(half=_is_precise_enough(module, layers, digits))
    return {
        "steps": [_describe_step(step, weights) for step in module.steps],
        "pixel_scale": module.scale,
        "input_shape": (1, *module.input_shape)[-3:],
        "layers": [_describe_layer(layer, weights) for layer in layers],
        "loss": module.loss,
        "test_time_augment": bool(module.test_time_augment),
        "weights": base64.b64encode(weights.content).decode("ascii"),
    }


class _Weights:
    """Collect the bytes of the weights, in little-endian order.

    Parameters
    ----------
    half : bool
        Whether to round the float32 weights of the layers to float16.
    """

    def __init__(self, *, half: bool) -> None:
        self.half = half
        self.content = bytearray()

    def add(self, values: torch.Tensor, dtype: str) -> dict[str, Any]:
        """Append an array, and return how the script finds it."""
        array = np.ascontiguousarray(values.detach().numpy(), np.dtype(dtype).newbyteorder("<"))
        tensor = {"dtype": dtype, "offset": len(self.content), "size": array.size}
        self.content += array.tobytes()
        return tensor

    def add_layer(self, layer: Any) -> dict[str, Any]:
        """Append the weights and the biases of a layer. Biases are few and remain float32."""
        dtype = "float16" if self.half else "float32"
        return {"weight": self.add(layer.weight, dtype), "bias": self.add(layer.bias, "float32")}


def _layers(module: nn.Module) -> Iterator[nn.Module]:
    """Yield the layers that change their input in prediction; batch normalization is folded."""
    leaves: list[Any] = [layer for layer in module.modules() if not list(layer.children())]
    leaves = [layer for layer in leaves if not isinstance(layer, (Dropout, nn.Identity))]
    for layer, following in zip(leaves, [*leaves[1:], None], strict=True):
        if isinstance(following, nn.BatchNorm2d):
            yield fuse_conv_bn_eval(layer, following)
        elif isinstance(following, nn.BatchNorm1d):
            yield fuse_linear_bn_eval(layer, following)
        elif not isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
            yield layer


def _describe_layer(layer: Any, weights: _Weights) -> dict[str, Any]:
    if isinstance(layer, nn.Conv2d):
        sizes = {"kernel": layer.kernel_size, "stride": layer.stride, "padding": layer.padding}
        return {"type": "convolution", **sizes, **weights.add_layer(layer)}
    if isinstance(layer, nn.Linear):
        return {"type": "dense", **weights.add_layer(layer)}
    if type(layer) in _POOLING_NAMES:
        sizes = {"window": layer.kernel_size, "stride": layer.stride}
        return {"type": "pool", "kind": _POOLING_NAMES[type(layer)], **sizes}
    return {"type": "activation", "name": _ACTIVATION_NAMES[type(layer)]}


def _describe_step(step: Any, weights: _Weights) -> dict[str, Any]:
    return {
        "shift": weights.add(step.shift, "float64"),
        "divisor": weights.add(step.divisor, "float64"),
        "limits": step.limits,
        "matrix": None if step.matrix is None else weights.add(step.matrix, "float32"),
    }


def _is_precise_enough(
    module: EstimatorModule, layers: list[nn.Module], digits: torch.Tensor
) -> bool:
    """Return whether the probabilities of digits hardly change if weights become float16."""
    rounded = copy.deepcopy(module)
    layers = list(_with_flatten(copy.deepcopy(layers)))
    rounded.module = nn.Sequential(*layers)
    for layer in layers:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            layer.weight.data = layer.weight.data.half().float()
    with torch.inference_mode():
        difference = (module(digits)[1] - rounded(digits)[1]).abs().max()
    return bool(difference <= _MAX_DIFFERENCE)  # False also if it is NaN


def _with_flatten(layers: list[nn.Module]) -> Iterator[nn.Module]:
    for layer in layers:
        if isinstance(layer, nn.Linear):
            yield nn.Flatten()
        yield layer
