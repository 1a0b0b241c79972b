"""The table of the checks of a diagnosis: pure functions from the observations to a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _data_checks as data
from . import _network_checks as network
from . import _training_checks as training
from ._diagnosis import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._observations import Observations, Verdict

_ORDER = ("info", "ok", "not checked")  # after the problems

# Name -> check. Causes come before their consequences.
CHECKS: dict[str, Callable[[Observations], Verdict]] = {
    "pixel range": data.pixel_range,
    "labels": data.labels,
    "leakage": data.leakage,
    "duplicates": data.duplicates,
    "label noise": data.label_noise,
    "class imbalance": data.class_imbalance,
    "initialization": network.initialization,
    "dead units": network.dead_units,
    "learning rate": training.learning_rate,
    "epochs": training.epochs,
    "saturated units": network.saturated_units,
    "gradients": network.gradients,
    "update size": network.update_size,
    "100 samples": training.few_samples,
    "loss curve": training.loss_curve,
    "overfitting": training.overfitting,
    "underfitting": training.underfitting,
}


def run_checks(seen: Observations) -> list[Finding]:
    """Return the results of the checks.

    Problems (errors and warnings) come first, in the order of ``CHECKS``, then the others.
    """
    findings = [Finding(name, *check(seen)) for name, check in CHECKS.items()]
    return sorted(
        findings, key=lambda one: _ORDER.index(one.severity) if one.severity in _ORDER else -1
    )
