"""One training step of several networks of one size."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import torch

from skmnist._networks.stacked_mlp import StackedMLP
from skmnist._training.fast_step import column_major
from skmnist._training.steps import ManualBackwardStep

from .storage import StackedTensors, allocate, stacked_storage
from .update import MemberUpdates, VectorUpdate, has_all_state, has_vector_update

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from skmnist._training.net import Net

_VECTOR_DEVICES = ("cuda",)  # device types on which a VectorUpdate is faster


class StackedStep(ManualBackwardStep):
    """A step of several nets at once, each on a batch of its own.

    It is called like a step of one net. All tensors have one more axis, the members, and sparse
    batches are a ``SparseStack``.

    Parameters
    ----------
    nets : list of Net
        Their modules are MLPs of one size, without dropout and batch normalization.
    sparse : bool
        Whether the batches are sparse.
    """

    def __init__(self, nets: Sequence[Net], sparse: bool) -> None:
        super().__init__(nets[0], nets[0].module_.backpropagation(), None, sparse)
        self.nets = nets
        self.optimizers = [net.optimizer_ for net in nets]
        self._averages = [net.average_ for net in nets if net.average_ is not None]
        self._update: MemberUpdates | VectorUpdate | None = None

    @contextlib.contextmanager
    def context(self) -> Iterator[None]:
        """Store the weights of all nets in one tensor; all batches must be in this context."""
        with contextlib.ExitStack() as stack:
            if self.sparse:
                for net in self.nets:
                    weight = next(net.module_.parameters())
                    stack.enter_context(column_major(weight, net.optimizer_, net.average_))
            self._params = stack.enter_context(
                stacked_storage([list(net.module_.parameters()) for net in self.nets])
            )
            if self._averages:
                weights = [average.other_weights for average in self._averages]
                self._average_weights = stack.enter_context(stacked_storage(weights)).flat
            self._grads = self._make_grads()
            stack.callback(self._delete_grads)
            self.manual_mlp = self._make_mlp()
            stack.enter_context(torch.inference_mode())
            yield
            if self._update is not None:
                self._update.finish()

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self._params.flat.device

    @property
    def can_be_captured(self) -> bool:
        """Whether kernels do all that a step does; known after the first one."""
        return isinstance(self._update, VectorUpdate)

    def update(self) -> None:
        """Update the weights of all nets."""
        if self._update is None:
            self._first_update()
        else:
            self._update()

    def update_averages(self) -> None:
        """Update the averages of the weights after a step."""
        if not self._averages:
            return
        # The nets have trained for the same number of steps.
        first, *others = self._averages
        share = first.next_share()
        for average in others:
            average.n_steps = first.n_steps
        if share is not None:
            self._average_weights.lerp_(self._params.flat, share)

    def set_lrs(self, lrs: Sequence[float | None]) -> None:
        """Set the learning rates of the nets for the next batch; None keeps one."""
        for optimizer, lr in zip(self.optimizers, lrs, strict=True):
            if lr is not None:
                optimizer.param_groups[0]["lr"] = lr
        if self._update is not None and any(lr is not None for lr in lrs):
            self._update.set_lr()

    def _first_update(self) -> None:
        """Update by the optimizers' own steps those nets that have no state for a faster one."""
        optimizers = self.optimizers
        # As ordinary tensors: those of inference mode can't be changed outside of it.
        with torch.inference_mode(False), torch.no_grad():
            if self.device.type in _VECTOR_DEVICES and has_vector_update(optimizers):
                is_first = not all(map(has_all_state, optimizers))
                if is_first:
                    for optimizer in optimizers:
                        optimizer.step()
                self._update = VectorUpdate(optimizers, self._params, self._grads)
                if not is_first:
                    self._update()
                return
            pending = [optimizer for optimizer in optimizers if optimizer.state]
            for optimizer in optimizers:
                if not optimizer.state:
                    optimizer.step()
        fixed_grads = not self.sparse
        MemberUpdates(pending, fixed_grads=fixed_grads)()
        self._update = MemberUpdates(optimizers, fixed_grads=fixed_grads)

    def _make_grads(self) -> StackedTensors:
        grads = allocate([t[0] for t in self._params.tensors], len(self.nets))
        for net, row in zip(self.nets, grads.rows(), strict=True):
            for p, grad in zip(net.module_.parameters(), row, strict=True):
                p.grad = grad
        return grads

    def _delete_grads(self) -> None:
        for net in self.nets:
            for p in net.module_.parameters():
                p.grad = None

    def _make_mlp(self) -> StackedMLP:
        weights, biases = self._params.tensors[::2], self._params.tensors[1::2]
        module: Any = self.net.module_
        mlp = StackedMLP(
            [weight.mT for weight in weights],
            [bias.unsqueeze(1) for bias in biases],
            [grad.mT for grad in self._grads.tensors[::2]],
            self._grads.tensors[1::2],
            activation=module.activation,
            output_activation=module.output_activation,
        )
        first = [next(net.module_.parameters()) for net in self.nets]

        def write_first_weight_grads(products: list[torch.Tensor]) -> None:
            for weight, product in zip(first, products, strict=True):
                weight.grad = product.t()

        mlp.write_first_weight_grad = write_first_weight_grads
        return mlp
