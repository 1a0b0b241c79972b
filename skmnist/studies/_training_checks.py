"""Checks of the course and the result of a training."""

from __future__ import annotations

import numpy as np

from ._diagnosis_data import N_FEW
from ._observations import (
    BETTER,
    Observations,
    Verdict,
    best_factor,
    has_other_cause,
    is_poor,
    is_slow,
    learning_rate_is_too_high,
    not_checked,
    ok,
)
from ._observed_training import MIN_FEW_ACCURACY, ObservedTraining

_MIN_FITTED = 0.85  # training accuracy from which on a lower loss is possible, but nothing is wrong


def _severity(training: ObservedTraining) -> str:
    """Return the severity of a training loss that could be much lower."""
    return "error" if training.train_accuracy < _MIN_FITTED else "info"


def learning_rate(seen: Observations) -> Verdict:
    """Check the learning rate by trainings with a higher or a lower one."""
    training = seen.training
    if training.lr is None:
        return not_checked(f"{seen.name} has no learning rate.")
    if training.failure is not None:
        return Verdict(
            "error",
            f"The training diverged with a learning rate of {training.lr:g}: {training.failure}",
            f"Use a learning rate of {0.1 * training.lr:.2g} or less.",
        )
    if not is_poor(seen):
        return ok(
            f"With {training.lr:g}, the network fits its training set: "
            f"{training.train_accuracy:.1%} accuracy."
        )
    if has_other_cause(seen):
        return not_checked("The training fails for another reason, named above.")
    factor = best_factor(seen)
    if factor is None and learning_rate_is_too_high(seen):
        return Verdict(
            _severity(training),
            f"The learning rate of {training.lr:g} is too high: most units of a hidden layer "
            "stopped to react during the training.",
            f"Use a learning rate of about {0.1 * training.lr:.2g}.",
        )
    if factor is None or (factor > 1 and not is_slow(training)):
        return ok(f"Neither a higher nor a lower one than {training.lr:g} is much better.")
    better, word = seen.trials[factor], "high" if factor < 1 else "low"
    severity = _severity(training)
    if severity == "info" and factor < 1 and loss_curve(seen).severity == "warning":
        severity = "warning"  # the cause comes before its consequence
    return Verdict(
        severity,
        f"The learning rate of {training.lr:g} is too {word}: the training loss ends at "
        f"{training.train_loss:.3g}, with {factor * training.lr:.2g} at {better.train_loss:.3g}.",
        f"Use a learning rate of about {factor * training.lr:.2g}.",
    )


def epochs(seen: Observations) -> Verdict:
    """Check whether the training ended too early."""
    training, longer = seen.training, seen.longer
    if training.n_epochs is None:
        if training.failure is not None:
            return not_checked("The training diverged.")
        return not_checked(f"{seen.name} does not train in epochs.")
    count = f"{training.n_epochs} epoch{'s' * (training.n_epochs > 1)}"
    if longer is None and is_poor(seen):
        return not_checked("The learning rate or another cause above explains the training loss.")
    if longer is None:
        return ok(f"The training loss is {training.train_loss:.3g} after {count}.")
    evidence = (
        f"The training loss is {training.train_loss:.3g} after {count}, and "
        f"{longer.train_loss:.3g} after {longer.n_epochs}."
    )
    if longer.train_loss < BETTER * training.train_loss:
        remedy = f"Train for more epochs, for example {longer.n_epochs}."
        early = " The training ended too early."
        return Verdict(_severity(training), evidence + early, remedy)
    return ok(evidence)


def loss_curve(seen: Observations) -> Verdict:
    """Check whether the loss falls, oscillates or diverges."""
    training = seen.training
    curve = training.loss_curve
    if training.failure is not None:
        return Verdict("warning", "The loss diverged.", "Use a smaller learning rate.")
    if not curve:
        return not_checked(f"{seen.name} has no loss curve.")
    start = training.initial_loss if training.initial_loss is not None else curve[0]
    best, end = min(curve), curve[-1]
    evidence = f"The training loss goes from {start:.3g} to {end:.3g}; its minimum is {best:.3g}."
    if end > 1.5 * best and end - best > 0.1 * max(start, 1e-12):
        return Verdict("warning", evidence, "Use a smaller learning rate or a schedule.")
    rises = np.diff(curve)
    half = rises[len(rises) // 2 :]
    if len(half) >= 4 and (half > 0.02 * start).mean() > 0.25:
        return Verdict("warning", evidence + " It oscillates.", "Use a smaller learning rate.")
    if end > 0.98 * start:
        return Verdict("warning", evidence + " It does not fall.", "See the findings above.")
    return ok(evidence)


def few_samples(seen: Observations) -> Verdict:
    """Check whether the classifier can fit a few samples."""
    accuracy = seen.few_accuracy
    verb = "trained" if seen.training.n_epochs is None else "trained for long"
    evidence = f"If {seen.name} is {verb} on {N_FEW} samples, their accuracy is {accuracy:.1%}."
    if accuracy < MIN_FEW_ACCURACY and not is_poor(seen):
        return Verdict("info", evidence)
    if accuracy < MIN_FEW_ACCURACY:
        return Verdict(
            "warning",
            evidence,
            "If nothing above explains it, use a larger network or less regularization.",
        )
    return ok(evidence)


def overfitting(seen: Observations) -> Verdict:
    """Check the gap between the training and the validation accuracy."""
    training = seen.training
    if training.failure is not None:
        return not_checked("The training diverged.")
    gap = training.train_accuracy - training.validation_accuracy
    evidence = (
        f"The accuracy is {training.train_accuracy:.1%} on the training set and "
        f"{training.validation_accuracy:.1%} on the validation set."
    )
    curve = training.validation_loss_curve
    rises = bool(curve) and curve[-1] > 1.15 * min(curve)
    if rises:
        evidence += f" The validation loss rose from {min(curve):.3g} to {curve[-1]:.3g}."
    # The gap is overestimated if the validation set happens to be hard.
    accuracy = training.validation_accuracy
    error = 1.64 * np.sqrt(accuracy * (1 - accuracy) / max(training.n_validation, 1))
    if gap - error >= (0.09 if rises else 0.14):
        return Verdict(
            "warning",
            evidence,
            "Use more samples, augment='light', dropout, weight_decay or early_stopping=True.",
        )
    return ok(evidence)


def underfitting(seen: Observations) -> Verdict:
    """Check whether the classifier is too small or too strongly regularized for the data."""
    training, data = seen.training, seen.data
    if training.failure is not None:
        return not_checked("The training diverged.")
    evidence = (
        f"The training accuracy is {training.train_accuracy:.1%}; the nearest neighbors reach "
        f"{data.reference_accuracy:.1%} on samples that they have not seen."
    )
    if training.train_accuracy < min(data.reference_accuracy, 0.97) - 0.12:
        return Verdict(
            "warning",
            evidence,
            "If nothing above explains it, use a larger network or less regularization.",
        )
    return ok(evidence)
