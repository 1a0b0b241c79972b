"""Observe a training: losses, gradients, updates and the activity of the units."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from skorch.callbacks import Callback
from torch import nn

from skmnist._networks.activations import ACTIVATION_MODULES
from skmnist._networks.losses import LOSSES
from skmnist._networks.neural_network import NeuralNetwork

from .first_batch import bounded_function

if TYPE_CHECKING:
    from typing_extensions import Self

    from .image_dataset import ImageDataset
    from .net import Net

_N_SAMPLES = 500  # for the initial loss and the activity of the units
_N_FIRST_STEPS, _N_STEPS = 10, 50  # observed: the first ones, then about so many
_SATURATED = 0.98  # of the distance between the bounds of a sigmoid or tanh

_ACTIVATIONS = (*ACTIVATION_MODULES.values(), nn.ReLU6, nn.SELU, nn.Softplus, nn.Mish, nn.PReLU)
_BOUNDS = {nn.Sigmoid: (0.0, 1.0), nn.Tanh: (-1.0, 1.0)}


@dataclass
class LayerActivity:
    """The activity of the units of one hidden layer on some samples.

    Parameters
    ----------
    dead : float
        Fraction of the units whose output is the same for all samples. If the activation function
        has bounds, only if it is near one of them: otherwise the unit still gets a gradient.
    saturated : float or None
        Fraction of the outputs near a bound of the activation function; None if it has none.
    """

    dead: float
    saturated: float | None


def layer_activity(outputs: torch.Tensor, bounds: tuple[float, float] | None) -> LayerActivity:
    """Return the activity of a layer.

    Parameters
    ----------
    outputs : tensor of shape (n, n_units) or (n, n_channels, height, width)
        Outputs of the activation function. A channel counts as one unit.
    bounds : tuple of float or None
        The bounds of the activation function.
    """
    values = outputs.flatten(2).transpose(1, 2).flatten(0, 1) if outputs.dim() > 2 else outputs
    span = values.amax(0) - values.amin(0)
    # Rounding makes the outputs of a saturated unit differ by a few ulp.
    dead = span <= 1e-6 * values.abs().amax(0)
    if bounds is None:
        return LayerActivity(float(dead.double().mean()), None)
    low, high = bounds
    saturated = (values - (low + high) / 2).abs() > _SATURATED * (high - low) / 2
    dead &= saturated.all(0)
    return LayerActivity(float(dead.double().mean()), float(saturated.double().mean()))


@torch.no_grad()
def network_activity(module: nn.Module, x: torch.Tensor) -> list[LayerActivity]:
    """Return the activity of each hidden layer that has an activation function, on inputs x."""
    if isinstance(module, NeuralNetwork):
        return _manual_activity(module, x)
    found: list[LayerActivity] = []
    hidden = 0  # the layers that are followed by another one with weights

    def hook(layer: nn.Module, inputs: Any, output: Any) -> None:
        nonlocal hidden
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            hidden = len(found)
        elif isinstance(layer, _ACTIVATIONS) and not isinstance(layer, nn.Identity):
            found.append(layer_activity(output, _BOUNDS.get(type(layer))))

    leaves = [layer for layer in module.modules() if not list(layer.children())]
    handles = [layer.register_forward_hook(hook) for layer in leaves]
    try:
        module(x.clone())
    finally:
        for handle in handles:
            handle.remove()
    return found[:hidden]


def _manual_activity(network: NeuralNetwork, x: torch.Tensor) -> list[LayerActivity]:
    activation = ACTIVATION_MODULES[network.activation]()
    bounds = _BOUNDS.get(type(activation))
    found = []
    for i in range(len(network.layer_sizes) - 2):
        x = activation(x @ network.layer(i)[:-1] + network.layer(i)[-1])
        found.append(layer_activity(x, bounds))
    return found if network.activation != "identity" else []


def equal_units(weight: torch.Tensor) -> bool:
    """Return whether all units of a layer, the rows of `weight`, have the same weights."""
    rows = weight.flatten(1)
    return len(rows) > 1 and bool((rows == rows[:1]).all())


@dataclass
class ProbeRecord:
    """What a :class:`TrainingProbe` observed.

    The lists of gradients and update ratios have one entry for each observed step, a dict from the
    name of a weight to the norm of its gradient, or to the norm of its update divided by its own.
    """

    initial_loss: float = float("nan")
    initial_activity: list[LayerActivity] = field(default_factory=list)
    equal_units: bool = False  # in a hidden layer, before the training
    output_function: str | None = None  # in which the network ends, although it needs logits
    batch_losses: list[float] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    gradients: list[dict[str, float]] = field(default_factory=list)
    update_ratios: list[dict[str, float]] = field(default_factory=list)


class TrainingProbe(Callback):
    """Callback that observes a training. Copies share its record.

    Attributes
    ----------
    record : ProbeRecord
        What was observed.
    """

    def __init__(self) -> None:
        self.record = ProbeRecord()
        self._before: dict[str, torch.Tensor] | None = None
        self._stride = 1

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        # Each fit copies its callbacks, and whoever passed this one reads the record afterwards.
        return self

    def on_train_begin(self, net: Net, X: ImageDataset | None = None, **kwargs: Any) -> None:
        """Record the loss and the activity of the untrained network."""
        assert X is not None  # noqa: S101
        n_batches = -(-len(X) // net.batch_size)
        self._stride = max(1, n_batches * net.max_epochs // _N_STEPS)
        net._set_training(False)
        indices = X.evenly_spaced(_N_SAMPLES)
        x, (targets, _) = X.inputs(indices), X.targets(indices)
        outputs = net.outputs(x)
        self.record.initial_loss = float(LOSSES[net.config.loss](outputs, targets).mean())
        if net.config.loss == "cross_entropy":
            self.record.output_function = bounded_function(outputs)
        self.record.initial_activity = network_activity(net.module_, x)
        hidden = [weight.detach() for _, weight in _weights(net)[:-1]]
        if isinstance(net.module_, NeuralNetwork):  # its last row has the biases
            hidden = [weight[:-1].t() for weight in hidden]
        self.record.equal_units = any(map(equal_units, hidden))

    def on_batch_begin(self, net: Net, training: bool = False, **kwargs: Any) -> None:
        """Keep the weights before an observed step."""
        step = len(self.record.batch_losses)
        observed = step < _N_FIRST_STEPS or step % self._stride == 0
        self._before = None
        if training and observed:
            self._before = {name: weight.detach().clone() for name, weight in _weights(net)}

    def on_grad_computed(self, net: Net, training: bool = False, **kwargs: Any) -> None:
        """Record the gradients of an observed step."""
        if self._before is not None and len(self.record.gradients) == len(
            self.record.update_ratios
        ):
            norms = {
                name: float(weight.grad.norm())
                for name, weight in _weights(net)
                if weight.grad is not None
            }
            self.record.steps.append(len(self.record.batch_losses))
            self.record.gradients.append(norms)

    def on_batch_end(
        self, net: Net, training: bool = False, loss: Any = None, **kwargs: Any
    ) -> None:
        """Record the loss, and the updates of an observed step."""
        if not training:
            return
        self.record.batch_losses.append(float(loss))
        if self._before is not None and len(self.record.gradients) > len(self.record.update_ratios):
            self.record.update_ratios.append(
                {
                    name: float((weight.detach() - self._before[name]).norm())
                    / max(float(self._before[name].norm()), 1e-12)
                    for name, weight in _weights(net)
                }
            )
        self._before = None


def _weights(net: Net) -> list[tuple[str, nn.Parameter]]:
    """Return the names and parameters of the weights, without biases and normalization."""
    return [(name, p) for name, p in net.module_.named_parameters() if p.dim() > 1]
