"""The batches of an epoch of several networks."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import torch

from skmnist._networks.sparse_input import SparseStack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from skmnist._training.batches import Batch, BatchIterator


class StackedBatches:
    """The batches of several networks, one of each network at a time.

    Iterating yields ``(x, targets, weights)`` with one more axis, the members, as long as the
    batches of all have the same size. The memory of `x` is reused by the next batch.

    Parameters
    ----------
    iterators : list of BatchIterator
        One for each member, with the same number of batches, or a single one for all members.
    n_members : int
    """

    def __init__(self, iterators: Sequence[BatchIterator], n_members: int) -> None:
        self.n_members = n_members
        self.n_batches = len(iterators[0])
        self.is_shared = len(iterators) == 1
        sizes = zip(*(iterator.batch_sizes() for iterator in iterators), strict=True)
        # Training sets of slightly different sizes differ in their last batch.
        same = itertools.takewhile(lambda each: len(set(each)) == 1, sizes)
        self.n_together = sum(1 for _ in same)
        self._inputs = None if iterators[0].sparse else _allocate(iterators)
        self._parts = [_batches(iterator) for iterator in iterators]

    def __iter__(self) -> Iterator[Batch]:
        for _ in range(self.n_together):
            batches = [next(part) for part in self._parts]
            each_x, each_targets, each_weights = zip(*batches, strict=True)
            targets = torch.stack(each_targets)
            weights = _stack_weights(each_weights, targets)
            x = SparseStack(each_x) if self._inputs is None else self._stack_inputs(each_x[0])
            if not self.is_shared:
                yield x, targets, weights
                continue
            if isinstance(x, SparseStack):
                x = SparseStack(each_x * self.n_members)
            else:
                x = x.expand(self.n_members, -1, -1)
            if weights is not None:
                # A copy, because torch adds up expanded rows in another order.
                weights = weights.repeat(self.n_members, 1)
            yield x, targets.expand(self.n_members, -1, -1), weights

    def rest(self) -> list[Iterator[Batch]]:
        """Return the batches of each member that are left after those of all."""
        return [iter(()) for _ in range(self.n_members)] if self.is_shared else self._parts

    def _stack_inputs(self, first: torch.Tensor) -> torch.Tensor:
        """Return the inputs that all iterators have just written, given those of the first."""
        inputs: Any = self._inputs
        start = (first.storage_offset() - inputs.storage_offset()) // first.size(1)
        return inputs[:, start : start + first.size(0)]


def _allocate(iterators: Sequence[BatchIterator]) -> torch.Tensor:
    """Return one buffer for the inputs, of which each iterator fills its part."""
    n, dataset = len(iterators), iterators[0].dataset
    if not dataset.in_host_memory:
        for iterator in iterators:  # together they take the memory that one alone would
            iterator.chunk_size = max(1, iterator.chunk_size // n)
    size = max(iterator.input_size() for iterator in iterators)
    inputs = dataset.allocate(n * size).view(n, size, -1)
    for iterator, part in zip(iterators, inputs, strict=True):
        iterator.input_memory = part
    return inputs


def _batches(iterator: BatchIterator) -> Iterator[Batch]:
    for chunk in iterator.chunks():
        yield from chunk


def _stack_weights(
    weights: Sequence[torch.Tensor | None], targets: torch.Tensor
) -> torch.Tensor | None:
    """Return the sample weights of all members, 1 for those without any."""
    if all(w is None for w in weights):
        return None
    ones = torch.ones_like(targets[0, :, 0])
    return torch.stack([ones if w is None else w for w in weights])
