"""Scores against the severity of a corruption of the images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import scipy.sparse
import torch
from numpy.typing import NDArray
from sklearn.metrics import check_scoring

from skmnist._utils.device import default_device_cpu
from skmnist.displays._images import as_images

from ._corruptions import CORRUPTIONS, CorruptionName
from ._metrics import scoring_name
from ._provenance import provenance
from ._result import StudyResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator

    from skmnist.displays import RobustnessDisplay


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RobustnessCurve(StudyResult):
    """Scores against the severity of a corruption of the images.

    Made by :func:`robustness_curve`.

    Parameters
    ----------
    corruption : str
        Name of the corruption.
    label : str
        What `severities` measure, and their unit.
    severities : ndarray of shape (n_severities,)
        Severities of the corruption.
    scores : ndarray of shape (n_severities,)
        On the corrupted images.
    score_name : str
        What the scores are.
    settings : dict
        The estimator, its parameters, the number of samples and how the study was made.
    seed : int or None
        The estimator's `random_state`, if it is an integer.
    versions : dict of str to str
        Of Python and the libraries.
    """

    corruption: str
    label: str
    severities: NDArray[np.float64]
    scores: NDArray[np.float64]
    score_name: str

    def __repr__(self) -> str:
        n_points = len(self.severities)
        return f"RobustnessCurve({self.corruption!r}, {n_points} severities, seed={self.seed})"

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row for each severity.

        Returns
        -------
        DataFrame
        """
        return pd.DataFrame({self.corruption: self.severities, "score": self.scores})

    def plot(self, *, ax: Axes | None = None, **kwargs: Any) -> RobustnessDisplay:
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
    estimator: BaseEstimator,
    X: ArrayLike,
    y: ArrayLike,
    *,
    corruption: CorruptionName = "rotate",
    severities: ArrayLike | None = None,
    scoring: str | Callable[..., float] | None = None,
    image_shape: Literal["auto"] | tuple[int, ...] = "auto",
    random_state: int = 0,
) -> RobustnessCurve:
    """Score a fitted classifier on images with a corruption of increasing severity.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier, of any kind.
    X : array-like of shape (n, n_features), (n, height, width) or (n, channels, height, width)
        Pictures that it was not trained with.
    y : array-like of shape (n,)
        Their labels.
    corruption : {"rotate", "shift", "noise", "thickness"}, default="rotate"
        What is done to the images:

        - "rotate": a rotation about the center, counter-clockwise, in degrees
        - "shift": a translation in a random direction, in pixels
        - "noise": normal noise; the severity is its standard deviation as a fraction of the pixel
          range
        - "thickness": bright strokes that are wider on each side, in pixels

        Pixels beyond the border repeat those at the border.
    severities : array-like of shape (n_severities,), default=None
        Severities of the corruption. If None, usual ones.
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
        If there is no such corruption, or the features are not those of an image.

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
    corrupt, usual, label = CORRUPTIONS[corruption]
    severities = np.asarray(usual if severities is None else severities, dtype=float)
    if severities.ndim != 1 or not np.isfinite(severities).all() or not len(severities):
        raise ValueError(f"severities={severities.tolist()!r:.100}: pass a list of numbers.")
    if corruption in ("noise", "shift") and severities.min() < 0:
        raise ValueError(
            f"severities={severities.tolist()!r:.100}: {corruption!r} takes none below 0."
        )
    if isinstance(image_shape, str):
        image_shape = getattr(estimator, "image_shape_", "auto")
    dense: Any = X
    if scipy.sparse.issparse(X):
        dense = dense.toarray()
    pixels = as_images(dense, image_shape)
    low, high = _pixel_range(pixels)
    height_and_width = pixels.shape[-2:]
    dtype = np.float64 if pixels.dtype == np.float64 else np.float32
    images = torch.from_numpy(((pixels - low) / (high - low)).astype(dtype))
    images = images.reshape(len(pixels), -1, *height_and_width)
    scorer = check_scoring(estimator, scoring=scoring)
    scores = []
    for severity in severities:
        generator = torch.Generator().manual_seed(random_state)
        corrupted = corrupt(images, float(severity), generator).clamp(0, 1).numpy()
        scores.append(scorer(estimator, _in_form_of(dense, corrupted * (high - low) + low), y))
    settings = {"corruption": corruption, "scoring": scoring, "random_state": random_state}
    return RobustnessCurve(
        corruption=corruption,
        label=label,
        severities=severities,
        scores=np.array(scores),
        score_name=scoring_name(scoring, estimator),
        **provenance(estimator, X, study="robustness_curve", **settings),
    )


def _pixel_range(pixels: np.ndarray) -> tuple[float, float]:
    """Return what counts as black and as white."""
    if pixels.dtype == np.uint8:
        return 0.0, 255.0
    low, high = float(pixels.min()), float(pixels.max())
    return low, high if high > low else low + 1


def _in_form_of(X: Any, pixels: np.ndarray) -> np.ndarray | pd.DataFrame:
    """Return pixels in the shape, dtype and container of X."""
    frame = X if hasattr(X, "columns") else None
    dtype = np.asarray(X).dtype if frame is None else frame.to_numpy().dtype
    pixels = pixels.round() if dtype.kind in "iu" else pixels
    pixels = pixels.astype(dtype).reshape(X.shape if hasattr(X, "shape") else np.shape(X))
    if frame is None:
        return pixels
    return pd.DataFrame(pixels, index=frame.index, columns=frame.columns)
