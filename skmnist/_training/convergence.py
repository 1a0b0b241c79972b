"""Warn about a training with finite losses that taught the network nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from sklearn.exceptions import ConvergenceWarning

from skmnist._networks.losses import LOSSES
from skmnist._utils.warnings import warn_caller

if TYPE_CHECKING:
    from collections.abc import Callable

    from .image_dataset import ImageDataset
    from .net import Net

_MAX_SAMPLES = 1000  # to evaluate
_MIN_STEPS = 30  # with fewer, a diverged network looks like one that needs more time
_TOLERANCE = 0.98  # of the baseline loss: a network above it is evaluated
_MAX_FREQUENCY = 0.99  # of one class: above it the baseline is hard to beat

# The mean loss of a model that always predicts the class frequencies.
BASELINE_LOSS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "cross_entropy": lambda frequencies: -torch.special.xlogy(frequencies, frequencies).sum(),
    "mse": lambda frequencies: 1 - frequencies.square().sum(),
}

# The approximate mean loss of an untrained network with k outputs.
INITIAL_LOSS: dict[str, Callable[[int], float]] = {
    "cross_entropy": math.log,
    "mse": lambda k: k / 4,
}


def warn_if_not_converged(
    net: Net, dataset: ImageDataset, first_epoch: int, best_epoch: int | None = None
) -> None:
    """Warn if a network is no better than the baseline on the samples that it was trained on.

    The training loss, which costs nothing, is enough to see that most networks are better.

    Parameters
    ----------
    net : Net
    dataset : ImageDataset
        The training set.
    first_epoch : int
        How many epochs there had been before this training.
    best_epoch : int or None
        The epoch whose weights early stopping restored; None is the last.
    """
    epochs = net.history[first_epoch:]
    frequencies = dataset.class_frequencies()
    n_steps = sum(epoch["train_batch_count"] for epoch in epochs)
    if n_steps < _MIN_STEPS or frequencies.max() > _MAX_FREQUENCY:
        return
    baseline = float(BASELINE_LOSS[net.config.loss](frequencies))
    losses = [epoch["train_loss"] for epoch in epochs]
    start, end = losses[0], net.history[(best_epoch or 0) - 1]["train_loss"]
    initial = INITIAL_LOSS[net.config.loss](len(frequencies))
    still_falling = start < 1.5 * initial and losses[-1] < 0.98 * losses[-2:][0]
    if end < _TOLERANCE * baseline or still_falling:
        return
    loss, accuracy, majority, std = _evaluate(net, dataset)
    if loss < _TOLERANCE * baseline:
        return
    if accuracy <= majority + std:
        problem = (
            f"did not learn: its training accuracy is {accuracy:.1%}, no better than the baseline "
            f"that always predicts the most frequent class ({majority:.1%})"
        )
    elif min(loss, end) > max(start, baseline):
        problem = f"became worse during training: its loss rose from {start:.3g} to {end:.3g}"
    else:
        return
    # A rate that is too large raises the loss above that of an untrained network at first; one that
    # is too small leaves it there, as does a network whose units died in the first steps.
    too_large = max(start, end) > 1.1 * max(initial, baseline)
    advice = "is probably too large" if too_large else "may be too small or too large"
    warn_caller(
        f"The network {problem}. Its loss is {loss:.3g}, that of the baseline {baseline:.3g}. The "
        f"learning rate (lr={net.lr:g}) {advice}. Also check the range of the pixels and "
        "weight_decay, or train for more epochs.",
        ConvergenceWarning,
    )


@torch.inference_mode()
def _evaluate(net: Net, dataset: ImageDataset) -> tuple[float, float, float, float]:
    """Return the loss, the accuracy, that of the majority class, and the latter's std."""
    indices = dataset.evenly_spaced(_MAX_SAMPLES)
    losses, correct, weights = [], [], []
    class_weights = torch.zeros(())
    for batch_indices in indices.split(net.config.eval_batch_size):
        outputs = net.outputs(dataset.inputs(batch_indices))
        targets, sample_weight = dataset.targets(batch_indices)
        weight = torch.ones_like(outputs[:, 0]) if sample_weight is None else sample_weight
        losses.append(LOSSES[net.config.loss](outputs, targets))
        labels = targets.argmax(1)
        correct.append(outputs.argmax(1) == labels)
        weights.append(weight)
        class_weights = class_weights + torch.bincount(labels, weight, targets.shape[1])
    weight = torch.cat(weights)
    weight = weight / weight.sum()
    loss, accuracy = (float(torch.cat(v).to(weight.dtype) @ weight) for v in (losses, correct))
    majority = float(class_weights.max() / class_weights.sum())
    return loss, accuracy, majority, (majority * (1 - majority) / len(indices)) ** 0.5
