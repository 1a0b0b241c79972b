"""Train on the batches of an epoch one by one."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING

import torch

from skmnist._utils.random_state import make_generator

from .augment import make_augmentation
from .batches import BatchIterator
from .callback_step import CallbackStep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .batches import BatchChunk
    from .image_dataset import ImageDataset
    from .net import Net


class EagerTrainer:
    """Trains on the batches of each epoch one by one.

    Parameters
    ----------
    net : Net
    dataset : ImageDataset
        The training set.
    """

    is_reusable = True  # in the next epoch

    def __init__(self, net: Net, dataset: ImageDataset) -> None:
        self.net = net
        self.dataset = dataset

    @contextlib.contextmanager
    def epoch(self, epoch: int) -> Iterator[None]:
        """Prepare for the batches of an epoch, all of which must be in this context."""
        net, dataset = self.net, self.dataset
        get_generator = functools.partial(
            make_generator, net.config.seed, epoch=epoch, device=dataset.device
        )
        step = net.make_step(dataset, epoch, get_generator)
        self._sparse = step.sparse
        self._step = CallbackStep(net, step) if net.has_batch_callbacks() else step
        self._augment = make_augmentation(net.config, get_generator)
        try:
            with step.context():
                yield
        finally:
            del self._step  # frees the memory of the last batch

    def batches(self, order: torch.Generator | None) -> BatchIterator:
        """Return the batches of an epoch, in an order that the generator draws."""
        return BatchIterator(self.dataset, self.net.batch_size, order, self._sparse)

    def train(self, chunk: BatchChunk, lrs: Iterator[float | None]) -> torch.Tensor:
        """Train on the batches of a chunk and return ``loss.link`` of their outputs.

        `lrs` are the learning rates of the next batches; None keeps the optimizer's.
        """
        step, augment = self._step, self._augment
        module, average = self.net.module_, self.net.average_
        groups = self.net.optimizer_.param_groups
        predictions = torch.empty_like(chunk.targets)
        parts = predictions.split(chunk.batch_sizes)
        for (x, targets, weights), lr, predicted in zip(chunk, lrs, parts, strict=False):
            if lr is not None:
                for group in groups:
                    group["lr"] = lr
            if augment is not None:
                x = augment(x)
            predicted.copy_(step(x, targets, weights))
            if average is not None:
                average.update(module)
        return predictions
