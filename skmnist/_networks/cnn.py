"""Convolutional neural network as a torch module."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import torch
from torch import nn

from . import sparse_grad_conv
from .activations import ACTIVATION_MODULES, MONOTONIC
from .layers import Dropout, dense_layers, uninitialized
from .weight_init import init_weights

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PoolingName: TypeAlias = Literal["max", "average"]
POOLINGS: dict[str, type[nn.Module]] = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}


def infer_conv_shapes(
    image_size: Sequence[int], layers: Sequence[dict[str, Any]], clip_pools: bool = False
) -> list[dict[str, Any]]:
    """Compute the size of the feature maps after each convolution and each pool.

    Parameters
    ----------
    image_size : tuple (height, width)
    layers : list of dict
        For each layer `channels`, `kernel_size`, `stride`, `padding`, `pool_size` and
        `pool_stride`; all but the first are pairs. :class:`CNN` also needs `pooling`.
    clip_pools : bool
        Whether a pool that is larger than the feature map is reduced to it.

    Returns
    -------
    list of dict
        The layers, with the pools as reduced. Each has two more keys: `conv_size`, the size of the
        feature map after the convolution, and `output_size`, the size after the pool.

    Raises
    ------
    ValueError
        If a kernel or a pooling window is larger than the feature map that it is applied to.
    """
    size = tuple(image_size)
    shapes, inferred = [size], []

    def shrink(
        size: tuple[int, ...],
        kernel_size: tuple[int, int],
        stride: tuple[int, int],
        padding: tuple[int, int],
        layer_name: str,
    ) -> tuple[int, ...]:
        reduced = tuple(
            (side + 2 * p - k) // s + 1
            for side, k, s, p in zip(size, kernel_size, stride, padding, strict=True)
        )
        if any(side + 2 * p < k for side, k, p in zip(size, kernel_size, padding, strict=True)):
            raise ValueError(
                f"{layer_name} has a kernel of {_format_size(kernel_size)}, but its input is "
                f"only {_format_size(size)} (sizes of the feature maps: "
                f"{' -> '.join(map(_format_size, shapes))}). Use fewer layers, smaller kernels or "
                "strides, or more padding."
            )
        shapes.append(reduced)
        return reduced

    for i, layer in enumerate(layers, 1):
        name = f"convolution {i} of {len(layers)}"
        size = shrink(size, layer["kernel_size"], layer["stride"], layer["padding"], name)
        conv_size = size
        pool_size, pool_stride = layer["pool_size"], layer["pool_stride"]
        if clip_pools:
            pool_size = tuple(map(min, pool_size, size))
        if (pool_size, pool_stride) != ((1, 1), (1, 1)):
            size = shrink(size, pool_size, pool_stride, (0, 0), f"the pool of {name}")
        added = {"pool_size": pool_size, "conv_size": conv_size, "output_size": size}
        inferred.append({**layer, **added})
    return inferred


def _format_size(size: Sequence[int]) -> str:
    return "x".join(map(str, size))


def _conv_layers(
    channels: int,
    convolutions: Sequence[dict[str, Any]],
    activation: str,
    dropout: float,
    batch_norm: bool,
) -> Iterator[nn.Module]:
    """Yield the layers before the first dense one."""
    for conv in convolutions:
        is_max = conv["pooling"] == "max"
        sparse_grad = (
            is_max
            and not batch_norm
            and sparse_grad_conv.is_faster(
                conv["kernel_size"], conv["stride"], conv["conv_size"], conv["output_size"]
            )
        )
        yield uninitialized(
            sparse_grad_conv.SparseGradConv2d if sparse_grad else nn.Conv2d,
            channels,
            conv["channels"],
            conv["kernel_size"],
            stride=conv["stride"],
            padding=conv["padding"],
        )
        channels = conv["channels"]
        if batch_norm:
            yield nn.BatchNorm2d(channels)
        after = [ACTIVATION_MODULES[activation]()]
        if (conv["pool_size"], conv["pool_stride"]) != ((1, 1), (1, 1)):
            pool = POOLINGS[conv["pooling"]](conv["pool_size"], conv["pool_stride"])
            after.insert(0 if is_max and activation in MONOTONIC else 1, pool)
        yield from after
        if dropout:
            yield Dropout(dropout)


class CNN(nn.Module):
    """Convolutional neural network (CNN): convolutions with pooling, then a multi-layer perceptron.

    Parameters
    ----------
    image_shape : tuple (channels, height, width)
    convolutions : list of dict
        The value of :func:`infer_conv_shapes`.
    hidden_layer_sizes : tuple of int
    n_outputs : int
    activation, dropout, batch_norm, weight_init
        As in :class:`skmnist.CNNClassifier`.
    global_pool : {"max", "average"} or None
        Reduces each feature map of the last convolution to one value.
    output_activation : str
        Activation of the last layer: a key of ``ACTIVATION_MODULES``.
    generator : torch.Generator or None
        Draws the weights. None uses torch's global generator.
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        convolutions: Sequence[dict[str, Any]],
        hidden_layer_sizes: Sequence[int],
        n_outputs: int,
        *,
        activation: str = "relu",
        output_activation: str = "identity",
        dropout: float = 0.0,
        batch_norm: bool = False,
        weight_init: str = "auto",
        global_pool: str | None = None,
        generator: torch.Generator | None,
    ) -> None:
        super().__init__()
        channels, *size = image_shape
        self.features = nn.Sequential(
            *_conv_layers(channels, convolutions, activation, dropout, batch_norm)
        )
        if convolutions:
            channels, size = convolutions[-1]["channels"], convolutions[-1]["output_size"]
        if global_pool is not None:
            self.features.append(POOLINGS[global_pool](tuple(size)))
            size = [1, 1]
        sizes = (channels * math.prod(size), *hidden_layer_sizes, n_outputs)
        self.classifier = nn.Sequential(
            *dense_layers(sizes, activation, output_activation, dropout, batch_norm)
        )
        init_weights(self, "lecun" if weight_init == "auto" else weight_init, generator)
        # The fastest kernels of oneDNN and cuDNN need the channels next to each other in memory.
        self.to(memory_format=torch.channels_last)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs, of shape (n, n_outputs), for x of shape (n, channels, h, w)."""
        x = self.features(x.contiguous(memory_format=torch.channels_last))
        return self.classifier(x.flatten(1))
