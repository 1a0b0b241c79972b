"""One update of the weights of several networks, each by its own optimizer's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from skmnist._training.fast_step import fast_step
from skmnist._training.optimizers import to_torch_class
from skmnist._utils.device import copy_to_device

from .storage import StackedTensors, allocate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Optimizers = Sequence[torch.optim.Optimizer]

# The settings that may differ between the members.
_VECTORS = ("lr", "weight_decay", "momentum")
# The settings that the formulas below don't know.
_UNSUPPORTED = ("amsgrad", "maximize", "dampening")


class MemberUpdates:
    """The update of each member by its own optimizer, one after the other.

    It is faster than :class:`VectorUpdate` on the CPU: torch's fused kernels read the weights once.

    Parameters
    ----------
    optimizers : list of torch.optim.Optimizer
    fixed_grads : bool
        Whether the gradients are always in the same tensors.
    """

    def __init__(self, optimizers: Optimizers, *, fixed_grads: bool) -> None:
        self._updates = [fast_step(one, fixed_grads=fixed_grads) for one in optimizers]

    def __call__(self) -> None:
        """Update the weights of each member."""
        for update in self._updates:
            update()

    def set_lr(self) -> None:
        """Take over the learning rates; nothing to do, since the optimizers have them."""

    def finish(self) -> None:
        """Give the optimizers their states back; nothing to do."""


class VectorUpdate:
    """One update of all members, with a number of each member as the learning rate and so on.

    A GPU is faster with few kernels than with those of each member's optimizer. The first step of
    the optimizers must be done, because it creates their states.

    Parameters
    ----------
    optimizers : list of torch.optim.Optimizer
        Those for which :func:`has_vector_update`.
    params, grads : StackedTensors
    """

    def __init__(
        self, optimizers: Optimizers, params: StackedTensors, grads: StackedTensors
    ) -> None:
        self.optimizers = optimizers
        self.params, self.grads = params.flat, grads.flat
        self.group = optimizers[0].param_groups[0]
        self.lr, self.weight_decay, self.momentum = map(self._vector, _VECTORS)
        self.has_weight_decay = any(one.param_groups[0]["weight_decay"] for one in optimizers)
        self._update, names = _UPDATES[to_torch_class(type(optimizers[0]))]
        self.states = {name: self._stack_state(name, params) for name in names}
        steps = [state["step"] for o in optimizers for state in o.state.values() if "step" in state]
        # float64: 1 - beta ** step needs more digits than float32 has.
        self.count = steps[0].detach().clone().double() if steps else None

    def __call__(self) -> None:
        """Update the weights of all members."""
        if self.count is not None:
            self.count.add_(1)
        self._update(self)

    def set_lr(self) -> None:
        """Take over the learning rates, in the same memory, which a CUDA graph reads."""
        self.lr.copy_(self._vector("lr"))

    def _vector(self, name: str) -> torch.Tensor:
        """Return a setting of the optimizers, of shape (n_members, 1)."""
        values = [[float(one.param_groups[0].get(name, 0))] for one in self.optimizers]
        return copy_to_device(torch.tensor(values, dtype=self.params.dtype), self.params.device)

    def finish(self) -> None:
        """Write the states into those of the optimizers."""
        for name, stacked in self.states.items():
            own, views = self._pairs(name, stacked)
            if own:
                torch._foreach_copy_(own, views)
        if self.count is not None:
            steps = [state["step"] for one in self.optimizers for state in one.state.values()]
            torch._foreach_copy_(steps, [self.count.to(steps[0].dtype)] * len(steps))

    def _stack_state(self, name: str, params: StackedTensors) -> StackedTensors:
        stacked = allocate([tensor[0] for tensor in params.tensors], len(self.optimizers))
        own, views = self._pairs(name, stacked)
        if own:
            torch._foreach_copy_(views, own)
        return stacked

    def _pairs(
        self, name: str, stacked: StackedTensors
    ) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """Return the tensors of the optimizers' states, and the views that correspond to them."""
        own, views = [], []
        for optimizer, row in zip(self.optimizers, stacked.rows(), strict=True):
            for p, view in zip(optimizer.param_groups[0]["params"], row, strict=True):
                if name in optimizer.state.get(p, {}):  # without a momentum there is no buffer
                    own.append(optimizer.state[p][name])
                    views.append(view)
        return own, views


def _adam(update: VectorUpdate, decoupled: bool = False) -> None:
    p, grad = update.params, update.grads
    m, v = update.states["exp_avg"].flat, update.states["exp_avg_sq"].flat
    beta1, beta2 = update.group["betas"]
    count: Any = update.count
    if update.has_weight_decay:
        if decoupled:
            p.mul_(1 - update.lr * update.weight_decay)
        else:
            grad.addcmul_(p, update.weight_decay)
    m.lerp_(grad, 1 - beta1)
    v.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    # The corrections of the bias are numbers, not one for each weight.
    correction = (1 - beta2**count).sqrt()
    step_size = update.lr / (1 - beta1**count) * correction
    eps = (correction * update.group["eps"]).to(p.dtype)
    p.addcdiv_(m * step_size, v.sqrt().add_(eps), value=-1)


def _adamw(update: VectorUpdate) -> None:
    _adam(update, decoupled=True)


def _sgd(update: VectorUpdate) -> None:
    p, grad = update.params, update.grads
    buffer = update.states["momentum_buffer"].flat
    if update.has_weight_decay:
        grad.addcmul_(p, update.weight_decay)
    buffer.mul_(update.momentum).add_(grad)
    if update.group["nesterov"]:
        direction = grad.addcmul_(buffer, update.momentum)
    else:
        direction = buffer
    p.addcmul_(direction, update.lr, value=-1)


# torch's optimizers -> their update, and the names of the tensors in their states.
_UPDATES: dict[type, tuple[Callable[[VectorUpdate], None], tuple[str, ...]]] = {
    torch.optim.Adam: (_adam, ("exp_avg", "exp_avg_sq")),
    torch.optim.AdamW: (_adamw, ("exp_avg", "exp_avg_sq")),
    torch.optim.SGD: (_sgd, ("momentum_buffer",)),
}


def has_vector_update(optimizers: Optimizers) -> bool:
    """Return whether :class:`VectorUpdate` has the formula of these optimizers."""
    groups = [optimizer.param_groups[0] for optimizer in optimizers]
    others = [
        {k: v for k, v in group.items() if k not in ("params", *_VECTORS)} for group in groups
    ]
    return (
        len({to_torch_class(type(optimizer)) for optimizer in optimizers} - _UPDATES.keys()) == 0
        and len({type(optimizer) for optimizer in optimizers}) == 1
        and not any(group.get(name) for group in groups for name in _UNSUPPORTED)
        and all(other == others[0] for other in others)
        and all(len(optimizer.param_groups) == 1 for optimizer in optimizers)
    )


def has_all_state(optimizer: torch.optim.Optimizer) -> bool:
    """Return whether an optimizer has the state that its steps need, if any."""
    return bool(optimizer.state) or not optimizer.param_groups[0].get("momentum", True)
