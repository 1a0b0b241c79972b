"""Forward and backward pass of a fully connected network, written by hand, without autograd.

With the input as ``a_0``, the layers compute ``z_i = a_{i-1} W_i + b_i`` and ``a_i = f(z_i)``. With
``d_i`` as the gradient of the loss with respect to ``z_i``, the chain rule gives
``dW_i = a_{i-1}^T d_i``, ``db_i`` as the sum of ``d_i`` over the batch, and
``d_{i-1} = (d_i W_i^T) * f'(z_{i-1})``.

References
----------
D. E. Rumelhart, G. E. Hinton, R. J. Williams, "Learning representations by back-propagating
errors", Nature 323, 533-536 (1986).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch.nn import functional as F

from .sparse_input import SparseBatch


class Activation(NamedTuple):
    """An activation function and the way back through it."""

    function: Callable  # z -> a; may work in place where `needs_input` is false
    backward: Callable  # (d, a or z) -> d * f'(z), perhaps in the memory of d
    needs_input: bool = False  # whether the derivative is a function of z, not of a


# The derivatives below are written as functions of the activation `a`, where they can be: it is
# there already. tanh' = 1 - a^2, sigmoid' = a (1 - a), relu' = [a > 0]; leaky_relu and elu keep
# the sign, so that a tells on which side of zero z was; elu' = a + 1 below zero.
def _relu_backward(d, a):
    # The sign is 0 or 1 here; a comparison would make a bool tensor, which is slow to multiply by.
    return d.mul_(a.sign())


def _tanh_backward(d, a):
    return d.mul_(1 - a * a)


def _sigmoid_backward(d, a):
    return d.mul_(a).mul_(1 - a)


def _identity_backward(d, a):
    return d


def _leaky_relu_backward(d, a, slope=0.01):
    return torch.where(a > 0, d, d * slope)


def _elu_backward(d, a):
    return torch.where(a > 0, d, d * (a + 1))


def _silu_backward(d, z):
    s = torch.sigmoid(z)
    return d.mul_(s * (1 + z * (1 - s)))


def _gelu_backward(d, z):
    cdf = 0.5 * (1 + torch.erf(z / math.sqrt(2)))
    density = torch.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return d.mul_(cdf + z * density)


ACTIVATIONS = {
    "relu": Activation(torch.relu_, _relu_backward),
    "tanh": Activation(torch.tanh_, _tanh_backward),
    "sigmoid": Activation(torch.sigmoid_, _sigmoid_backward),
    "identity": Activation(lambda z: z, _identity_backward),
    "leaky_relu": Activation(lambda z: F.leaky_relu_(z), _leaky_relu_backward),
    "elu": Activation(lambda z: F.elu_(z), _elu_backward),
    "gelu": Activation(F.gelu, _gelu_backward, needs_input=True),
    "silu": Activation(F.silu, _silu_backward, needs_input=True),
}


def _affine(bias, x, weight):
    """Return x W + b."""
    if isinstance(x, SparseBatch):
        return x.times(weight).add_(bias)
    return torch.addmm(bias, x, weight)


def descend(parameters, eta):
    """Take one step of gradient descent: each parameter -= `eta` times its gradient."""
    for p in parameters:
        p.data.sub_(p.grad, alpha=eta)


class Backpropagation:
    """The two passes through the layers of one network.

    Parameters
    ----------
    weights : list of tensors of shape (n_in, n_out)
        One a layer; views (the transpose of an ``nn.Linear.weight``) do as well.
    biases : list of tensors of shape (n_out,)
    weight_gradients, bias_gradients : lists of tensors
        Where :meth:`backward` writes the gradients: same shapes.
    activation : str, default="relu"
        Of the hidden layers: a key of ``ACTIVATIONS``.
    output_activation : {"identity", "sigmoid", "tanh", "relu", ...}, default="identity"
        Of the last layer: a key of ``ACTIVATIONS`` whose derivative is a function of its value.
    dropout : float, default=0.0
        The probability with which a hidden unit is left out of one training row.
    """

    def __init__(
        self,
        weights,
        biases,
        weight_gradients,
        bias_gradients,
        *,
        activation="relu",
        output_activation="identity",
        dropout=0.0,
    ):
        self.keep_product = weight_gradients[0].copy_  # the first gradient of a SparseBatch
        *self._hidden, self._last = zip(weights, biases, strict=True)
        self._way_back = list(
            zip(
                [weight.t() for weight in weights],
                weight_gradients,
                [gradient[None] for gradient in bias_gradients],
                strict=True,
            )
        )
        self._ones = torch.empty(1, 0)  # one for each row of a batch
        self.n_units = weights[0].shape[1]  # of the first layer
        self.activation = ACTIVATIONS[activation]
        self.output_activation = ACTIVATIONS[output_activation]
        self.dropout = dropout

    def forward(self, x, generator=None):
        """Return the outputs for `x` and keep what :meth:`backward` needs.

        `generator` draws the dropout; without one nothing is dropped.
        """
        function, _, needs_input = self.activation
        self._inputs = [x]  # what each layer multiplies
        self._sources = []  # what each derivative is a function of
        self._masks = []
        for weight, bias in self._hidden:
            z = _affine(bias, x, weight)
            x = function(z)
            self._sources.append(z if needs_input else x)
            if self.dropout and generator is not None:
                # Scaled here, so that nothing has to be scaled when predicting.
                keep = 1 - self.dropout
                mask = torch.empty_like(x).bernoulli_(keep, generator=generator).div_(keep)
                x = x * mask
                self._masks.append(mask)
            self._inputs.append(x)
        weight, bias = self._last
        self._outputs = self.output_activation.function(_affine(bias, x, weight))
        return self._outputs

    def backward(self, d):
        """Write the gradients, given `d`, the loss's gradient with respect to the outputs.

        `d` has shape (n, n_outputs) and is written over; the gradients are sums over its rows.
        """
        d = self.output_activation.backward(d, self._outputs)
        if self._ones.size(1) != d.size(0):
            self._ones = d.new_ones(1, d.size(0))
        backward = self.activation.backward
        for i in range(len(self._hidden), -1, -1):
            transposed, weight_gradient, bias_gradient = self._way_back[i]
            x = self._inputs[i]
            if isinstance(x, SparseBatch):
                self.keep_product(x.transposed_times(d))
            else:
                torch.mm(x.t(), d, out=weight_gradient)
            torch.mm(self._ones, d, out=bias_gradient)  # their sums, quicker than by torch.sum
            if i > 0:
                d = torch.mm(d, transposed)
                if self._masks:
                    d.mul_(self._masks[i - 1])
                d = backward(d, self._sources[i - 1])
