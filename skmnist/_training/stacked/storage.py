"""Store the tensors of several networks of one size in one tensor."""

from __future__ import annotations

import contextlib
import itertools
import math
from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Tensors start at a multiple of this number of elements, as those that torch allocates: a
# kernel may round differently for another start.
_ALIGNMENT = 16


class StackedTensors(NamedTuple):
    """Tensors of several members, which have the same shapes."""

    flat: torch.Tensor  # (n_members, n), all tensors of a member in one row
    tensors: list[torch.Tensor]  # views of it, of shape (n_members, *shape)

    def rows(self) -> Iterator[tuple[torch.Tensor, ...]]:
        """Yield the tensors of each member."""
        return zip(*(tensor.unbind() for tensor in self.tensors), strict=True)


def allocate(tensors: Sequence[torch.Tensor], n_members: int) -> StackedTensors:
    """Return zeros for tensors of these shapes and memory layouts, for each member."""
    sizes = [math.ceil(t.numel() / _ALIGNMENT) * _ALIGNMENT for t in tensors]
    flat = tensors[0].detach().new_zeros(n_members, sum(sizes))
    views = []
    for t, part in zip(tensors, flat.split(sizes, 1), strict=True):
        part = part[:, : t.numel()]
        if t.is_contiguous():
            views.append(part.view(n_members, *t.shape))
        else:  # column-major
            views.append(part.view(n_members, *t.t().shape).mT)
    return StackedTensors(flat, views)


@contextlib.contextmanager
def stacked_storage(members: Sequence[Sequence[torch.Tensor]]) -> Iterator[StackedTensors]:
    """Store the tensors of all members in one tensor inside the block."""
    stacked = allocate(members[0], len(members))
    tensors = list(itertools.chain(*members))
    views = list(itertools.chain(*stacked.rows()))
    own = [t.data for t in tensors]
    torch._foreach_copy_(views, own)
    for t, view in zip(tensors, views, strict=True):
        t.data = view
    try:
        yield stacked
    finally:
        torch._foreach_copy_(own, views)
        for t, before in zip(tensors, own, strict=True):
            t.data = before
