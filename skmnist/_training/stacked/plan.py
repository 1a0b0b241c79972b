"""Which networks are trained at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .epoch import Member, stack_key

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

# So many members that train on the same batches have a stack of their own on the CPU, which
# prepares the batches once.
MIN_SAME_BATCHES = 4

# Bytes of the weights, gradients, averages and optimizer states of a stack on the CPU. Larger ones
# are slower, because less of them stays in the cache between two steps.
_MAX_BYTES = 2**24
_NUMBERS_PER_WEIGHT = 5
_MAX_MEMBERS = 512  # on a GPU, which needs many


def share_pixels(members: Sequence[Member]) -> None:
    """Let members with the same pixels use the same memory."""
    different: list[Member] = []
    for member in members:
        if not any(member.dataset.share_pixels(other.dataset) for other in different):
            different.append(member)


def plan_stacks(members: Sequence[Member]) -> tuple[list[list[int]], list[int]]:
    """Return the indices of the members of each stack, and of those that can't be stacked."""
    by_key: dict[Hashable, list[int]] = {}
    for i, member in enumerate(members):
        by_key.setdefault(stack_key(member), []).append(i)
    alone = by_key.pop(None, [])
    return [stack for indices in by_key.values() for stack in _split(members, indices)], alone


def _split(members: Sequence[Member], indices: list[int]) -> list[list[int]]:
    """Split members of one key into stacks of a suitable size."""
    net, dataset = members[indices[0]]
    is_cpu = dataset.device.type == "cpu"
    n_bytes = sum(p.numel() * p.element_size() for p in net.module_.parameters())
    max_members = _MAX_MEMBERS
    if is_cpu:
        max_members = max(MIN_SAME_BATCHES, _MAX_BYTES // (n_bytes * _NUMBERS_PER_WEIGHT))
    by_batches: list[list[int]] = []
    for i in indices:
        same = (group for group in by_batches if members[i].has_batches_of(members[group[0]]))
        group = next(same, None)
        if group is None:
            by_batches.append([i])
        else:
            group.append(i)
    groups = [group for group in by_batches if is_cpu and len(group) >= MIN_SAME_BATCHES]
    groups.append([i for group in by_batches if group not in groups for i in group])
    stacks = []
    for group in groups:
        n_stacks = -(-len(group) // max_members)
        stacks += [group[k::n_stacks] for k in range(n_stacks)]
    return stacks
