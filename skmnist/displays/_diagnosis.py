"""Findings of a diagnosis, with the loss and the size of the updates."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from ._style import (
    BASELINE_COLOR,
    COLORS,
    TEST_COLOR,
    TRAIN_COLOR,
    add_inset,
    make_axes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from typing_extensions import Self

# Severity -> color of its name. The others are listed in one paragraph each.
_COLORS = {"error": "#D55E00", "warning": "#B07700", "info": "#0072B2"}
_LISTED = {"ok": "Without a problem", "not checked": "Not checked"}
_MAX_CHARACTERS = 96  # of a line of text
# In inches: the height of a line of text, the height of a panel with its axis, the width of the
# labels of a y axis, the margins.
_LINE, _PANEL, _AXIS, _BELOW, _GAP = 0.17, 2.5, 0.65, 0.5, 0.12
_HEALTHY_UPDATE = 1e-3


class DiagnosisDisplay:
    """Findings of a diagnosis, the loss, and the size of the updates of each layer.

    Use :meth:`from_diagnosis`, or the ``plot`` method of a diagnosis, to create one.

    Parameters
    ----------
    findings : list of tuple
        Name, severity, evidence and remedy of each check.
    history : dict of str to list of float
        "train_loss", "validation_loss", "batch_loss" and "initial_loss".
    layers : dict of str to list
        "step", "layer" and "update_ratio" of each observed step and layer.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that contain the texts and both panels.
    axes_ : ndarray of matplotlib Axes
        The axes of the loss and of the updates, as far as they are known.
    figure_ : matplotlib Figure
        The figure that contains the axes.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.displays import DiagnosisDisplay
    >>> from skmnist.studies import diagnose
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> diagnosis = diagnose(MLPClassifier(max_epochs=5, random_state=0), X[::5], y[::5])
    >>> display = DiagnosisDisplay.from_diagnosis(diagnosis)
    >>> [ax.get_ylabel() for ax in display.axes_]
    ['Loss', 'Update / weight']
    """

    def __init__(
        self,
        findings: Sequence[tuple[str, str, str, str]],
        history: Mapping[str, Sequence[float]],
        layers: Mapping[str, Sequence[Any]],
    ) -> None:
        self.findings = findings
        self.history = history
        self.layers = layers

    @classmethod
    def from_diagnosis(cls, diagnosis: Any, *, ax: Axes | None = None) -> Self:
        """Plot the result of :func:`skmnist.studies.diagnose`.

        Parameters
        ----------
        diagnosis : skmnist.studies.Diagnosis
            The diagnosis.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.

        Returns
        -------
        display : DiagnosisDisplay
        """
        return cls(diagnosis.findings, diagnosis.history, diagnosis.layers).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Plot the findings above the loss and the updates.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. If None, a new figure is created.

        Returns
        -------
        display : DiagnosisDisplay
            The display, with the attributes of the plot.
        """
        lines = self._lines()
        panels = [self._plot_loss] * bool(self._has_loss())
        panels += [self._plot_updates] * bool(self.layers.get("step"))
        panel_height = _PANEL if panels else 0.0
        self.ax_, width, height = make_axes(ax, _LINE * len(lines) + panel_height + 2 * _GAP)
        self.figure_ = self.ax_.figure
        for i, (text, style) in enumerate(lines):
            top = height - _GAP - i * _LINE
            kwargs: dict[str, Any] = {"va": "top", "fontsize": "small", **style}
            self.ax_.text(_GAP / width, top / height, text, transform=self.ax_.transAxes, **kwargs)
        axes = []
        for i, draw in enumerate(panels):
            cell = (width - _GAP) / len(panels)
            box = i * cell + _AXIS, _BELOW, cell - _AXIS - _GAP, panel_height - _BELOW - _GAP
            axes.append(add_inset(self.ax_, *box))
            draw(axes[-1])
            axes[-1].tick_params(labelsize="small")
            axes[-1].grid(alpha=0.3)
        self.axes_ = np.array(axes, dtype=object)
        return self

    def _lines(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the lines of the text with their style."""
        lines: list[tuple[str, dict[str, Any]]] = []
        for check, severity, evidence, remedy in self.findings:
            if severity not in _COLORS:
                continue
            style = {"color": _COLORS[severity], "weight": "bold"}
            lines.append((f"{severity.upper()}: {check}", style))
            text = evidence if not remedy else f"{evidence} Remedy: {remedy}"
            lines += [(line, {}) for line in textwrap.wrap(text, _MAX_CHARACTERS)]
        if not any(severity in ("error", "warning") for _, severity, *_ in self.findings):
            lines.insert(0, ("No problem found", {"weight": "bold"}))
        for severity, title in _LISTED.items():
            names = [check for check, other, *_ in self.findings if other == severity]
            if names:
                text = f"{title}: {', '.join(names)}"
                color = {"color": BASELINE_COLOR}
                lines += [(line, color) for line in textwrap.wrap(text, _MAX_CHARACTERS)]
        return [(line.replace("$", r"\$"), style) for line, style in lines]

    def _has_loss(self) -> bool:
        return any(len(self.history.get(name, ())) for name in ("train_loss", "batch_loss"))

    def _plot_loss(self, ax: Axes) -> None:
        curves = {name: list(self.history.get(name, ())) for name in ("train_loss", "batch_loss")}
        curves["validation_loss"] = list(self.history.get("validation_loss", ()))
        batches, n_epochs = curves.pop("batch_loss"), len(curves["train_loss"])
        unit = len(batches) / n_epochs if batches and n_epochs else 1
        if batches:
            style: dict[str, Any] = {"color": TRAIN_COLOR, "alpha": 0.35, "linewidth": 0.8}
            ax.plot(np.arange(1, len(batches) + 1), batches, label="mini-batch", **style)
        for name, color in (("train_loss", TRAIN_COLOR), ("validation_loss", TEST_COLOR)):
            if curves[name]:
                x = unit * np.arange(1, len(curves[name]) + 1)
                label = {"train_loss": "training", "validation_loss": "validation"}[name]
                ax.plot(x, curves[name], "o-", color=color, markersize=3, label=label)
        for loss in self.history.get("initial_loss", ()):
            ax.axhline(loss, color=BASELINE_COLOR, linestyle=":", linewidth=1, label="untrained")
        values = [*batches, *curves["train_loss"]]
        finite = [value for value in values if 0 < value < np.inf]
        if finite and max(finite) > 100 * min(finite):
            ax.set_yscale("log")
        ax.set_ylabel("Loss", fontsize="small")
        ax.set_xlabel("Mini-batch" if batches else "Epoch", fontsize="small")
        ax.legend(fontsize="x-small")

    def _plot_updates(self, ax: Axes) -> None:
        from matplotlib import colormaps

        steps, names = np.asarray(self.layers["step"]), np.asarray(self.layers["layer"])
        ratios = np.asarray(self.layers["update_ratio"], dtype=float)
        layers = list(dict.fromkeys(self.layers["layer"]))
        colors, labeled = list(COLORS), range(len(layers))
        if len(layers) > len(COLORS):  # from dark to bright, with labels at both ends
            colors = list(colormaps["viridis"](np.linspace(0, 0.9, len(layers))))
            labeled = range(0, len(layers), len(layers) - 1)
        for i, name in enumerate(layers):
            chosen = (names == name) & (ratios > 0)
            label = f"layer {i + 1}" if i in labeled else None
            ax.plot(steps[chosen] + 1, ratios[chosen], color=colors[i], linewidth=1, label=label)
        style: dict[str, Any] = {"color": BASELINE_COLOR, "linestyle": ":", "linewidth": 1}
        ax.axhline(_HEALTHY_UPDATE, label="usual", **style)
        ax.set_yscale("log")
        ax.set_ylabel("Update / weight", fontsize="small")
        ax.set_xlabel("Mini-batch", fontsize="small")
        ax.legend(fontsize="x-small")
