"""What the checks of a diagnosis read and return, and what several of them share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ._data_facts import DataFacts
from ._observed_training import ObservedTraining

MAX_RMS = 20, 5  # of the inputs: error, warning
BETTER = 0.6  # of the loss: a trial below it shows the cause
_SLOW_UPDATE = 2e-3  # update-to-weight ratio below which the learning rate may be too low


class Verdict(NamedTuple):
    """Result of one check: its severity, the evidence and one remedy, or "" if none is needed."""

    severity: str
    evidence: str
    remedy: str = ""


@dataclass
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


def ok(evidence: str) -> Verdict:
    return Verdict("ok", evidence)


def not_checked(reason: str) -> Verdict:
    return Verdict("not checked", reason)


def graded(value: float, warning: float, error: float) -> str | None:
    """Return the severity of a value with two limits, or None below both."""
    return "error" if value >= error else "warning" if value >= warning else None


def is_poor(seen: Observations) -> bool:
    """Return whether a classifier fits its training set worse than the nearest neighbors do.

    They predict each sample from the others, so a network that was trained on it should do better.
    """
    limit = min(seen.data.reference_accuracy + 0.03, 0.95)
    return seen.training.failure is not None or seen.training.train_accuracy < limit


def has_other_cause(seen: Observations) -> bool:
    """Return whether the training fails for a reason that no learning rate can change."""
    training = seen.training
    is_wrong = bool(training.equal_units) or training.output_function is not None
    dead = any(layer.dead >= 0.5 for layer in training.initial_activity)
    return is_wrong or dead or seen.data.rms > MAX_RMS[0]


def best_factor(seen: Observations) -> float | None:
    """Return the factor of the learning rate that gives a much lower loss, or None."""
    better = {
        factor: trial.train_loss
        for factor, trial in seen.trials.items()
        if trial.train_loss < BETTER * seen.training.train_loss
    }
    return min(better, key=lambda factor: better[factor]) if better else None


def learning_rate_is_too_high(seen: Observations) -> bool:
    """Return whether the training diverged, or a lower rate is better, or keeps the units alive."""
    factor = best_factor(seen)
    if seen.training.failure is not None or (factor is not None and factor < 1):
        return True
    died = _units_died(seen.training) and not is_slow(seen.training)
    lower = [trial for one, trial in seen.trials.items() if one < 1]
    return factor is None and died and not all(map(_units_died, lower))


def _units_died(training: ObservedTraining) -> bool:
    """Return whether most units of a layer stopped to react during the training."""
    start = max((layer.dead for layer in training.initial_activity), default=1.0)
    return start < 0.25 and any(layer.dead > 0.5 for layer in training.final_activity)


def is_slow(training: ObservedTraining) -> bool:
    """Return whether the steps are so small that the learning rate may be too low."""
    update = training.early_update
    if update is None:
        return training.n_epochs is None or training.n_epochs > 5
    return update < _SLOW_UPDATE
