"""Scores against the severity of an image corruption."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import scipy.sparse
import torch
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted

from skmnist._estimators.input_gradients import loss_gradients
from skmnist._estimators.net_classifier import BaseNetClassifier
from skmnist._utils.image_shape import is_channels_last
from skmnist._utils.torch_defaults import torch_defaults
from skmnist._utils.validation import check_choice, check_int
from skmnist.displays._images import as_images, resolve_shape

from ._corruptions import CORRUPTIONS, CorruptionName
from ._metrics import baseline_accuracy, check_one_metric, scoring_name
from ._provenance import provenance
from ._result import StudyResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator

    from skmnist.displays import RobustnessDisplay


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RobustnessCurve(StudyResult):
    """Result of :func:`robustness_curve`.

    Parameters
    ----------
    corruption : str
        Name of the corruption.
    label : str
        Axis label of the severities, with their unit.
    severities : ndarray of shape (n_severities,)
        Severities of the corruption.
    scores : ndarray of shape (n_severities,)
        Scores on the corrupted images.
    score_name : str
        Name of the metric.
    settings : dict
        The estimator, its parameters, the number of samples and the arguments of the study.
    seed : int or None
        The `random_state` of the estimator, if it is an integer.
    versions : dict of str to str
        Versions of Python and of the libraries.
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
        """Convert the scores to a DataFrame.

        Returns
        -------
        DataFrame
            One row for each severity.
        """
        return pd.DataFrame({self.corruption: self.severities, "score": self.scores})

    def plot(self, *, ax: Axes | None = None, **kwargs: Any) -> RobustnessDisplay:
        """Plot the scores against the severities.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. If None, a new figure is created.
        **kwargs
            Passed to :meth:`skmnist.displays.RobustnessDisplay.plot`.

        Returns
        -------
        display : skmnist.displays.RobustnessDisplay
        """
        from skmnist.displays import RobustnessDisplay

        return RobustnessDisplay.from_curves({"": self}, ax=ax, **kwargs)


@torch_defaults()
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
    """Compute scores on corrupted images for different severities of the corruption.

    Parameters
    ----------
    estimator : estimator
        Any fitted classifier.
    X : array-like of shape (n_samples, n_features), (n_samples, height, width) or \
            (n_samples, channels, height, width)
        Test images, in a format that ``predict`` accepts.
    y : array-like of shape (n_samples,)
        True labels.
    corruption : {"rotate", "shift", "noise", "thickness", "fgsm"}, default="rotate"
        The corruption to apply:

        - "rotate": counterclockwise rotation about the center, in degrees
        - "shift": translation in a random direction, in pixels
        - "noise": Gaussian noise; the severity is its standard deviation as a fraction of the pixel
          range
        - "thickness": dilation of bright strokes on each side, in pixels; negative values erode
          them
        - "fgsm": fast gradient sign method. Each pixel is changed by the severity in the direction
          that increases the loss of the true label, in gray levels: 1 / 255 of the pixel range.
          8 therefore means 8 for pixels in 0..255, and 8 / 255 for pixels in 0..1. Only for the
          networks of skmnist, because it needs their gradients.

        Edge pixels are repeated outside the image.
    severities : array-like of shape (n_severities,), default=None
        Severities of the corruption. If None, defaults that depend on the corruption.
    scoring : str or callable, default=None
        The metric. If None, the ``score`` method of the estimator.
    image_shape : "auto" or tuple, default="auto"
        Shape of one image, as for :class:`skmnist.CNNClassifier`. "auto" is the shape stored in the
        estimator, otherwise that of `X`, otherwise a square.
    random_state : int, default=0
        Seed of the translation directions and the noise.

    Returns
    -------
    curve : RobustnessCurve

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    ValueError
        If the corruption is unknown, a severity is invalid, or the number of features does not
        match `image_shape`.
    TypeError
        If the corruption is "fgsm" and the estimator is not a network of skmnist.

    References
    ----------
    I. J. Goodfellow, J. Shlens, C. Szegedy, "Explaining and harnessing adversarial examples", ICLR
    (2015), for "fgsm".

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
    check_choice("robustness_curve", "corruption", corruption, CORRUPTIONS)
    check_int("robustness_curve", "random_state", random_state, minimum=0)
    check_is_fitted(estimator)
    kind = CORRUPTIONS[corruption]
    severities = _check_severities(severities, corruption)
    if isinstance(image_shape, str):
        image_shape = getattr(estimator, "image_shape_", "auto")
    dense: Any = X
    if scipy.sparse.issparse(X):
        dense = dense.toarray()
    check_consistent_length(dense, y)
    shape = resolve_shape(np.asarray(dense), image_shape)
    pixels = as_images(dense, shape)
    low, high = _pixel_range(pixels)
    height_and_width = pixels.shape[-2:]
    dtype = np.float64 if pixels.dtype == np.float64 else np.float32
    images = torch.from_numpy(((pixels - low) / (high - low)).astype(dtype))
    images = images.reshape(len(pixels), -1, *height_and_width)
    corrupt = kind.apply
    if kind.needs_signs:
        signs = _gradient_signs(estimator, dense, y, corruption)
        corrupt = functools.partial(corrupt, signs=signs.reshape(images.shape))
    scorer = check_one_metric("robustness_curve", estimator, scoring)
    scores = []
    for severity in severities:
        generator = torch.Generator().manual_seed(random_state)
        corrupted = corrupt(images, float(severity), generator).clamp(0, 1).numpy()
        if is_channels_last(shape):
            corrupted = np.moveaxis(corrupted, 1, -1)
        scores.append(scorer(estimator, _convert_like(dense, corrupted * (high - low) + low), y))
    settings: dict[str, Any] = {
        "corruption": corruption,
        "scoring": scoring,
        "random_state": random_state,
    }
    settings |= baseline_accuracy(estimator, y)
    return RobustnessCurve(
        corruption=corruption,
        label=kind.label,
        severities=severities,
        scores=np.array(scores),
        score_name=scoring_name(scoring, estimator),
        **provenance(estimator, X, study="robustness_curve", **settings),
    )


def _check_severities(severities: ArrayLike | None, corruption: CorruptionName) -> np.ndarray:
    """Return the severities, or the defaults of the corruption."""
    kind = CORRUPTIONS[corruption]
    values = np.asarray(kind.severities if severities is None else severities, dtype=float)
    if values.ndim != 1 or not np.isfinite(values).all() or not len(values):
        raise ValueError(
            "The 'severities' parameter of robustness_curve must be a list of finite numbers. Got "
            f"{values.tolist()!r:.100} instead."
        )
    if kind.non_negative and values.min() < 0:
        raise ValueError(
            "The 'severities' parameter of robustness_curve must be in the range [0, inf) for "
            f"corruption={corruption!r}. Got {values.tolist()!r:.100} instead."
        )
    return values


def _gradient_signs(estimator: Any, X: Any, y: Any, corruption: str) -> torch.Tensor:
    """Return the sign of the gradient of the loss for each pixel."""
    if not isinstance(estimator, BaseNetClassifier):
        raise TypeError(
            f"corruption={corruption!r} needs the gradient of the loss with respect to the pixels, "
            "which only the networks of skmnist compute. Got "
            f"{type(estimator).__name__} instead. For a Pipeline or a search, pass the fitted "
            "network in it and the images that it gets; for scikit-learn's MLPClassifier, "
            "MLPClassifier.from_sklearn(estimator)."
        )
    return torch.from_numpy(np.sign(loss_gradients(estimator, X, y)))


def _pixel_range(pixels: np.ndarray) -> tuple[float, float]:
    """Return the pixel values of black and white."""
    if pixels.dtype == np.uint8:
        return 0.0, 255.0
    low, high = float(pixels.min()), float(pixels.max())
    return low, high if high > low else low + 1


def _convert_like(X: Any, pixels: np.ndarray) -> np.ndarray | pd.DataFrame:
    """Convert pixels to the shape, dtype and container of X."""
    frame = X if hasattr(X, "columns") else None
    dtype = np.asarray(X).dtype if frame is None else frame.to_numpy().dtype
    pixels = pixels.round() if dtype.kind in "iu" else pixels
    pixels = pixels.astype(dtype).reshape(X.shape if hasattr(X, "shape") else np.shape(X))
    if frame is None:
        return pixels
    return pd.DataFrame(pixels, index=frame.index, columns=frame.columns)
