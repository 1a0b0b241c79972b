"""Scores against how much the pictures are turned, moved, thickened or disturbed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse
import torch
from sklearn.metrics import check_scoring

from skmnist._utils.device import default_device_cpu
from skmnist.displays._images import as_images
from skmnist.preprocessing._transforms import affine, dilate, warp

from ._result import StudyResult, provenance, scoring_name


def _rotate(images, degrees, generator):
    return warp(images, affine(images.shape[-2:], degrees=degrees))


def _shift(images, pixels, generator):
    """Move each picture in a direction of its own."""
    angle = 2 * torch.pi * torch.rand(len(images), generator=generator, dtype=images.dtype)
    shift = pixels * torch.cos(angle), pixels * torch.sin(angle)
    return warp(images, affine(images.shape[-2:], shift=shift))


def _add_noise(images, std, generator):
    return images + std * torch.randn(images.shape, generator=generator, dtype=images.dtype)


def _thicken(images, pixels, generator):
    whole = int(abs(pixels))
    for step in [np.sign(pixels)] * whole + [pixels - np.sign(pixels) * whole]:
        images = dilate(images, torch.full((len(images),), float(step)))
    return images


class Corruption(NamedTuple):
    """One way to change pictures, whose pixels are from 0 to 1."""

    function: Callable  # (images, severity, generator) -> images
    severities: tuple  # what is tried where nothing else is said
    label: str


CORRUPTIONS = {
    "rotate": Corruption(_rotate, tuple(range(-45, 46, 15)), "Turned counter-clockwise (degrees)"),
    "shift": Corruption(_shift, tuple(range(7)), "Moved in any direction (pixels)"),
    "noise": Corruption(_add_noise, (0, 0.1, 0.2, 0.3, 0.4, 0.5), "Noise (share of white)"),
    "thickness": Corruption(_thicken, (-1, -0.5, 0, 0.5, 1, 1.5, 2), "Strokes wider by (pixels)"),
}


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RobustnessCurve(StudyResult):
    """Scores against how much the pictures are changed.

    Made by :func:`robustness_curve`.

    Parameters
    ----------
    corruption, label : str
        How they are changed, and what `severities` are.
    severities : ndarray of shape (n_severities,)
        How much.
    scores : ndarray of shape (n_severities,)
        On the changed pictures.
    score_name : str
        What the scores are.
    settings : dict
        The estimator, its parameters, the number of rows and how the study was made.
    seed : int or None
        The estimator's `random_state`, where it is a number.
    versions : dict of str to str
        Of Python and the libraries.
    """

    corruption: str
    label: str
    severities: np.ndarray
    scores: np.ndarray
    score_name: str

    def __repr__(self):
        n_points = len(self.severities)
        return f"RobustnessCurve({self.corruption!r}, {n_points} severities, seed={self.seed})"

    def to_frame(self):
        """Return a table with a row for each severity.

        Returns
        -------
        DataFrame
        """
        return pd.DataFrame({self.corruption: self.severities, "score": self.scores})

    def plot(self, *, ax=None, **kwargs):
        """Draw the scores.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, a new figure is made.
        **kwargs
            For :meth:`skmnist.displays.RobustnessDisplay.plot`.

        Returns
        -------
        display : skmnist.displays.RobustnessDisplay
        """
        from skmnist.displays import RobustnessDisplay

        return RobustnessDisplay.from_curves({"": self}, ax=ax, **kwargs)


@default_device_cpu()
def robustness_curve(
    estimator,
    X,
    y,
    *,
    corruption="rotate",
    severities=None,
    scoring=None,
    image_shape="auto",
    random_state=0,
):
    """Score a fitted classifier on pictures that are changed more and more.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier, of any kind.
    X : array-like of shape (n, n_features), (n, height, width) or (n, channels, height, width)
        Pictures that it was not trained with.
    y : array-like of shape (n,)
        Their labels.
    corruption : {"rotate", "shift", "noise", "thickness"}, default="rotate"
        How to change them: turned about the centre by degrees; moved by pixels, each picture in a
        direction of its own; normal noise, whose standard deviation is a share of the range of
        the pixels; bright strokes wider by pixels to each side. Beyond a picture's rim it is as
        at the rim.
    severities : array-like of shape (n_severities,), default=None
        How much to change them. If None, a few that are usual.
    scoring : str or callable, default=None
        What is scored; by default the estimator's ``score``.
    image_shape : "auto" or tuple, default="auto"
        Shape of one picture; "auto" is the estimator's, else that of X, else a square.
    random_state : int, default=0
        Of the directions and the noise.

    Returns
    -------
    curve : RobustnessCurve

    Raises
    ------
    ValueError
        Where there is no such corruption, or the features are not those of a picture.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.studies import robustness_curve
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = MLPClassifier(max_epochs=3, random_state=0).fit(X[::2], y[::2])
    >>> curve = robustness_curve(clf, X[1::2], y[1::2], severities=[0, 20, 40])
    >>> curve.to_frame()["score"].is_monotonic_decreasing
    True
    """
    if corruption not in CORRUPTIONS:
        raise ValueError(
            f"corruption={corruption!r}: pass one of {', '.join(map(repr, CORRUPTIONS))}."
        )
    function, usual, label = CORRUPTIONS[corruption]
    severities = np.asarray(usual if severities is None else severities, dtype=float)
    if severities.ndim != 1 or not np.isfinite(severities).all() or not len(severities):
        raise ValueError(f"severities={severities.tolist()!r:.100}: pass a list of numbers.")
    if corruption in ("noise", "shift") and severities.min() < 0:
        raise ValueError(
            f"severities={severities.tolist()!r:.100}: {corruption!r} takes none below 0."
        )
    if isinstance(image_shape, str):
        image_shape = getattr(estimator, "image_shape_", "auto")
    X = X.toarray() if scipy.sparse.issparse(X) else X
    pixels = as_images(X, image_shape)
    low, high = _range_of(pixels)
    height_and_width = pixels.shape[-2:]
    kind = np.float64 if pixels.dtype == np.float64 else np.float32
    images = torch.from_numpy(((pixels - low) / (high - low)).astype(kind))
    images = images.reshape(len(pixels), -1, *height_and_width)
    score = check_scoring(estimator, scoring=scoring)
    scores = []
    for severity in severities:
        generator = torch.Generator().manual_seed(random_state)
        changed = (
            function(images, float(severity), generator).clamp(0, 1).numpy() * (high - low) + low
        )
        scores.append(score(estimator, _like(changed, X), y))
    how = {"corruption": corruption, "scoring": scoring, "random_state": random_state}
    return RobustnessCurve(
        corruption=corruption,
        label=label,
        severities=severities,
        scores=np.array(scores),
        score_name=scoring_name(scoring, estimator),
        **provenance(estimator, X, study="robustness_curve", **how),
    )


def _range_of(pixels):
    """Return what counts as black and as white."""
    if pixels.dtype == np.uint8:
        return 0.0, 255.0
    low, high = float(pixels.min()), float(pixels.max())
    return low, high if high > low else low + 1


def _like(pixels, X):
    """Return pixels in the form in which X came."""
    frame = X if hasattr(X, "columns") else None
    kind = np.asarray(X).dtype if frame is None else frame.to_numpy().dtype
    pixels = pixels.round() if kind.kind in "iu" else pixels
    pixels = pixels.astype(kind).reshape(X.shape if hasattr(X, "shape") else np.shape(X))
    if frame is None:
        return pixels
    return pd.DataFrame(pixels, index=frame.index, columns=frame.columns)
