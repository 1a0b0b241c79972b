"""Second step of a report: its pictures, drawn from the dict by the Displays."""

import io
import warnings

import numpy as np
import pandas as pd
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import ConfusionMatrixDisplay

from skmnist.displays import MisclassifiedDisplay, TrainingCurveDisplay
from skmnist.displays._style import shorten

from ._compute import decode_images

MOST_COUNTS = 20  # classes; the counts of more can't be read, so only colours are shown
_WIDTH = 4.8  # inches: 480 pixels, little enough that a phone doesn't make the text too small


def draw(results, names=None, *, dark=False):
    """Return ``{name: (PNG, width in CSS pixels)}`` of the pictures that the results allow.

    With `names` only of these.
    """
    from matplotlib import rcParams, style

    # From the defaults on, so that a report looks alike whatever the session has set, but with the
    # session's fonts: they may have been chosen for the letters of the classes' names.
    fonts = {key: rcParams[key] for key in ("font.family", "font.sans-serif")}
    styles = ["dark_background" if dark else "default", fonts]
    pictures = {}
    with style.context(styles, after_reset=True), warnings.catch_warnings():
        # Letters that no font has are boxes in the pictures; the tables beside them show all.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        for name in PICTURES if names is None else names:
            figure = PICTURES[name](results)
            if figure is not None:
                pictures[name] = _as_png(figure, transparent=dark)
    return pictures


def draw_mistakes(results):
    """Return a PNG of each picture of the worst mistakes."""
    encoded = results["mistakes"]["images"]
    return [] if encoded is None else [_pixels_as_png(image) for image in decode_images(encoded)]


def _as_png(figure, **kwargs):
    buffer = io.BytesIO()
    # No creation software in the file: the same results are the same bytes.
    figure.savefig(buffer, dpi=150, metadata={"Software": None}, **kwargs)
    return buffer.getvalue(), round(100 * figure.get_figwidth())


def _pixels_as_png(image):
    """Return a picture, (height, width) or (channels, height, width), as it is shown on paper."""
    from matplotlib.image import imsave

    if image.ndim == 3:
        image = np.moveaxis(image, 0, -1) if len(image) == 3 else image.mean(axis=0)
    buffer = io.BytesIO()
    imsave(
        buffer, image, cmap="gray_r", vmin=0, vmax=255, format="png", metadata={"Software": None}
    )
    return buffer.getvalue()


def _new_axes(width, height, n=1):
    from matplotlib.figure import Figure  # without pyplot, which would open windows

    return Figure((width, height), layout="constrained").subplots(n, sharex=True)


def _labels(names):
    """Return names as matplotlib shows them as they are: short, and without mathematics."""
    return [shorten(name).replace("$", r"\$") for name in names]


def _training_curves(results):
    if results["training"] is None:
        return None
    history = pd.DataFrame(results["training"]).astype(float)
    n_panels = 2 if "validation_score" in history else 1
    axes = _new_axes(_WIDTH, 0.5 + 2.4 * n_panels, n_panels)
    # The first colour of the style: it can be seen on dark ground, too.
    display = TrainingCurveDisplay({results["name"]: history})
    return display.plot(ax=axes, line_kw={"color": "C0"}).figure_


def _confusion_matrix(results):
    from matplotlib.ticker import MaxNLocator

    names = results["names"]
    counts = np.array(results["confusion"])
    few = len(names) <= MOST_COUNTS
    side = max(_WIDTH, (0.45 if few else 0.16) * len(names))
    display = ConfusionMatrixDisplay(counts, display_labels=_labels(names)).plot(
        ax=_new_axes(side, 0.88 * side),
        cmap="Blues",
        include_values=few,
        values_format="d",
        xticks_rotation="vertical" if max(map(len, names)) > 2 else "horizontal",
    )
    display.im_.colorbar.set_label("Test rows")
    display.im_.colorbar.locator = MaxNLocator(integer=True)
    display.ax_.tick_params(labelsize="medium" if few else "x-small")
    return display.figure_


def _calibration(results):
    if results["calibration"] is None:
        return None
    bins = pd.DataFrame(results["calibration"]["bins"])
    display = CalibrationDisplay(bins["accuracy"], bins["confidence"], None)
    display.plot(ax=_new_axes(_WIDTH, 3.8), ref_line=False, name=_labels([results["name"]])[0])
    ax = display.ax_
    ax.axline((0, 0), slope=1, color="gray", linestyle=":", label="perfectly calibrated")
    ax.set(xlim=(0, 1), ylim=(-0.02, 1.02), xlabel="Mean confidence", ylabel="Accuracy")
    ax.legend(loc="lower right")
    return display.figure_


def _worst_mistakes(results):
    mistakes = results["mistakes"]
    # The Display shows probabilities, too; without them the page alone has the pictures.
    if mistakes["images"] is None or mistakes["proba_true"] is None:
        return None
    import matplotlib.pyplot as plt

    names = np.array(_labels(results["names"]))
    display = MisclassifiedDisplay(
        decode_images(mistakes["images"]),
        names[mistakes["true"]],
        names[mistakes["predicted"]],
        mistakes["proba_true"],
        mistakes["proba_predicted"],
    )
    with plt.ioff():
        display.plot()
    display.ax_.set_title(heading_of_mistakes(mistakes), fontsize="medium")
    plt.close(display.figure_)
    return display.figure_


def heading_of_mistakes(mistakes):
    """Return how many of how many mistakes are shown."""
    shown, total = len(mistakes["rows"]), mistakes["n"]
    if not total:
        return "No mistakes"
    which = "worst" if mistakes["proba_true"] else "first"
    most = f"The {shown} {which} of {total:,} mistakes"
    return most if shown < total else f"All {total:,} mistakes"


# File names (without .png) and what draws them, from the results.
PICTURES = {
    "training-curves": _training_curves,
    "confusion-matrix": _confusion_matrix,
    "calibration": _calibration,
    "worst-mistakes": _worst_mistakes,
}
