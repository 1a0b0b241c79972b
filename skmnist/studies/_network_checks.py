"""Checks of the units and the gradients of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._observations import (
    Observations,
    Verdict,
    best_factor,
    has_other_cause,
    is_poor,
    learning_rate_is_too_high,
    not_checked,
    ok,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skmnist._training.probe import LayerActivity


def initialization(seen: Observations) -> Verdict:
    """Check the weights, the outputs and the loss before the training."""
    training = seen.training
    if training.initial_loss is None or training.expected_initial_loss is None:
        return not_checked(f"{seen.name} gives no access to its weights before the training.")
    loss, expected = training.initial_loss, training.expected_initial_loss
    evidence = f"The loss before the training is {loss:.3g}; about {expected:.3g} is expected."
    if training.equal_units:
        return Verdict(
            "error",
            "All units of a hidden layer start with the same weights, so they stay equal.",
            "Draw random weights: weight_init='auto'.",
        )
    if training.output_function is not None:
        name = training.output_function
        return Verdict(
            "error",
            f"The network ends in a {name}, but the loss applies a softmax to its outputs.",
            f"Remove the {name} from the end of the module.",
        )
    if not loss < 3 * expected:
        return Verdict(
            "warning",
            evidence,
            "Use smaller initial weights (weight_init), or check the scale of the pixels.",
        )
    return ok(evidence)


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
        return not_checked(_no_activations(seen))
    if training.equal_units:
        return not_checked("All units of a layer are equal from the start.")
    if start is not None and start[1] >= 0.5:
        return Verdict(
            "error",
            f"{start[1]:.0%} of the units of hidden layer {start[0]} have the same output for all "
            "samples before the training, so their weights get no gradient.",
            "Check the initial weights and biases of this layer, and the scale of its inputs.",
        )
    if end is None:
        return not_checked("The training diverged.")
    evidence = (
        f"Up to {end[1]:.0%} of the units of a hidden layer (layer {end[0]}) have the same output "
        "for all samples after the training."
    )
    if end[1] > 0.5:
        if learning_rate_is_too_high(seen):
            return Verdict("info", evidence + " The learning rate is too high.")
        is_bad = is_poor(seen)
        return Verdict(
            "warning" if is_bad else "info",
            evidence,
            "Use a smaller lr, or activation='leaky_relu', whose units do not die." * is_bad,
        )
    return ok(evidence)


def _no_activations(seen: Observations) -> str:
    return f"{seen.name} has no hidden layers with an activation function that can be observed."


def saturated_units(seen: Observations) -> Verdict:
    """Check for sigmoid and tanh units that are always near their bounds."""
    training = seen.training
    activity = training.final_activity or training.initial_activity
    found = _largest(activity, "saturated")
    if found is None:
        if activity:
            return ok("The activation functions have no upper bound.")
        return not_checked(_no_activations(seen))
    layer, value = found
    evidence = (
        f"{value:.0%} of the outputs of hidden layer {layer} are within 1% of a bound of the "
        "activation function."
    )
    if value >= 0.5:
        return Verdict(
            "warning" if is_poor(seen) else "info",
            evidence,
            "Scale the inputs, use smaller initial weights or a smaller lr, or activation='relu'.",
        )
    return ok(evidence)


def gradients(seen: Observations) -> Verdict:
    """Check whether the gradients vanish or explode from layer to layer."""
    observed = seen.training.gradients
    if not observed:
        return not_checked(f"{seen.name} gives no access to its gradients.")
    names = list(observed[0])
    early = {name: float(np.median([step[name] for step in observed[:10]])) for name in names}
    first, last = early[names[0]], early[names[-1]]
    evidence = f"The gradient of the first layer has the norm {first:.2g}, of the last {last:.2g}."
    is_bad = not (1e-3 * last <= first <= 1e3 * last) and is_poor(seen)
    if seen.training.equal_units:
        return not_checked("All units of a layer are equal from the start.")
    if is_bad:
        return Verdict(
            "warning",
            evidence,
            "Use activation='relu', batch_norm=True, weight_init='he' or fewer layers.",
        )
    return ok(evidence)


def update_size(seen: Observations) -> Verdict:
    """Check the size of the updates relative to the weights, about 1e-3 for a healthy network."""
    update = seen.training.typical_update
    if update is None:
        return not_checked(f"{seen.name} gives no access to its updates.")
    evidence = f"The median step changes the weights of a layer by {update:.1e} of their norm."
    if seen.training.equal_units or has_other_cause(seen):
        return Verdict("info", evidence)
    if 1e-5 <= update <= 0.1:
        return ok(evidence)
    evidence += " About 1e-3 is usual."
    no_rate_is_better = bool(seen.trials) and best_factor(seen) is None
    if not is_poor(seen) or no_rate_is_better:
        return Verdict("info", evidence)
    word = "smaller" if update > 0.1 else "larger"
    return Verdict("warning", evidence, f"Use a {word} learning rate.")
