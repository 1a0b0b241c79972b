"""Notice a training that ended in finite numbers, but taught the network nothing."""

import math
import warnings

import torch
from sklearn.exceptions import ConvergenceWarning

from skmnist._networks.losses import LOSSES

_ROWS = 1000  # how many are looked at, at most
_LEAST_STEPS = 30  # after fewer nobody can tell a lost network from one that needs more time
_NEAR = 0.98  # of the loss of guessing: a network above it is looked at
_ALMOST_ALL = 0.99  # of the rows are of one class, or of the weights: guessing is hard to beat

# The mean loss of whoever always answers the shares of the classes.
LOSS_OF_GUESSING = {
    "cross_entropy": lambda shares: -torch.special.xlogy(shares, shares).sum(),
    "mse": lambda shares: 1 - shares.square().sum(),
}

# About the mean loss of k outputs of a network that wasn't trained at all.
LOSS_AT_FIRST = {"cross_entropy": math.log, "mse": lambda k: k / 4}


def warn_where_lost(net, images, first, best_epoch=None):
    """Warn where a network is no better than guessing on the rows that it was trained on.

    Most networks are known to be better from the loss of their training, which costs nothing.

    Parameters
    ----------
    net : Net
    images : Images
        Those rows.
    first : int
        How many epochs there had been before this training.
    best_epoch : int or None
        The epoch to which early stopping went back; None is the last.
    """
    rows = net.history[first:]
    shares = images.class_shares()
    n_steps = sum(row["train_batch_count"] for row in rows)
    if n_steps < _LEAST_STEPS or shares.max() > _ALMOST_ALL:
        return
    guessing = float(LOSS_OF_GUESSING[net.recipe.loss](shares))
    losses = [row["train_loss"] for row in rows]
    start, end = losses[0], net.history[(best_epoch or 0) - 1]["train_loss"]
    at_first = LOSS_AT_FIRST[net.recipe.loss](len(shares))
    still_falling = start < 1.5 * at_first and losses[-1] < 0.98 * losses[-2:][0]
    if end < _NEAR * guessing or still_falling:
        return
    loss, accuracy, commonest, spread = _ask(net, images)
    if loss < _NEAR * guessing:
        return
    if accuracy <= commonest + spread:
        words = (
            f"is no better than guessing: it is right for {accuracy:.1%} of the training rows, "
            f"as always answering the commonest class is for {commonest:.1%}"
        )
    elif min(loss, end) > max(start, guessing):
        words = f"ended worse than it began: its loss rose from {start:.3g} to {end:.3g}"
    else:
        return
    warnings.warn(
        f"The network {words}. Its loss is {loss:.3g}, that of guessing {guessing:.3g}. Mostly a "
        f"smaller lr helps (it is {net.lr:g}), or more epochs where the loss still falls; pixels "
        "far from 0..1 and a large weight_decay do this, too.",
        ConvergenceWarning,
        stacklevel=6,  # the caller of fit, which scikit-learn wraps
    )


@torch.inference_mode()
def _ask(net, images):
    """Return the loss, the accuracy, the commonest class's share, and how far chance spreads it."""
    rows = images.rows[:: -(-len(images) // _ROWS)]
    losses, hits, masses, of_class = [], [], [], 0
    for part in rows.split(net.recipe.evaluate_rows):
        outputs = net.outputs(images.pictures(part))
        targets, weights = images.wanted(part)
        mass = torch.ones_like(outputs[:, 0]) if weights is None else weights
        losses.append(LOSSES[net.recipe.loss](outputs, targets))
        hits.append(outputs.argmax(1) == targets.argmax(1))
        masses.append(mass)
        of_class = of_class + mass @ targets
    mass = torch.cat(masses)
    mass = mass / mass.sum()
    loss, accuracy = (float(torch.cat(v).to(mass.dtype) @ mass) for v in (losses, hits))
    commonest = float(of_class.max() / of_class.sum())
    return loss, accuracy, commonest, (commonest * (1 - commonest) / len(rows)) ** 0.5
