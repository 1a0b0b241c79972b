"""Warnings about pixel values that a network cannot learn from, or was not trained on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skmnist._utils.messages import repr_value
from skmnist._utils.warnings import warn_once
from skmnist.exceptions import PixelRangeWarning

# Pixel values that differ from those of the fit by more than this factor are on another scale: a
# factor of 255 is, a darker or brighter image is not.
_RANGE_RATIO = 20
_RANGE_SAMPLES = 300  # number of samples that are compared

# Integers up to this one are probably gray levels of fewer bits, or counts.
_MAX_LEVEL = 64
_MIN_VALUES = 1000  # a few small integers are a toy example
# Standardized images have a root mean square of 1, pixels in 0..255 one of 25 to 150.
_MAX_RMS = 20
# Pixels in 0..1 that were divided by 255 a second time are below.
_MIN_LARGEST = 0.01
# The smallest images of digits have 8 x 8 pixels: fewer features are tabular data.
MIN_IMAGE_FEATURES = 64


def pixel_statistics(X: np.ndarray) -> tuple[tuple[float, float], float]:
    """Return the range and the mean absolute value of the pixels in a subset of X."""
    sample = _subsample(X)
    return (float(sample.min()), float(sample.max())), _mean_abs(sample)


def warn_on_bad_scale(owner: str, X: np.ndarray, given: Any, scale: float) -> None:
    """Warn if the inputs of the network, ``X / scale``, are much too small or too large.

    Parameters
    ----------
    owner : str
        Name of the classifier.
    X : ndarray of shape (n_samples, n_features)
        The training set, of dtype uint8, float32 or float64.
    given : array-like
        The training set as the user passed it.
    scale : float
        Divisor of the pixel values.
    """
    if scale != 1:
        # A pass through all of X, which may be a memory map, only if there are no bright pixels.
        is_dark = _subsample(X).max() <= _MAX_LEVEL and X.size >= _MIN_VALUES
        if is_dark and (largest := X.max()) <= _MAX_LEVEL:
            _warn(
                f"X contains integers from 0 to {largest}. {owner} divides integers in 0..255 by "
                "255, which makes these inputs so small that training is slow. Pass floats in 0..1 "
                f"to fit and predict, for example X / {largest}."
            )
        return
    if X.shape[1] < MIN_IMAGE_FEATURES:
        return  # features of a table have scales of their own
    (low, high), _ = pixel_statistics(X)
    unchanged = f"The pixel values of X range from {low:g} to {high:g}. {owner} uses them unchanged"
    if _is_int8(given) and low < 0:
        _warn(
            f"{unchanged}, because X has the dtype int8. If X contains bytes that were read as "
            "int8, pixels above 127 became negative. Pass X.view(np.uint8)."
        )
    elif _typical_rms(X) > _MAX_RMS:
        _warn(
            f"{unchanged}, because {_reason(given)}. Networks learn worse from such large inputs. "
            + (
                "Pass X.astype(np.uint8), or pass X / 255"
                if low >= 0 and high <= 255
                else "Scale X to 0..1"
            )
            + " to fit and predict, or use skmnist.preprocessing.PixelStandardizer in a pipeline."
        )
    elif 0 < max(-low, high) < _MIN_LARGEST:
        _warn(
            f"{unchanged}. Networks learn slowly from such small inputs. Scale X to 0..1. Pixels "
            "in 0..1 must not be divided by 255 again."
        )


def warn_on_range_shift(
    owner: str, X: np.ndarray, fit_range: tuple[float, float], fit_mean_abs: float
) -> None:
    """Warn if the range of X is clearly different from that of the training set.

    Parameters
    ----------
    owner : str
        Name of the classifier.
    X : ndarray of shape (n_samples, n_features)
    fit_range, fit_mean_abs
        The statistics of the training set, see :func:`pixel_statistics`.
    """
    X = _subsample(X)
    low, high = float(X.min()), float(X.max())
    fit_low, fit_high = fit_range
    largest, fit_largest = max(-low, high), max(-fit_low, fit_high)
    if not math.isfinite(largest):
        return  # raised as an error when all of X is checked
    # Single standardized pixels can be very large, so the mean must be large, too.
    too_large = largest > _RANGE_RATIO * fit_largest > 0
    too_large = too_large and _mean_abs(X) > _RANGE_RATIO * fit_mean_abs
    # Dark images and small numbers in few features are valid: warn only about pixels up to 1
    # after a fit on pixels up to about 255.
    too_small = 0 < largest <= 1 and fit_low >= 0 and fit_largest > 2 * _RANGE_RATIO
    # Interpolation makes pixels a little smaller than 0.
    is_negative = X.shape[1] >= MIN_IMAGE_FEATURES and fit_low >= 0 and -low > 0.25 * fit_high > 0
    if too_large or is_negative or (too_small and X.size >= 16):
        # Rounded, so that each batch gives the same message and it is shown once.
        low, high = (_round_up(side) for side in (min(low, 0.0), max(high, 0.0)))
        _warn(
            f"The pixel values of X range from {low:g} to {high:g}, but {owner} was fitted on "
            f"pixel values from {fit_low:g} to {fit_high:g}. Scale the pixels as for fit."
        )


def _warn(message: str) -> None:
    warn_once(message, PixelRangeWarning)


def _reason(given: Any) -> str:
    """Return why the pixels are not divided by 255."""
    kinds = {name: getattr(kind, "kind", "O") for name, kind in _dtypes(given).items()}
    floats = [name for name, kind in kinds.items() if kind == "f"]
    if 0 < len(floats) < len(kinds):
        columns = f"{len(floats)} of {len(kinds)}, for example {repr_value(floats[0])}"
        return f"it has columns of floats ({columns})"
    if floats or getattr(getattr(given, "dtype", None), "kind", "O") in "fO":
        return "only integers in 0..255 are divided by 255"
    return "they are not within 0..255"


def _is_int8(given: Any) -> bool:
    dtypes = [getattr(given, "dtype", None), *_dtypes(given).values()]
    return np.dtype(np.int8) in dtypes


def _dtypes(given: Any) -> dict[Any, Any]:
    """Return the dtypes of the columns of a DataFrame; {} for anything else."""
    if not (hasattr(given, "dtypes") and hasattr(given, "columns")):
        return {}
    return dict(zip(given.columns, given.dtypes, strict=True))


def _subsample(X: np.ndarray) -> np.ndarray:
    return X[:: max(1, len(X) // _RANGE_SAMPLES)]


def _round_up(value: float) -> float:
    """Round away from 0: to 0, 1 or 255, or to one significant digit if it is larger."""
    size = abs(value)
    bounds: list[float] = [bound for bound in (0, 1, 255) if size <= bound]
    if not bounds:
        unit = 10.0 ** math.floor(math.log10(size))
        bounds = [unit * math.ceil(size / unit)]
    return math.copysign(bounds[0], value)


def _typical_rms(X: np.ndarray) -> float:
    """Return the median root mean square of a sample, which outliers do not change."""
    squares = np.square(_subsample(X), dtype=np.float64)
    return float(np.median(np.sqrt(squares.mean(axis=1))))


def _mean_abs(X: np.ndarray) -> float:
    return float((np.abs(X) if X.dtype.kind == "f" else X).mean(dtype=np.float64))
