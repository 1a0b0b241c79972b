"""Fully connected network with manual backpropagation, without autograd."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from skmnist._utils.validation import check_choice

from .activations import ACTIVATIONS
from .backpropagation import ManualMLP, ensure_grad, sgd_step
from .losses import LOSSES, one_hot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from .activations import ActivationName, OutputActivationName
    from .losses import LossName


class NeuralNetwork(nn.Module):
    """A fully connected network whose gradients and updates are written by hand.

    Each layer is one matrix of shape (n_in + 1, n_out): the weights, and the bias as its last row.

    Parameters
    ----------
    layer_sizes : sequence of int
        Number of inputs, number of units in each hidden layer and number of outputs.
    activation : {"relu", "tanh", "sigmoid", "identity", "leaky_relu", "elu", "gelu", "silu"}, \
            default="relu"
        Activation function of the hidden layers.
    output_activation : {"identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu"}, \
            default="identity"
        Activation function of the last layer. Use "identity" with the loss "cross_entropy", which
        expects logits.
    dtype : torch.dtype, default=torch.float32
        Data type of the weights.
    generator : torch.Generator, default=None
        Draws the initial weights. None uses torch's global generator.

    Raises
    ------
    ValueError
        If `layer_sizes` has fewer than two positive integers or an activation is unknown.

    Notes
    -----
    The weights and biases are drawn from a normal distribution with mean 0 and standard
    deviation 1 / sqrt(n_in) [1]_, so that the weighted sum of a unit has about the same variance as
    its inputs.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, "Efficient BackProp", in Neural Networks:
       Tricks of the Trade (1998).

    Examples
    --------
    >>> import torch
    >>> from skmnist.backprop import NeuralNetwork
    >>> network = NeuralNetwork((2, 3, 2), generator=torch.Generator().manual_seed(0))
    >>> network.layer(0).shape
    torch.Size([3, 3])
    >>> x = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    >>> target = torch.tensor([0, 1])
    >>> for step in range(100):
    ...     outputs = network.forward(x)
    ...     loss = network.backward(target, loss="mse")
    ...     network.update_params(eta=0.1)
    >>> network.forward(x).argmax(dim=1).tolist()
    [0, 1]
    """

    def __init__(
        self,
        layer_sizes: Sequence[int],
        activation: ActivationName = "relu",
        output_activation: OutputActivationName = "identity",
        *,
        dtype: torch.dtype = torch.float32,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.layer_sizes = tuple(layer_sizes)
        if len(self.layer_sizes) < 2 or min(self.layer_sizes) < 1:
            raise ValueError(
                "The 'layer_sizes' parameter of NeuralNetwork must have at least two positive "
                f"integers: the numbers of inputs and outputs. Got {layer_sizes!r} instead."
            )
        output_activations = [name for name, entry in ACTIVATIONS.items() if not entry.needs_input]
        check_choice("NeuralNetwork", "activation", activation, ACTIVATIONS)
        check_choice("NeuralNetwork", "output_activation", output_activation, output_activations)
        self.activation = activation
        self.output_activation = output_activation
        self._layers = nn.ParameterList()
        for n_in, n_out in zip(self.layer_sizes, self.layer_sizes[1:], strict=False):
            layer = torch.empty(n_in + 1, n_out, dtype=dtype)
            layer.normal_(0, 1 / math.sqrt(n_in), generator=generator)
            self._layers.append(nn.Parameter(layer, requires_grad=False))
        self._last_forward: tuple[ManualMLP, torch.Tensor] | None = None

    def layer(self, i: int) -> torch.Tensor:
        """Return the matrix of layer `i`, of shape (n_in + 1, n_out).

        Assigning to its elements changes the network.
        """
        return self._layers[i].data

    def gradient(self, i: int) -> torch.Tensor | None:
        """Return the gradient of the loss with respect to ``layer(i)``, None before `backward`."""
        return self._layers[i].grad

    def backpropagation(self) -> ManualMLP:
        """Return the forward and backward pass on these matrices and their gradients."""
        layers = [layer.data for layer in self._layers]
        grads = [ensure_grad(layer) for layer in self._layers]
        return ManualMLP(
            weights=[layer[:-1] for layer in layers],
            biases=[layer[-1] for layer in layers],
            weight_grads=[grad[:-1] for grad in grads],
            bias_grads=[grad[-1] for grad in grads],
            activation=self.activation,
            output_activation=self.output_activation,
        )

    @torch.no_grad()
    def forward(self, x: ArrayLike) -> torch.Tensor:
        """Return the outputs for one sample or a batch.

        Parameters
        ----------
        x : tensor of shape (n_inputs,) or (n, n_inputs)

        Returns
        -------
        tensor of shape (n_outputs,) or (n, n_outputs)
        """
        first = self._layers[0]
        x = _as_tensor(x, dtype=first.dtype, device=first.device)
        if x.dim() not in (1, 2) or x.shape[-1] != self.layer_sizes[0]:
            n_inputs = self.layer_sizes[0]
            raise ValueError(
                f"Expected x of shape ({n_inputs},) or (n, {n_inputs}). Got shape "
                f"{tuple(x.shape)} instead."
            )
        manual_mlp = self.backpropagation()
        outputs = manual_mlp.forward(torch.atleast_2d(x))
        self._last_forward = manual_mlp, outputs
        return outputs if x.dim() == 2 else outputs[0]

    @torch.no_grad()
    def backward(self, target: ArrayLike, loss: LossName = "mse") -> float:
        """Compute the gradients of the mean loss for the last :meth:`forward`.

        Parameters
        ----------
        target : tensor of shape () or (n,) of int, or (n_outputs,) or (n, n_outputs) of float
            Class indices from 0, or the target outputs themselves (one-hot for classes).
        loss : {"mse", "cross_entropy"}, default="mse"
            "mse" is the squared error summed over the outputs; "cross_entropy" takes the outputs
            as logits. Both are averaged over the batch.

        Returns
        -------
        float
            The mean loss.

        Raises
        ------
        ValueError
            If `loss` is unknown or `target` does not match the outputs of the last forward.
        RuntimeError
            If :meth:`forward` was not called before.
        """
        check_choice("NeuralNetwork.backward", "loss", loss, LOSSES)
        if self._last_forward is None:
            raise RuntimeError("backward() needs the outputs of forward(). Call forward() first.")
        manual_mlp, outputs = self._last_forward
        targets = self._targets(target, outputs)
        link, per_sample, grad, _ = LOSSES[loss]
        predictions = link(outputs)
        manual_mlp.backward(grad(predictions, targets).div_(len(outputs)))
        return float(per_sample(predictions, targets).mean())

    def update_params(self, eta: float) -> None:
        """Take one step of gradient descent: each layer -= `eta` times its gradient.

        Raises
        ------
        RuntimeError
            If :meth:`backward` was not called before.
        """
        if self._layers[0].grad is None:
            raise RuntimeError(
                "update_params() needs the gradients of backward(). Call backward() first."
            )
        sgd_step(self._layers, eta)

    def _targets(self, target: ArrayLike, outputs: torch.Tensor) -> torch.Tensor:
        target = _as_tensor(target, device=outputs.device)
        if not target.is_floating_point():
            labels = torch.atleast_1d(target).long()
            if (
                labels.shape == outputs.shape[:1]
                and 0 <= labels.min() <= labels.max() < outputs.shape[1]
            ):
                return one_hot(labels, outputs.shape[1], outputs.dtype)
        elif torch.atleast_2d(target).shape == outputs.shape:
            return torch.atleast_2d(target).to(outputs.dtype)
        raise ValueError(
            f"Expected a target for outputs of shape {tuple(outputs.shape)}: class indices from 0 "
            f"to {outputs.shape[1] - 1} as integers, or target outputs of that shape as floats. "
            f"Got {target.dtype} of shape {tuple(target.shape)} instead."
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_last_forward": None}


def _as_tensor(values: ArrayLike, **options: Any) -> torch.Tensor:
    """Return values as a tensor; arrays that are read-only, as of a DataFrame, are copied."""
    if isinstance(values, np.ndarray) and not values.flags.writeable:
        values = values.copy()
    return torch.as_tensor(values, **options)
