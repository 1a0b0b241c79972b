"""Multi-layer perceptron as a torch module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from .backpropagation import ManualMLP, ensure_grad
from .layers import dense_layers
from .weight_init import init_weights

if TYPE_CHECKING:
    from collections.abc import Sequence


class MLP(nn.Module):
    """Multi-layer perceptron (MLP): (n, n_features) to (n, n_outputs).

    Parameters
    ----------
    sizes : sequence of int
        Number of features, of the units in each hidden layer, of outputs.
    activation, dropout, batch_norm, weight_init
        As in :class:`skmnist.MLPClassifier`.
    output_activation : str
        Activation of the last layer: a key of ``ACTIVATION_MODULES``.
    generator : torch.Generator or None
        Draws the weights. None uses torch's global generator.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        activation: str = "relu",
        output_activation: str = "identity",
        dropout: float = 0.0,
        batch_norm: bool = False,
        weight_init: str = "auto",
        generator: torch.Generator | None,
    ) -> None:
        super().__init__()
        self.activation = activation
        self.output_activation = output_activation
        self.dropout = dropout
        self.layers = nn.Sequential(
            *dense_layers(sizes, activation, output_activation, dropout, batch_norm)
        )
        init_weights(self, "torch" if weight_init == "auto" else weight_init, generator)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs, of shape (n, n_outputs)."""
        return self.layers(x)

    def backpropagation(self) -> ManualMLP | None:
        """Return the manual forward and backward pass on these weights, or None if unsupported.

        Batch normalization and frozen layers are not supported.
        """
        if any(isinstance(layer, nn.BatchNorm1d) for layer in self.layers):
            return None
        if not all(p.requires_grad for p in self.parameters()):
            return None
        linear = [layer for layer in self.layers if isinstance(layer, nn.Linear)]
        return ManualMLP(
            weights=[layer.weight.detach().t() for layer in linear],
            biases=[layer.bias.detach() for layer in linear],
            weight_grads=[ensure_grad(layer.weight).t() for layer in linear],
            bias_grads=[ensure_grad(layer.bias) for layer in linear],
            activation=self.activation,
            output_activation=self.output_activation,
            dropout=self.dropout,
        )
