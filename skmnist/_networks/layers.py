"""Layers that the networks share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from .activations import ACTIVATION_MODULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class Dropout(nn.Module):
    """Dropout that draws from its own generator instead of torch's global one."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.generator: torch.Generator | None = None  # set for each epoch of training

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Set each value to zero with probability p; only in training."""
        if not self.training:
            return x
        keep = 1 - self.p
        mask = torch.empty_like(x).bernoulli_(keep, generator=self.generator)
        return x * mask.div_(keep)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "generator": None}


def seed_dropout(
    module: nn.Module, make_generator: Callable[[], torch.Generator]
) -> torch.Generator | None:
    """Give the dropout layers of `module` a new generator; return it, or None without dropout."""
    layers = [layer for layer in module.modules() if isinstance(layer, Dropout)]
    generator = make_generator() if layers else None
    for layer in layers:
        layer.generator = generator
    return generator


def batch_norm_layers(module: nn.Module) -> list[Any]:
    """Return the layers of `module` that apply batch normalization."""
    return [m for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]


def uninitialized(layer_class: type[nn.Module], *args: Any, **kwargs: Any) -> nn.Module:
    """Return a layer whose weights have memory, but no values yet.

    ``nn.utils.skip_init`` does the same, but its first call loads modules for a quarter of a
    second.
    """
    layer = layer_class(*args, device="meta", **kwargs)
    for name, parameter in layer.named_parameters():
        setattr(layer, name, nn.Parameter(torch.empty(parameter.shape)))
    return layer


def dense_layers(
    sizes: Sequence[int],
    activation: str,
    output_activation: str,
    dropout: float,
    batch_norm: bool,
) -> Iterator[nn.Module]:
    """Yield the layers from ``sizes[0]`` inputs to ``sizes[-1]`` outputs."""
    *hidden, (n_in, n_out) = zip(sizes, sizes[1:], strict=False)
    for hidden_in, hidden_out in hidden:
        yield uninitialized(nn.Linear, hidden_in, hidden_out)
        if batch_norm:
            yield nn.BatchNorm1d(hidden_out)
        yield ACTIVATION_MODULES[activation]()
        if dropout:
            yield Dropout(dropout)
    yield uninitialized(nn.Linear, n_in, n_out)
    if output_activation != "identity":
        yield ACTIVATION_MODULES[output_activation]()
