"""What a captured training step depends on, other than the values in the memory of its tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from .net import Net

_PLAIN = (bool, int, float, str, tuple, type(None))
# What each batch, or each epoch, sets.
_SET_EACH_TIME = {"training", "lr", "params"}


def fingerprint(net: Net) -> list[Any]:
    """Return a list that equals an earlier one unless the net was changed in between.

    It compares where the tensors of the network and of the optimizer are, not their values, and the
    settings of the layers and of the optimizer.
    """
    optimizer: Any = net.optimizer_
    hooks = (optimizer._optimizer_step_pre_hooks, optimizer._optimizer_step_post_hooks)
    return [
        *map(_layer_settings, net.module_.modules()),
        *map(_layout, _tensors(net)),
        *(_plain_values(group) for group in optimizer.param_groups),
        *map(list, hooks),
    ]


def _tensors(net: Net) -> Iterator[torch.Tensor]:
    yield from net.module_.parameters()
    yield from net.module_.buffers()
    for group in net.optimizer_.param_groups:
        yield from group["params"]
    for entries in net.optimizer_.state.values():
        yield from (value for value in entries.values() if torch.is_tensor(value))
    if net.loss_scale_ is not None:
        yield from vars(net.loss_scale_).values()


def _layout(tensor: torch.Tensor) -> tuple[Any, ...]:
    return (tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype, tensor.requires_grad)


def _layer_settings(layer: nn.Module) -> tuple[Any, ...]:
    hooks = {name: list(value) for name, value in vars(layer).items() if name.endswith("_hooks")}
    return type(layer), hooks, _plain_values(vars(layer))


def _plain_values(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in values.items()
        if name not in _SET_EACH_TIME and isinstance(value, _PLAIN)
    }
