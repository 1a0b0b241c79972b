"""Optimizer steps with less Python around torch's kernels than ``optimizer.step`` has."""

from __future__ import annotations

import contextlib
import ctypes
import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from .optimizers import GradientDescent, to_torch_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .weight_average import WeightAverage

    Update = Callable[[list[torch.Tensor], list[torch.Tensor]], None]  # of parameters, gradients


class KernelInputs(NamedTuple):
    """What a fast step reads from the device."""

    lr: torch.Tensor | None = None  # instead of the group's learning rate
    found_inf: torch.Tensor | None = None  # 1 skips the step, see ``LossScale``


_NO_INPUTS = KernelInputs()


def has_fast_step(optimizer: torch.optim.Optimizer) -> bool:
    """Return whether :func:`fast_step` may have a faster step than ``optimizer.step``."""
    return (
        isinstance(optimizer, GradientDescent) or to_torch_class(type(optimizer)) in _FAST_UPDATES
    )


@contextlib.contextmanager
def column_major(
    weight: torch.Tensor, optimizer: torch.optim.Optimizer, average: WeightAverage | None
) -> Iterator[None]:
    """Store the first weight matrix, its optimizer state and average in column-major order.

    Only in the block: much code expects parameters in row-major order.
    """

    def store(rearrange: Callable[[torch.Tensor], torch.Tensor]) -> None:
        state = optimizer.state.get(weight, {}).values()
        averages = [] if average is None else average.other_weights[:1]
        for tensor in (weight, *averages, *(t for t in state if t.shape == weight.shape)):
            tensor.data = rearrange(tensor.data)

    store(lambda matrix: matrix.t().contiguous().t())
    try:
        yield
    finally:
        store(torch.Tensor.contiguous)
        if weight.grad is not None:
            # A copy, because autograd can't add to a gradient that was made in inference mode.
            weight.grad = weight.grad.clone(memory_format=torch.contiguous_format)


def _in_memory_order(tensor: torch.Tensor) -> torch.Tensor:
    """Return the elements of a dense tensor in the order in which they lie in memory.

    The fused optimizers would copy a tensor that isn't contiguous, such as a transposed matrix.
    """
    if tensor.is_contiguous():
        return tensor
    return tensor.as_strided((tensor.numel(),), (1,))


def _lr_getter(
    group: dict[str, Any], lr: torch.Tensor | None
) -> Callable[[], float | torch.Tensor]:
    """Return a function that returns the learning rate for a kernel."""
    if lr is not None:
        return lambda: lr
    if group["params"][0].device.type == "cuda":
        # As a kernel reads it from a tensor, so that a CUDA graph gives the same bits.
        return lambda: ctypes.c_float(group["lr"]).value
    return functools.partial(group.__getitem__, "lr")


def _strides(tensor: torch.Tensor) -> list[int]:
    return [stride for n, stride in zip(tensor.shape, tensor.stride(), strict=True) if n > 1]


def _adam(
    fused: Callable, group: dict[str, Any], states: list[dict[str, Any]], inputs: KernelInputs
) -> Update:
    """Return the update of Adam or AdamW by torch's kernel, for a group and its states."""
    get_lr, found_inf = _lr_getter(group, inputs.lr), inputs.found_inf
    exp_avgs, exp_avg_sqs = (
        [_in_memory_order(state[name]) for state in states] for name in ("exp_avg", "exp_avg_sq")
    )
    # The step counts become views of one tensor, so that one addition increases them all.
    count = torch.stack([state["step"] for state in states])
    steps = list(count.unbind())
    for state, step in zip(states, steps, strict=True):
        state["step"] = step
    one = torch.ones_like(count)  # adding a tensor takes a third of the time of adding a number
    beta1, beta2 = group["betas"]

    def update(params: list[torch.Tensor], grads: list[torch.Tensor]) -> None:
        count.add_(one)
        if found_inf is not None:
            count.sub_(found_inf)  # the kernel skips this step
        fused(
            params,
            grads,
            exp_avgs,
            exp_avg_sqs,
            [],
            steps,
            lr=get_lr(),
            beta1=beta1,
            beta2=beta2,
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=False,
            maximize=group["maximize"],
            found_inf=found_inf,
        )

    return update


def _sgd(group: dict[str, Any], states: list[dict[str, Any]], inputs: KernelInputs) -> Update:
    """Return the update of SGD by torch's kernel, for a group and its states."""
    get_lr = _lr_getter(group, inputs.lr)
    names = ("weight_decay", "momentum", "dampening", "nesterov", "maximize")
    buffers = (
        [_in_memory_order(state["momentum_buffer"]) for state in states]
        if group["momentum"]
        else []
    )

    def update(params: list[torch.Tensor], grads: list[torch.Tensor]) -> None:
        settings = {name: group[name] for name in names}
        torch._fused_sgd_(
            params,
            grads,
            buffers,
            lr=get_lr(),
            **settings,
            is_first_step=False,
            found_inf=inputs.found_inf,
        )

    return update


_FAST_UPDATES: dict[
    type, Callable[[dict[str, Any], list[dict[str, Any]], KernelInputs], Update]
] = {
    torch.optim.Adam: functools.partial(_adam, torch._fused_adam_),
    torch.optim.AdamW: functools.partial(_adam, torch._fused_adamw_),
    torch.optim.SGD: _sgd,
}


def fast_step(
    optimizer: torch.optim.Optimizer,
    inputs: KernelInputs = _NO_INPUTS,
    *,
    fixed_grads: bool = False,
) -> Callable[[], Any]:
    """Return a function that does what ``optimizer.step()`` does, with less Python around it.

    Call it without autograd, after a first step of the optimizer's own.

    For a network of 50,000 weights three quarters of the time in ``Adam.step`` is spent on
    regrouping tensors and checking flags that don't change between two batches. The state stays
    in the optimizer, so both kinds of step can be mixed. If there is no faster step, the
    optimizer's own ``step`` is returned.
    """
    if not is_standard(optimizer):
        step, found_inf = optimizer.step, inputs.found_inf
        return step if found_inf is None else lambda: None if found_inf > 0 else step()
    if isinstance(optimizer, GradientDescent):
        return optimizer.update
    make_update = _FAST_UPDATES[to_torch_class(type(optimizer))]
    group = optimizer.param_groups[0]
    params = group["params"]
    update = make_update(group, [optimizer.state.get(p, {}) for p in params], inputs)
    elements = [_in_memory_order(p) for p in params]
    if fixed_grads:
        return functools.partial(update, elements, [_in_memory_order(p.grad) for p in params])
    # The gradients are looked up each time: autograd makes new ones for each batch.
    return lambda: update(elements, [_in_memory_order(p.grad) for p in params])


def is_standard(optimizer: torch.optim.Optimizer) -> bool:
    """Return whether one kernel of torch does all that ``optimizer.step`` does.

    It must have taken a step before.
    """
    if not has_fast_step(optimizer) or isinstance(optimizer, GradientDescent):
        return isinstance(optimizer, GradientDescent)
    group = optimizer.param_groups[0]
    params = group["params"]
    states = [optimizer.state.get(p, {}) for p in params]
    return (
        len(optimizer.param_groups) == 1
        and group["fused"]
        and not any(group.get(flag) for flag in ("amsgrad", "capturable", "differentiable"))
        and isinstance(group["lr"], float)
        and all(p.grad is not None for p in params)
        and (all(states) or not group.get("momentum", True))
        and len({(p.device, p.dtype) for p in params}) == 1
        and all(
            _strides(tensor) == _strides(p)
            for p, state in zip(params, states, strict=True)
            for tensor in (p.grad, *state.values())
            if torch.is_tensor(tensor) and tensor.shape == p.shape
        )
        and not (optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks)
    )
