"""Draw the figures of a report from its results."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import ConfusionMatrixDisplay

from skmnist.displays import MisclassifiedDisplay, TrainingCurveDisplay
from skmnist.displays._explanation import overlay
from skmnist.displays._style import BASELINE_COLOR, COLORS, shorten

from ._compute import decode_images
from ._explanations import decode_explanations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from matplotlib.figure import Figure

    from ._compute import Results

MAX_COUNTS = 20  # with more classes, the confusion matrix shows colors without counts
_METADATA: dict[str, Any] = {"Software": None}  # so that equal results give equal bytes
_WIDTH = 4.8  # inches (480 pixels), so that the text is readable on a phone


def draw_figures(
    results: Results, names: Iterable[str] | None = None, *, dark: bool = False
) -> dict[str, tuple[bytes, int]]:
    """Return ``{name: (PNG, width in CSS pixels)}`` for each available figure.

    If `names` is passed, only these figures are drawn.
    """
    from matplotlib import rcParams, style

    # The default style, because a report should not depend on the settings of the session. Only
    # its fonts are kept, because they may be needed for the letters of the class names.
    fonts = {key: rcParams[key] for key in ("font.family", "font.sans-serif")}
    styles = ["dark_background" if dark else "default", fonts]
    figures = {}
    with style.context(styles, after_reset=True), warnings.catch_warnings():
        # Letters without a glyph are boxes in the figures, but the tables show them.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        for name in FIGURES if names is None else names:
            figure = FIGURES[name](results)
            if figure is not None:
                figures[name] = _figure_as_png(figure, transparent=dark)
    return figures


def draw_mistakes(results: Results) -> list[bytes]:
    """Return the images of the worst mistakes as PNG."""
    encoded = results["mistakes"]["images"]
    return [] if encoded is None else [_image_as_png(image) for image in decode_images(encoded)]


def draw_explanations(results: Results) -> list[list[bytes]]:
    """Return for each of the worst mistakes two images as PNG.

    They show what speaks for the true and for the predicted class.
    """
    mistakes = results["mistakes"]
    encoded = mistakes.get("explanations")  # not in the files of earlier versions
    if encoded is None:
        return [[] for _ in mistakes["indices"]]
    maps = decode_explanations(encoded)
    return [
        [_rgb_as_png(overlay(image, one, "RdBu_r")) for one in pair]
        for image, pair in zip(decode_images(mistakes["images"]), maps, strict=True)
    ]


def _figure_as_png(figure: Figure, **kwargs: Any) -> tuple[bytes, int]:
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=150, metadata=_METADATA, **kwargs)
    return buffer.getvalue(), round(100 * figure.get_figwidth())


def _image_as_png(image: np.ndarray) -> bytes:
    """Convert an image, (height, width) or (channels, height, width), to PNG. 0 is white."""
    from matplotlib.image import imsave

    if image.ndim == 3:
        image = np.moveaxis(image, 0, -1) if len(image) == 3 else image.mean(axis=0)
    buffer = io.BytesIO()
    imsave(buffer, image, cmap="gray_r", vmin=0, vmax=255, format="png", metadata=_METADATA)
    return buffer.getvalue()


def _rgb_as_png(image: np.ndarray) -> bytes:
    """Convert an image of shape (height, width, 3) with values from 0 to 1 to PNG."""
    from matplotlib.image import imsave

    buffer = io.BytesIO()
    imsave(buffer, image.clip(0, 1), format="png", metadata=_METADATA)
    return buffer.getvalue()


def _make_axes(width: float, height: float, n: int = 1) -> Any:
    from matplotlib.figure import Figure  # without pyplot, which would open windows

    return Figure((width, height), layout="constrained").subplots(n, sharex=True)


def _escape_labels(labels: Iterable[str]) -> list[str]:
    """Shorten labels and escape ``$``, which starts a formula in matplotlib."""
    return [shorten(label).replace("$", r"\$") for label in labels]


def _training_curves(results: Results) -> Any:
    if results["training"] is None:
        return None
    history = pd.DataFrame(results["training"]).astype(float)
    n_axes = 2 if "validation_score" in history else 1
    axes = _make_axes(_WIDTH, 0.5 + 2.4 * n_axes, n_axes)
    best = results["best_epoch"]
    display = TrainingCurveDisplay(
        {results["name"]: history},
        best_epochs=None if best is None else {results["name"]: best},
        chance_level=100 / len(results["classes"]),
    )
    return display.plot(ax=axes).figure_


def _confusion_matrix(results: Results) -> Any:
    from matplotlib.ticker import MaxNLocator

    labels = results["display_labels"]
    counts = np.array(results["confusion_matrix"])
    annotated = len(labels) <= MAX_COUNTS
    side = max(_WIDTH, (0.45 if annotated else 0.16) * len(labels))
    display = ConfusionMatrixDisplay(counts, display_labels=_escape_labels(labels)).plot(
        ax=_make_axes(side, 0.88 * side),
        cmap="Blues",
        include_values=annotated,
        values_format="d",
        xticks_rotation="vertical" if max(map(len, labels)) > 2 else "horizontal",
    )
    display.im_.colorbar.set_label("Test samples")
    display.im_.colorbar.locator = MaxNLocator(integer=True)
    display.ax_.tick_params(labelsize="medium" if annotated else "x-small")
    return display.figure_


def _calibration(results: Results) -> Any:
    if results["calibration"] is None:
        return None
    bins = pd.DataFrame(results["calibration"]["bins"])
    display = CalibrationDisplay(100 * bins["accuracy"], 100 * bins["confidence"], None)
    [name] = _escape_labels([results["name"]])
    style = {"color": COLORS[0], "marker": "o"}
    display.plot(ax=_make_axes(_WIDTH, 3.8), ref_line=False, name=name, **style)
    ax = display.ax_
    ax.axline((0, 0), slope=1, color=BASELINE_COLOR, linestyle=":", label="perfectly calibrated")
    ax.set(xlim=(0, 102), ylim=(-2, 102), xlabel="Mean confidence (%)", ylabel="Accuracy (%)")
    ax.grid(alpha=0.3)
    ax.legend(loc="lower right")
    return display.figure_


def _worst_mistakes(results: Results) -> Any:
    mistakes = results["mistakes"]
    # The display requires probabilities. Without them, only the HTML page shows the images.
    if mistakes["images"] is None or mistakes["proba_true"] is None:
        return None
    import matplotlib.pyplot as plt

    labels = np.array(_escape_labels(results["display_labels"]))
    display = MisclassifiedDisplay(
        decode_images(mistakes["images"]),
        labels[mistakes["true"]],
        labels[mistakes["predicted"]],
        mistakes["proba_true"],
        mistakes["proba_predicted"],
    )
    with plt.ioff():
        display.plot()
    display.ax_.set_title(mistakes_title(mistakes), fontsize="medium")
    figure: Any = display.figure_
    plt.close(figure)
    return figure


def mistakes_title(mistakes: Results) -> str:
    """Return a title with the number of mistakes shown and in total."""
    shown, total = len(mistakes["indices"]), mistakes["n"]
    if not total:
        return "No mistakes"
    which = "worst" if mistakes["proba_true"] else "first"
    selection = f"The {shown} {which} of {total:,} mistakes"
    return selection if shown < total else f"All {total:,} mistakes"


# File names (without .png), and functions that draw the figures.
FIGURES: dict[str, Callable[[Results], Any]] = {
    "training-curves": _training_curves,
    "confusion-matrix": _confusion_matrix,
    "calibration": _calibration,
    "worst-mistakes": _worst_mistakes,
}
