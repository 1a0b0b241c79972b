"""Train one epoch of several networks of one size at once.

Each member has its own samples, order of the samples, learning rate and so on, and the result is
that of the member alone. What is saved is the time that a call takes before it computes anything,
and the preparation of batches that several members have in common.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from typing import TYPE_CHECKING, NamedTuple

import torch

from skmnist._networks.losses import batch_means
from skmnist._networks.mlp import MLP
from skmnist._training.batches import BatchChunk, BatchIterator
from skmnist._training.cuda_graphs import can_capture_stack
from skmnist._training.denormals import flush_denormals
from skmnist._training.eager_trainer import EagerTrainer
from skmnist._training.steps import ManualBackwardStep
from skmnist._utils.random_state import make_generator
from skmnist.exceptions import DivergenceError

from .batches import StackedBatches
from .graph import StackedGraph
from .step import StackedStep

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from skmnist._training.batches import Batch
    from skmnist._training.image_dataset import ImageDataset
    from skmnist._training.net import Net
    from skmnist._training.steps import AutogradStep

    LearningRates = list[float | None]  # of each batch; None keeps the optimizer's
    Means = tuple[torch.Tensor, torch.Tensor]  # losses and sums of weights of batches


_N_PENDING = 16  # batches whose losses are computed at once


class Member(NamedTuple):
    """A net and its training set."""

    net: Net
    dataset: ImageDataset

    def has_batches_of(self, other: Member) -> bool:
        """Return whether both train on the same batches in the same order."""
        own, theirs = self.net.config, other.net.config
        same_order = (own.seed, own.shuffle) == (theirs.seed, theirs.shuffle) or not (
            own.shuffle or theirs.shuffle
        )
        return same_order and self.dataset.equals(other.dataset)


def stack_key(member: Member) -> Hashable | None:
    """Return a key that is equal for members that can be trained at once; None for none.

    Their numbers of batches are equal, so that all have trained for the same number of steps.
    """
    net, dataset = member
    step = _make_step(member, len(net.history))
    module = net.module_
    if not isinstance(step, ManualBackwardStep) or not isinstance(module, MLP) or module.dropout:
        return None
    return (
        tuple(p.shape for p in module.parameters()),
        (module.activation, module.output_activation, net.config.loss),
        (net.batch_size, len(BatchIterator(dataset, net.batch_size)), step.sparse),
        (dataset.dtype, dataset.device, net.average_ is not None),
    )


def train_stacked_epoch(
    members: Sequence[Member], *, same_batches: bool
) -> list[DivergenceError | None]:
    """Train each member for one epoch, and record its losses.

    Parameters
    ----------
    members : list of Member
        Those with the same :func:`stack_key`, after the same number of epochs.
    same_batches : bool
        Whether all have the batches of the first, which are then prepared once.

    Returns
    -------
    list of DivergenceError or None
        For each member, the error that training it alone would have raised.
    """
    net, dataset = members[0]
    epoch = len(net.history) - 1
    sparse = _make_step(members[0], epoch).sparse
    batches = StackedBatches(
        [
            BatchIterator(dataset, net.batch_size, net.make_order(epoch), sparse)
            for net, dataset in (members[:1] if same_batches else members)
        ],
        len(members),
    )
    with contextlib.ExitStack() as stack:
        for net, _ in members:
            net._set_training(True)
            if net.average_ is not None:
                stack.enter_context(net.average_.raw_weights(net.module_))
        stack.enter_context(flush_denormals(dataset.device))
        lrs = [net.learning_rates(epoch, batches.n_batches) for net, _ in members]
        together = _train_together(members, batches, sparse, lrs)
        errors: list[DivergenceError | None] = []
        for m, (member, rest) in enumerate(zip(members, batches.rest(), strict=True)):
            alone = _train_alone(member, rest, lrs[m][batches.n_together :], epoch)
            losses, weights = (
                torch.cat([first[:, m], *last]) for first, last in zip(together, alone, strict=True)
            )
            try:
                member.net._record_losses(losses, weights, epoch)
            except DivergenceError as error:
                errors.append(error)
            else:
                errors.append(None)
    return errors


def _train_together(
    members: Sequence[Member],
    batches: StackedBatches,
    sparse: bool,
    lrs: Sequence[LearningRates],
) -> Means:
    """Train on the batches of all; the results have shape (n_batches, n_members)."""
    nets = [net for net, _ in members]
    step = StackedStep(nets, sparse)
    train = StackedGraph(step) if can_capture_stack(*members[0]) else step
    losses = _StackedLosses(nets[0].config.loss, len(nets))
    is_scheduled = any(lr is not None for lr in itertools.chain(*lrs))
    with step.context():
        for (x, targets, weights), each_lr in zip(batches, zip(*lrs, strict=True), strict=False):
            if is_scheduled:
                step.set_lrs(each_lr)
            losses.add(train(x, targets, weights), targets, weights)
            step.update_averages()
        # The only time that the CPU waits for a GPU.
        loss, weight_sums = (means.cpu() for means in losses.means(step.device))
        return loss, weight_sums


class _StackedLosses:
    """The losses of batches of several networks, computed for several batches at once."""

    def __init__(self, loss: str, n_members: int) -> None:
        self._loss = loss
        self._n_members = n_members
        self._pending: list[Batch] = []  # predictions, targets and weights
        self._means: list[Means] = []

    def add(
        self, predictions: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None
    ) -> None:
        """Add a batch, whose tensors begin with the axes member and sample."""
        pending = self._pending
        if len(pending) == _N_PENDING or (pending and pending[0][0].shape != predictions.shape):
            self._compute()
        pending.append((predictions, targets, weights))

    def means(self, device: torch.device) -> Means:
        """Return the losses and sums of weights, of shape (n_batches, n_members)."""
        if self._pending:
            self._compute()
        if not self._means:
            return (torch.empty(0, self._n_members, device=device),) * 2
        losses, weight_sums = zip(*self._means, strict=True)
        return torch.cat(losses), torch.cat(weight_sums)

    def _compute(self) -> None:
        predictions, targets, weights = zip(*self._pending, strict=True)
        n_batches, n_samples = len(predictions), predictions[0].size(1)
        losses, weight_sums = batch_means(
            self._loss,
            torch.cat(predictions).flatten(0, 1),
            torch.cat(targets).flatten(0, 1),
            None if weights[0] is None else torch.cat(weights).flatten(),
            [n_samples] * (n_batches * self._n_members),
        )
        shape = (n_batches, self._n_members)
        self._means.append((losses.view(shape), weight_sums.view(shape)))
        self._pending.clear()


def _train_alone(
    member: Member, rest: Iterator[Batch], lrs: LearningRates, epoch: int
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Train a member on its last batches; return the losses and sums of weights of each."""
    losses: list[torch.Tensor] = []
    weight_sums: list[torch.Tensor] = []
    if not lrs:
        return losses, weight_sums
    trainer, loss = EagerTrainer(*member), member.net.config.loss
    with trainer.epoch(epoch):
        for (x, targets, weights), lr in zip(rest, lrs, strict=True):
            batch = BatchChunk([x], targets, weights, [len(targets)])
            predictions = trainer.train(batch, iter([lr]))
            means = batch_means(loss, predictions, targets, weights, batch.batch_sizes)
            losses.append(means[0].cpu())
            weight_sums.append(means[1].cpu())
    return losses, weight_sums


def _make_step(member: Member, epoch: int) -> AutogradStep | ManualBackwardStep:
    """Return the function that trains a member alone on a batch."""
    net, dataset = member
    get_generator = functools.partial(
        make_generator, net.config.seed, epoch=epoch, device=dataset.device
    )
    return net.make_step(dataset, epoch, get_generator)
