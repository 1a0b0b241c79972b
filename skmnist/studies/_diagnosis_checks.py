"""The checks of a diagnosis: pure functions from what was observed to a verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ._data_checks import DataFacts, find_label_issues
from ._observed_training import N_FEW, ObservedTraining

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from skmnist._training.probe import LayerActivity

SEVERITIES = ("error", "warning", "info", "ok", "not checked")


@dataclass(frozen=True)
class Verdict:
    """Result of one check: its severity, the evidence and one remedy, or "" if none is needed."""

    severity: str
    evidence: str
    remedy: str = ""


@dataclass(frozen=True)
class Observations:
    """All that the checks read.

    Parameters
    ----------
    name : str
        Class of the last step of the estimator.
    data : DataFacts
    training : ObservedTraining
    few_accuracy : float
        Training accuracy after a long training on a few samples.
    trials : dict of float to ObservedTraining
        Trainings with the learning rate multiplied by a factor. Empty if none was needed.
    longer : ObservedTraining or None
        A training with four times as many epochs, if it was needed.
    """

    name: str
    data: DataFacts
    training: ObservedTraining
    few_accuracy: float
    trials: dict[float, ObservedTraining] = field(default_factory=dict)
    longer: ObservedTraining | None = None


def _ok(evidence: str) -> Verdict:
    return Verdict("ok", evidence)


def _not_checked(reason: str) -> Verdict:
    return Verdict("not checked", reason)


def _graded(value: float, warning: float, error: float) -> str | None:
    """Return the severity of a value with two limits, or None below both."""
    return "error" if value >= error else "warning" if value >= warning else None


# -- the data ----------------------------------------------------------------------------------

_MAX_RMS = 20, 5  # of the inputs: error, warning
_MIN_LARGEST = 0.02, 0.3  # largest input: error, warning


def pixel_range(seen: Observations) -> Verdict:
    """Check the scale of the inputs of the network."""
    data = seen.data
    evidence = (
        f"The inputs of {seen.name} range from {data.low:.3g} to {data.high:.3g}; the root mean "
        f"square of a sample is {data.rms:.2g}."
    )
    largest = max(-data.low, data.high)
    remedy = (
        "Scale the pixels to 0..1, for example X / 255, in fit and predict, or add a scaler as the "
        "first step of a Pipeline."
    )
    if data.rms > _MAX_RMS[1]:
        return Verdict("error" if data.rms > _MAX_RMS[0] else "warning", evidence, remedy)
    if 0 < largest < _MIN_LARGEST[1]:
        small = "error" if largest < _MIN_LARGEST[0] else "warning"
        return Verdict(small, evidence, "Scale the pixels to 0..1. Do not divide them twice.")
    return _ok(evidence)


def _chance_limit(majority: float, n: int) -> float:
    """Return the accuracy above which a classifier is better than guessing."""
    return majority + max(4 * np.sqrt(majority * (1 - majority) / n), 0.05)


def _are_unrelated(seen: Observations) -> bool:
    data, n_val = seen.data, len(seen.data.neighbor_labels)
    limit = _chance_limit(data.majority, n_val)
    is_chance = seen.training.validation_accuracy < _chance_limit(data.majority, n_val // 4)
    # If one class dominates, no classifier is much better than guessing.
    return data.reference_accuracy < min(limit, 0.9) and is_chance and limit < 1


def labels(seen: Observations) -> Verdict:
    """Check that the labels have to do with the images."""
    data = seen.data
    evidence = (
        f"The nearest other images have the same label in {data.reference_accuracy:.1%} of the "
        f"cases; the most frequent class has {data.majority:.1%} of the samples."
    )
    if _are_unrelated(seen):
        return Verdict(
            "error",
            evidence + " The labels have nothing to do with the images.",
            "Check that X and y are in the same order: shuffle and split them together.",
        )
    return _ok(evidence)


def leakage(seen: Observations) -> Verdict:
    """Check for validation samples that are in the training set."""
    leaked = seen.data.leaked
    if leaked is None:
        return _not_checked("No validation set was passed (X_val, y_val).")
    evidence = f"{leaked:.1%} of the validation samples are also in the training set."
    severity = _graded(leaked, 0.01, 0.05)
    if severity:
        return Verdict(
            severity,
            evidence + " The validation accuracy is too optimistic.",
            "Remove them from one of the sets. Split before you copy or augment samples.",
        )
    return _ok(evidence)


def duplicates(seen: Observations) -> Verdict:
    """Check for equal samples in the training set."""
    data = seen.data
    share = data.n_duplicates / data.n_samples
    evidence = (
        f"{data.n_duplicates:,} of {data.n_samples:,} training samples ({share:.1%}) are copies of "
        f"another one, {data.n_conflicts:,} of them with another label."
    )
    severity = _graded(share, 0.02, 0.2)
    if severity:
        remedy = "Remove the copies, for example with numpy.unique(X, axis=0, return_index=True)."
        return Verdict(severity, evidence, remedy)
    return Verdict("info" if data.n_duplicates else "ok", evidence)


_MIN_REFERENCE = 0.3  # accuracy of the neighbors, below which they say little about a label
# Images that are only hard to predict are contradicted, too, but rarely by most of the neighbors.
_MIN_CONTRADICTED = 0.35  # fraction of the neighbors' mistakes that are label issues
_MIN_AGREED = 0.05  # fraction of the samples whose neighbors mostly agree on another label


def label_noise(seen: Observations) -> Verdict:
    """Check for labels that are probably wrong."""
    data = seen.data
    if _are_unrelated(seen):
        return _not_checked("The labels have nothing to do with the images.")
    if data.reference_accuracy < _MIN_REFERENCE:
        return _not_checked(
            "The nearest neighbors, which give the out-of-fold probabilities, predict only "
            f"{data.reference_accuracy:.1%} of the labels."
        )
    issues = find_label_issues(data.neighbor_labels, data.neighbor_proba)
    share = len(issues) / len(data.neighbor_labels)
    first = ", ".join(map(str, data.indices[issues[:5]]))
    evidence = (
        f"{len(issues):,} of {len(data.neighbor_labels):,} labels ({share:.1%}) contradict the "
        "confident out-of-fold prediction of the nearest neighbors"
        f"{f' (samples {first}, ...)' if len(issues) else ''}."
    )
    is_noise = (
        share >= _MIN_CONTRADICTED * (1 - data.reference_accuracy)
        and data.contradicted >= _MIN_AGREED
    )
    severity = _graded(share, 0.08, 0.15)
    if severity and is_noise:
        return Verdict(
            severity,
            evidence,
            "Look at the samples in label_issues and correct their labels, or remove them.",
        )
    return Verdict("info" if len(issues) else "ok", evidence)


def class_imbalance(seen: Observations) -> Verdict:
    """Check for classes with few samples."""
    counts = seen.data.class_counts
    ratio = counts.max() / max(counts.min(), 1)
    evidence = f"The classes have {counts.min():,} to {counts.max():,} training samples."
    severity = _graded(ratio, 5, 20)
    if severity:
        return Verdict(
            severity,
            evidence,
            "Use class_weight='balanced' or more samples of the rare classes, and look at the "
            "balanced accuracy.",
        )
    return _ok(evidence)


# -- the untrained network ---------------------------------------------------------------------


def initialization(seen: Observations) -> Verdict:
    """Check the weights and the loss before the training."""
    training = seen.training
    if training.initial_loss is None or training.expected_initial_loss is None:
        return _not_checked(f"{seen.name} gives no access to its weights before the training.")
    loss, expected = training.initial_loss, training.expected_initial_loss
    evidence = f"The loss before the training is {loss:.3g}; about {expected:.3g} is expected."
    if training.equal_units:
        return Verdict(
            "error",
            "All units of a hidden layer start with the same weights, so they stay equal.",
            "Draw random weights: weight_init='auto'.",
        )
    if not loss < 3 * expected:
        return Verdict(
            "warning",
            evidence,
            "Use smaller initial weights (weight_init), or check the scale of the pixels.",
        )
    return _ok(evidence)


def _largest(activity: Sequence[LayerActivity], name: str) -> tuple[int, float] | None:
    """Return the layer, counted from 1, with the largest value, and the value."""
    values = [getattr(layer, name) for layer in activity]
    known = [(value, i) for i, value in enumerate(values, 1) if value is not None]
    if not known:
        return None
    value, layer = max(known, key=lambda entry: entry[0])
    return layer, value


def dead_units(seen: Observations) -> Verdict:
    """Check for units whose output never changes."""
    training = seen.training
    start, end = (
        _largest(activity, "dead")
        for activity in (training.initial_activity, training.final_activity)
    )
    if start is None and end is None:
        return _not_checked(_no_activations(seen))
    if training.equal_units:
        return _not_checked("All units of a layer are equal from the start.")
    if start is not None and start[1] >= 0.5:
        return Verdict(
            "error",
            f"{start[1]:.0%} of the units of hidden layer {start[0]} have the same output for all "
            "samples before the training, so their weights get no gradient.",
            "Check the initial weights and biases of this layer, and the scale of its inputs.",
        )
    if end is None:
        return _not_checked("The training diverged.")
    evidence = (
        f"Up to {end[1]:.0%} of the units of a hidden layer (layer {end[0]}) have the same output "
        "for all samples after the training."
    )
    if end[1] >= 0.5:
        if _learning_rate_is_too_high(seen):
            return Verdict("info", evidence + " The learning rate is too high.")
        is_bad = _is_poor(seen)
        return Verdict(
            "warning" if is_bad else "info",
            evidence,
            "Use a smaller lr, or activation='leaky_relu', whose units do not die." * is_bad,
        )
    return _ok(evidence)


def _no_activations(seen: Observations) -> str:
    return f"{seen.name} has no hidden layers with an activation function that can be observed."


def saturated_units(seen: Observations) -> Verdict:
    """Check for sigmoid and tanh units that are always near their bounds."""
    training = seen.training
    activity = training.final_activity or training.initial_activity
    found = _largest(activity, "saturated")
    if found is None:
        if activity:
            return _ok("The activation functions have no upper bound.")
        return _not_checked(_no_activations(seen))
    layer, value = found
    evidence = (
        f"{value:.0%} of the outputs of hidden layer {layer} are within 1% of a bound of the "
        "activation function."
    )
    if value >= 0.5:
        return Verdict(
            "warning" if _is_poor(seen) else "info",
            evidence,
            "Scale the inputs, use smaller initial weights or a smaller lr, or activation='relu'.",
        )
    return _ok(evidence)


def gradients(seen: Observations) -> Verdict:
    """Check whether the gradients vanish or explode from layer to layer."""
    observed = seen.training.gradients
    if not observed:
        return _not_checked(f"{seen.name} gives no access to its gradients.")
    names = list(observed[0])
    early = {name: float(np.median([step[name] for step in observed[:10]])) for name in names}
    first, last = early[names[0]], early[names[-1]]
    evidence = f"The gradient of the first layer has the norm {first:.2g}, of the last {last:.2g}."
    is_bad = not (1e-3 * last <= first <= 1e3 * last) and _is_poor(seen)
    if seen.training.equal_units:
        return _not_checked("All units of a layer are equal from the start.")
    if is_bad:
        return Verdict(
            "warning",
            evidence,
            "Use activation='relu', batch_norm=True, weight_init='he' or fewer layers.",
        )
    return _ok(evidence)


# -- the training ------------------------------------------------------------------------------


def _is_poor(seen: Observations) -> bool:
    """Return whether the training accuracy is below what the data allow."""
    return is_poor(seen.training, seen.data)


def is_poor(training: ObservedTraining, data: DataFacts) -> bool:
    """Return whether a classifier fits its training set worse than the nearest neighbors do.

    They predict each sample from the others, so a network that was trained on it should do better.
    """
    limit = min(data.reference_accuracy + 0.03, 0.97)
    return training.failure is not None or training.train_accuracy < limit


def has_other_cause(training: ObservedTraining, data: DataFacts) -> bool:
    """Return whether the training fails for a reason that no learning rate can change."""
    dead = any(layer.dead >= 0.5 for layer in training.initial_activity)
    return bool(training.equal_units) or dead or data.rms > _MAX_RMS[0]


BETTER = 0.6  # of the loss: a trial below it shows the cause


def _best_factor(seen: Observations) -> float | None:
    """Return the factor of the learning rate that gives a much lower loss, or None."""
    better = {
        factor: trial.train_loss
        for factor, trial in seen.trials.items()
        if trial.train_loss < BETTER * seen.training.train_loss
    }
    return min(better, key=lambda factor: better[factor]) if better else None


def _learning_rate_is_too_high(seen: Observations) -> bool:
    factor = _best_factor(seen)
    return seen.training.failure is not None or (factor is not None and factor < 1)


SLOW_UPDATE = 2e-3  # update-to-weight ratio below which more epochs are no remedy


def is_slow(training: ObservedTraining) -> bool:
    """Return whether the steps are so small that the learning rate may be too low."""
    update = training.early_update
    if update is None:
        return training.n_epochs is None or training.n_epochs > 5
    return update < SLOW_UPDATE


def learning_rate(seen: Observations) -> Verdict:
    """Check the learning rate by trainings with a higher or a lower one."""
    training = seen.training
    if training.lr is None:
        return _not_checked(f"{seen.name} has no learning rate.")
    if training.failure is not None:
        return Verdict(
            "error",
            f"The training diverged with a learning rate of {training.lr:g}: {training.failure}",
            f"Use a learning rate of {0.1 * training.lr:.2g} or less.",
        )
    if not _is_poor(seen):
        return _ok(
            f"With {training.lr:g}, the network fits its training set: "
            f"{training.train_accuracy:.1%} accuracy."
        )
    if has_other_cause(training, seen.data):
        return _not_checked("The training fails for another reason, named above.")
    factor = _best_factor(seen)
    if factor is None or (factor > 1 and not is_slow(training)):
        return _ok(f"Neither a higher nor a lower one than {training.lr:g} is much better.")
    better, word = seen.trials[factor], "high" if factor < 1 else "low"
    return Verdict(
        "error",
        f"The learning rate of {training.lr:g} is too {word}: the training loss ends at "
        f"{training.train_loss:.3g}, with {factor * training.lr:.2g} at {better.train_loss:.3g}.",
        f"Use a learning rate of about {factor * training.lr:.2g}.",
    )


def epochs(seen: Observations) -> Verdict:
    """Check whether the training ended too early."""
    training, longer = seen.training, seen.longer
    if training.n_epochs is None:
        if training.failure is not None:
            return _not_checked("The training diverged.")
        return _not_checked(f"{seen.name} does not train in epochs.")
    count = f"{training.n_epochs} epoch{'s' * (training.n_epochs > 1)}"
    if longer is None:
        return _ok(f"The training loss is {training.train_loss:.3g} after {count}.")
    evidence = (
        f"The training loss is {training.train_loss:.3g} after {count}, and "
        f"{longer.train_loss:.3g} after {longer.n_epochs}."
    )
    has_lr_problem = learning_rate(seen).severity == "error"
    if longer.train_loss < BETTER * training.train_loss and not has_lr_problem:
        remedy = f"Train for more epochs, for example {longer.n_epochs}."
        return Verdict("error", evidence + " The training ended too early.", remedy)
    return _ok(evidence)


def loss_curve(seen: Observations) -> Verdict:
    """Check whether the loss falls, oscillates or diverges."""
    training = seen.training
    curve = training.loss_curve
    if training.failure is not None:
        return Verdict("warning", "The loss diverged.", "Use a smaller learning rate.")
    if not curve:
        return _not_checked(f"{seen.name} has no loss curve.")
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
    return _ok(evidence)


def update_size(seen: Observations) -> Verdict:
    """Check the size of the updates relative to the weights, about 1e-3 for a healthy network."""
    update = seen.training.typical_update
    if update is None:
        return _not_checked(f"{seen.name} gives no access to its updates.")
    evidence = f"The median step changes the weights of a layer by {update:.1e} of their norm."
    if seen.training.equal_units or has_other_cause(seen.training, seen.data):
        return Verdict("info", evidence)
    if not 1e-5 <= update <= 0.1:
        severity = "warning" if _is_poor(seen) else "info"
        word = "smaller" if update > 0.1 else "larger"
        return Verdict(severity, evidence, f"Use a {word} learning rate; about 1e-3 is usual.")
    return _ok(evidence)


def few_samples(seen: Observations) -> Verdict:
    """Check whether the classifier can fit a few samples."""
    accuracy = seen.few_accuracy
    evidence = f"After a long training on {N_FEW} samples, their accuracy is {accuracy:.1%}."
    if accuracy < 0.95:
        return Verdict(
            "warning",
            evidence,
            "A working network fits them. See the findings above; otherwise use more units.",
        )
    return _ok(evidence)


def overfitting(seen: Observations) -> Verdict:
    """Check the gap between the training and the validation accuracy."""
    training = seen.training
    if training.failure is not None:
        return _not_checked("The training diverged.")
    gap = training.train_accuracy - training.validation_accuracy
    evidence = (
        f"The accuracy is {training.train_accuracy:.1%} on the training set and "
        f"{training.validation_accuracy:.1%} on the validation set."
    )
    curve = training.validation_loss_curve
    rises = bool(curve) and curve[-1] > 1.3 * min(curve)
    if rises:
        evidence += f" The validation loss rose from {min(curve):.3g} to {curve[-1]:.3g}."
    if gap >= 0.15 or (gap >= 0.1 and rises):
        return Verdict(
            "warning",
            evidence,
            "Use more samples, augment='light', dropout, weight_decay or early_stopping=True.",
        )
    return _ok(evidence)


def underfitting(seen: Observations) -> Verdict:
    """Check whether the classifier is too small or too strongly regularized for the data."""
    training, data = seen.training, seen.data
    if training.failure is not None:
        return _not_checked("The training diverged.")
    evidence = (
        f"The training accuracy is {training.train_accuracy:.1%}; the nearest neighbors reach "
        f"{data.reference_accuracy:.1%} on samples that they have not seen."
    )
    if training.train_accuracy < min(data.reference_accuracy, 0.97) - 0.05:
        return Verdict(
            "warning",
            evidence,
            "If nothing above explains it, use a larger network or less regularization.",
        )
    return _ok(evidence)


# Name -> check. Causes come before their consequences.
CHECKS: dict[str, Callable[[Observations], Verdict]] = {
    "pixel range": pixel_range,
    "labels": labels,
    "leakage": leakage,
    "duplicates": duplicates,
    "label noise": label_noise,
    "class imbalance": class_imbalance,
    "initialization": initialization,
    "dead units": dead_units,
    "learning rate": learning_rate,
    "epochs": epochs,
    "saturated units": saturated_units,
    "gradients": gradients,
    "update size": update_size,
    "loss curve": loss_curve,
    "100 samples": few_samples,
    "overfitting": overfitting,
    "underfitting": underfitting,
}


def run_checks(seen: Observations) -> list[dict[str, Any]]:
    """Return the name, severity, evidence and remedy of each check.

    Problems (errors and warnings) come first, in the order of ``CHECKS``, then the others.
    """
    rows = []
    for name, check in CHECKS.items():
        verdict = check(seen)
        rows.append({"check": name, **vars(verdict)})
    problems = ("error", "warning")
    return sorted(
        rows,
        key=lambda row: 0 if row["severity"] in problems else SEVERITIES.index(row["severity"]),
    )
