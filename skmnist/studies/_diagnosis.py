"""Result of a diagnosis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._result import StudyResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skmnist.displays import DiagnosisDisplay

_PROBLEMS = ("error", "warning")


class Finding(NamedTuple):
    """Result of one check of a :class:`Diagnosis`.

    Attributes
    ----------
    check : str
        Name of the check.
    severity : {"error", "warning", "info", "ok", "not checked"}
        "error": the training cannot work, or its scores are wrong. "warning": it works less well
        than it could. "info": worth knowing.
    evidence : str
        What was measured, or the reason why it could not be measured.
    remedy : str
        One remedy, or "" if none is needed.
    """

    check: str
    severity: str
    evidence: str
    remedy: str


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Diagnosis(StudyResult):
    """Result of :func:`diagnose`.

    Parameters
    ----------
    checks : tuple of str
        Names of the checks. Errors and warnings come first, causes before their consequences.
    severities : tuple of str
        "error", "warning", "info", "ok" or "not checked", for each check.
    evidence : tuple of str
        What was measured, for each check.
    remedies : tuple of str
        One remedy for each check, or "".
    label_issues : ndarray of int
        Indices of training samples whose label is probably wrong.
    history : dict of str to list of float
        "train_loss" and "validation_loss" of each epoch and "batch_loss" of each mini-batch, as far
        as the classifier records them; "initial_loss", the loss before the training, as a list of
        one value.
    layers : dict of str to list
        A table with one row for each observed step and layer: "step", "layer", "gradient" (norm)
        and "update_ratio" (norm of the update divided by the norm of the weights). Empty if the
        classifier gives no access to its gradients.
    settings : dict
        The estimator, its parameters, the number of samples and the arguments of the study.
    seed : int or None
        The `random_state` of the estimator, if it is an integer.
    versions : dict of str to str
        Versions of Python and of the libraries.

    Attributes
    ----------
    findings : list of Finding
        The checks with their results, as named tuples.
    problems : list of Finding
        The errors and warnings among them.
    """

    checks: tuple[str, ...]
    severities: tuple[str, ...]
    evidence: tuple[str, ...]
    remedies: tuple[str, ...]
    label_issues: NDArray[np.int64]
    history: dict[str, list[float]]
    layers: dict[str, list[Any]]

    @property
    def findings(self) -> list[Finding]:
        """list of Finding: The checks with their results."""
        columns = zip(self.checks, self.severities, self.evidence, self.remedies, strict=True)
        return [Finding(*column) for column in columns]

    @property
    def problems(self) -> list[Finding]:
        """list of Finding: The errors and warnings."""
        return [finding for finding in self.findings if finding.severity in _PROBLEMS]

    def __repr__(self) -> str:
        names = [finding.check for finding in self.problems]
        return f"Diagnosis(problems={names}, {len(self.checks)} checks, seed={self.seed})"

    def __str__(self) -> str:
        name, n_samples = self.settings["estimator"], self.settings["n_samples"]
        problems = self.problems
        count = f"{len(problems)} problem{'s' * (len(problems) != 1)}" if problems else "no problem"
        lines = [f"Diagnosis of {name} on {n_samples:,} samples: {count}."]
        for number, finding in enumerate(problems, 1):
            lines += [
                "",
                f"{number}. {finding.severity.upper()}: {finding.check}",
                f"   {finding.evidence}",
                f"   Remedy: {finding.remedy}",
            ]
        for severity, title in (
            ("info", "Worth knowing"),
            ("ok", "Without a problem"),
            ("not checked", "Not checked"),
        ):
            others = [finding for finding in self.findings if finding.severity == severity]
            if others:
                lines += ["", f"{title}:"]
                lines += [f"- {finding.check}: {finding.evidence}" for finding in others]
        return "\n".join(lines)

    def to_frame(self) -> pd.DataFrame:
        """Convert the findings to a DataFrame.

        Returns
        -------
        DataFrame
            One row for each check, with the columns "check", "severity", "evidence" and "remedy".
        """
        return pd.DataFrame(self.findings, columns=Finding._fields)

    def plot(self, *, ax: Axes | None = None) -> DiagnosisDisplay:
        """Plot the findings, the loss and the size of the updates.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. If None, a new figure is created.

        Returns
        -------
        display : skmnist.displays.DiagnosisDisplay
        """
        from skmnist.displays import DiagnosisDisplay

        return DiagnosisDisplay.from_diagnosis(self, ax=ax)
