"""The batches of an epoch, without collating them sample by sample.

The targets and losses of several batches, a chunk, are computed together, so that the cost of a
call is small. Pixels in the CPU's own memory are an exception: taken batch by batch, they are
still in its cache when they are multiplied.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .image_dataset import ImageDataset

    Batch = tuple[Any, torch.Tensor, torch.Tensor | None]  # inputs, targets, weights


class BatchChunk:
    """Consecutive batches; iterating yields ``(x, targets, weights)`` of each.

    The memory of `x` is reused by a later batch; the weights may be None.

    Parameters
    ----------
    inputs : iterable
        The network inputs of each batch.
    targets, weights : tensors
        Those of all samples; the weights may be None.
    batch_sizes : list of int
    """

    def __init__(
        self,
        inputs: Iterable[Any],
        targets: torch.Tensor,
        weights: torch.Tensor | None,
        batch_sizes: list[int],
    ) -> None:
        self.inputs = inputs
        self.targets = targets
        self.weights = weights
        self.batch_sizes = batch_sizes

    def __iter__(self) -> Iterator[Batch]:
        sizes, weights = self.batch_sizes, self.weights
        split = [None] * len(sizes) if weights is None else weights.split(sizes)
        return zip(self.inputs, self.targets.split(sizes), split, strict=True)


class BatchIterator:
    """BatchIterator of an :class:`ImageDataset`: what skorch calls an iterator.

    Parameters
    ----------
    dataset : ImageDataset
    batch_size : int
    generator : torch.Generator, default=None
        Draws a new order for each epoch; None keeps the order of the samples.
    sparse : bool
        Whether each batch is a :class:`SparseBatch`.
    buffer : tensor, default=None
        The inputs of each chunk are written there when it begins. None: memory of its own, for
        the inputs of a chunk or of a batch.
    """

    def __init__(
        self,
        dataset: ImageDataset,
        batch_size: int,
        generator: torch.Generator | None = None,
        sparse: bool = False,
        buffer: torch.Tensor | None = None,
    ) -> None:
        self.dataset = dataset
        self.batch_size = batch_size
        self.generator = generator
        self.sparse = sparse
        self.buffer = buffer
        self.chunk_size = dataset.chunk_size
        self.input_memory: torch.Tensor | None = None  # of several networks, see StackedBatches

    def __len__(self) -> int:
        return len(self.batch_sizes())

    def batch_sizes(self) -> list[int]:
        """Return the number of samples in each batch.

        A last batch of a single sample joins the one before it: batch normalization can't train
        on one sample.
        """
        n_full, rest = divmod(len(self.dataset), self.batch_size)
        sizes = [self.batch_size] * n_full
        if rest == 1 and n_full:
            sizes[-1] += 1
        elif rest:
            sizes.append(rest)
        return sizes

    def chunk_batch_sizes(self) -> list[list[int]]:
        """Return the number of samples in each batch of each chunk."""
        sizes = self.batch_sizes()
        n_batches = max(1, self.chunk_size // self.batch_size)
        return [sizes[i : i + n_batches] for i in range(0, len(sizes), n_batches)]

    def input_size(self) -> int:
        """Return the number of samples whose inputs are in memory at once."""
        sizes = self.chunk_batch_sizes()
        return max(map(max if self.dataset.in_host_memory else sum, sizes))

    def chunks(self) -> Iterator[BatchChunk]:
        """Yield the chunks of one epoch."""
        dataset = self.dataset
        indices = dataset.indices
        if self.generator is not None:
            indices = indices[torch.randperm(len(indices), generator=self.generator)]
        groups = self.chunk_batch_sizes()
        chunk_sizes = [sum(group) for group in groups]
        batches: Callable[..., Iterable[Any]]
        if self.sparse:
            batches = dataset.sparse_pixels.batches
        elif self.buffer is not None:
            batches = self._chunk_inputs
        else:
            memory = self.input_memory
            memory = dataset.allocate(self.input_size()) if memory is None else memory
            batches = functools.partial(dataset.batches, buffer=memory)
        for group, chunk_indices in zip(groups, indices.split(chunk_sizes), strict=True):
            targets, weights = dataset.targets(chunk_indices)
            yield BatchChunk(batches(chunk_indices, group), targets, weights, group)

    def _chunk_inputs(
        self, indices: torch.Tensor, batch_sizes: list[int]
    ) -> tuple[torch.Tensor, ...]:
        return self.dataset.inputs(indices, self.buffer).split(batch_sizes)

    def __iter__(self) -> Iterator[tuple[Any, torch.Tensor]]:
        """Yield ``(x, labels)``, as callbacks expect it."""
        for chunk in self.chunks():
            for x, targets, _ in chunk:
                yield x.clone(), targets.argmax(1)
