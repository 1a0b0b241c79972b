"""Manual forward and backward pass of a fully connected network, without autograd.

With the input as ``a_0``, the layers compute ``z_i = a_{i-1} W_i + b_i`` and ``a_i = f(z_i)``. With
``d_i`` as the gradient of the loss with respect to ``z_i``, the chain rule gives
``dW_i = a_{i-1}^T d_i``, ``db_i`` as the sum of ``d_i`` over the batch, and
``d_{i-1} = (d_i W_i^T) * f'(z_{i-1})``.

References
----------
D. E. Rumelhart, G. E. Hinton, R. J. Williams, "Learning representations by back-propagating
errors", Nature 323, 533-536 (1986).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from .activations import ACTIVATIONS
from .sparse_input import SPARSE_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .sparse_input import SparseBatch, SparseStack

    Inputs = torch.Tensor | SparseBatch | SparseStack


def ensure_grad(parameter: torch.Tensor) -> torch.Tensor:
    """Return the gradient of a parameter; make one of zeros if it has none."""
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad


def sgd_step(parameters: Iterable[torch.Tensor], lr: float) -> None:
    """Take one step of gradient descent: each parameter -= `lr` times its gradient."""
    for p in parameters:
        grad: Any = p.grad
        p.data.sub_(grad, alpha=lr)


class ManualMLP:
    """Forward and backward pass of one multi-layer perceptron, on the given tensors.

    :class:`~skmnist._networks.stacked_mlp.StackedMLP` does the same for several at once.

    Parameters
    ----------
    weights : list of tensors of shape (n_in, n_out)
        One per layer; views (the transpose of an ``nn.Linear.weight``) are accepted.
    biases : list of tensors of shape (n_out,)
    weight_grads, bias_grads : lists of tensors
        Of the same shapes; :meth:`backward` writes the gradients there.
    activation : str, default="relu"
        Activation of the hidden layers: a key of ``ACTIVATIONS``.
    output_activation : {"identity", "sigmoid", "tanh", "relu", ...}, default="identity"
        Activation of the last layer: a key of ``ACTIVATIONS`` whose derivative is a function of
        its value.
    dropout : float, default=0.0
        The probability of setting a hidden unit to zero, drawn for each sample.
    """

    _mm: Callable[..., torch.Tensor] = staticmethod(torch.mm)
    _addmm: Callable[..., torch.Tensor] = staticmethod(torch.addmm)

    def __init__(
        self,
        weights: list[torch.Tensor],
        biases: list[torch.Tensor],
        weight_grads: list[torch.Tensor],
        bias_grads: list[torch.Tensor],
        *,
        activation: str = "relu",
        output_activation: str = "identity",
        dropout: float = 0.0,
    ) -> None:
        # Called with the first layer's gradient of a sparse batch.
        self.write_first_weight_grad: Callable[[Any], Any] = weight_grads[0].copy_
        *self._hidden_layers, self._output_layer = zip(weights, biases, strict=True)
        self._backward_args = list(
            zip(
                [weight.mT for weight in weights],
                weight_grads,
                [grad.unsqueeze(-2) for grad in bias_grads],
                strict=True,
            )
        )
        # Batch size -> a one for each sample. They are kept, because a CUDA graph may use them.
        self._ones: dict[int, torch.Tensor] = {}
        self.n_units = weights[0].shape[-1]  # of the first layer
        self.activation = ACTIVATIONS[activation]
        self.output_activation = ACTIVATIONS[output_activation]
        self.dropout = dropout

    def forward(self, x: Inputs, generator: torch.Generator | None = None) -> torch.Tensor:
        """Return the outputs for `x` and keep what :meth:`backward` needs.

        `generator` draws the dropout masks; None applies no dropout.
        """
        function, _, needs_input = self.activation
        self._inputs = [x]  # of each layer
        self._derivative_inputs: list[torch.Tensor] = []  # a or z of each hidden layer
        self._masks: list[torch.Tensor] = []
        for weight, bias in self._hidden_layers:
            z = self._affine(bias, x, weight)
            x = function(z)
            self._derivative_inputs.append(z if needs_input else x)
            if self.dropout and generator is not None:
                # Scaled here, so that nothing has to be scaled when predicting.
                keep = 1 - self.dropout
                mask = torch.empty_like(x).bernoulli_(keep, generator=generator).div_(keep)
                x = x * mask
                self._masks.append(mask)
            self._inputs.append(x)
        weight, bias = self._output_layer
        self._outputs = self.output_activation.function(self._affine(bias, x, weight))
        return self._outputs

    def _affine(self, bias: torch.Tensor, x: Inputs, weight: torch.Tensor) -> torch.Tensor:
        """Return x W + b."""
        if isinstance(x, SPARSE_TYPES):
            return x.matmul(weight).add_(bias)
        return self._addmm(bias, x, weight)

    @property
    def activations(self) -> list[Any]:
        """The outputs of each layer in the last :meth:`forward`."""
        return [*self._inputs[1:], self._outputs]

    def backward(self, grad: torch.Tensor) -> None:
        """Write the gradients, given `grad`, the loss's gradient with respect to the outputs.

        `grad` has shape (n, n_outputs) and is overwritten; the gradients are summed over the batch.
        """
        grad = self.output_activation.backward(grad, self._outputs)
        n = grad.size(-2)
        if n not in self._ones:
            self._ones[n] = grad.new_ones(*grad.shape[:-2], 1, n)
        ones = self._ones[n]
        backward = self.activation.backward
        for i in range(len(self._hidden_layers), -1, -1):
            transposed_weight, weight_grad, bias_grad = self._backward_args[i]
            x = self._inputs[i]
            if isinstance(x, SPARSE_TYPES):
                self.write_first_weight_grad(x.t_matmul(grad))
            else:
                self._mm(x.mT, grad, out=weight_grad)
            self._mm(ones, grad, out=bias_grad)  # a sum, faster than torch.sum
            if i > 0:
                grad = self._mm(grad, transposed_weight)
                if self._masks:
                    grad.mul_(self._masks[i - 1])
                grad = backward(grad, self._derivative_inputs[i - 1])
