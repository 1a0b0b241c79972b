"""The samples of a diagnosis: as the last step of a pipeline receives them, and split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _num_samples

from skmnist._estimators.array_conversion import as_numpy, images_as_numpy
from skmnist._estimators.net_classifier import BaseNetClassifier
from skmnist._estimators.reject import RejectClassifier

from ._data_facts import DataFacts, find_facts

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

N_FEW = 100  # samples that every classifier should be able to fit
_VALIDATION_FRACTION = 0.2  # of X, if no validation set was passed


@dataclass
class Split:
    """Training and validation samples, in any container, with their labels.

    Validation samples of classes that the training set lacks are left out.
    """

    X: Any
    y: np.ndarray
    X_val: Any
    y_val: np.ndarray


def prepare(
    estimator: BaseEstimator, X: Any, y: Any, X_val: Any, y_val: Any, seed: int
) -> tuple[BaseEstimator, Split, DataFacts]:
    """Return the last step, the samples as it receives them, and the facts about them.

    Raises
    ------
    TypeError
        If the last step is frozen.
    ValueError
        If the data are invalid.
    """
    X, y = _check_samples(X, y)
    check_classification_targets(y)
    has_validation_set = _has_validation_set(y, X_val, y_val)
    if has_validation_set:
        X_val, y_val = _check_samples(X_val, y_val)
        missing = np.setdiff1d(y_val, y)
        known = np.flatnonzero(~np.isin(y_val, missing))
        split = Split(X, y, _safe_indexing(X_val, known), y_val[known])
        _check_validation_set(split)
    else:
        missing = y[:0]
        fit, val = _hold_out(y, seed)
        split = Split(_safe_indexing(X, fit), y[fit], _safe_indexing(X, val), y[val])
    steps = []
    last = clone(estimator)
    while isinstance(last, (Pipeline, RejectClassifier)):
        if isinstance(last, RejectClassifier):
            last = last.estimator
            continue
        steps += [step for _, step in last.steps[:-1] if step not in (None, "passthrough")]
        last = last.steps[-1][1]
    if isinstance(last, FrozenEstimator):
        raise TypeError(
            "diagnose trains the classifier, which a FrozenEstimator prevents. Pass the estimator "
            "inside of it."
        )
    for step in steps:
        split.X = step.fit_transform(split.X, split.y)
        X, split.X_val = step.transform(X), step.transform(split.X_val)
    classes, encoded = np.unique(y, return_inverse=True)
    flat = _flat(X)
    facts = find_facts(
        flat,
        encoded,
        _flat(split.X_val) if has_validation_set else None,
        np.searchsorted(classes, split.y_val) if has_validation_set else None,
        missing=missing.tolist(),
        scale=_pixel_scale(last, flat),
        seed=seed,
    )
    return last, split, facts


def _check_samples(X: Any, y: Any) -> tuple[Any, np.ndarray]:
    X, y = images_as_numpy(X), column_or_1d(as_numpy(y))
    check_consistent_length(X, y)
    return X, y


def _has_validation_set(y: np.ndarray, X_val: Any, y_val: Any) -> bool:
    if (X_val is None) != (y_val is None):
        raise ValueError("X_val and y_val must be passed together. Pass both, or neither.")
    return X_val is not None


def _check_validation_set(split: Split) -> None:
    """Check that there are validation samples, with the features of the training samples."""
    if not len(split.y_val):
        raise ValueError(
            "y_val must contain at least one of the labels of y. Got no such sample: pass other "
            "validation samples, or none to hold out a part of the training samples."
        )
    expected, got = np.shape(split.X)[1:], np.shape(split.X_val)[1:]
    if np.prod(expected) != np.prod(got):
        raise ValueError(
            f"X_val must contain samples of the shape {expected}, as X does. Got samples of the "
            f"shape {got} instead."
        )


def _hold_out(y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of the training and of the validation samples.

    The training set has all classes: the only sample of a class is always in it.
    """
    classes, encoded, counts = np.unique(y, return_inverse=True, return_counts=True)
    is_single = counts[encoded] == 1
    others = np.flatnonzero(~is_single)
    n_val = max(int(np.ceil(_VALIDATION_FRACTION * len(others))), int((counts > 1).sum()))
    if is_single.all() or len(classes) == 1:
        raise ValueError(
            "y must contain at least two classes, and several samples of one of them, so that a "
            f"part can be held out. Got {len(y)} samples of {len(classes)} classes instead. Add "
            "samples, or pass X_val and y_val."
        )
    fit, val = train_test_split(others, test_size=n_val, stratify=y[others], random_state=seed)
    return np.concatenate([fit, np.flatnonzero(is_single)]), val


def _pixel_scale(estimator: BaseEstimator, X: np.ndarray) -> float:
    """Return what a network divides its inputs by: 255 for integers in 0..255, as in fit."""
    is_scaled = isinstance(estimator, BaseNetClassifier) and X.dtype.kind in "iu"
    return 255.0 if is_scaled and 1 < X.max() <= 255 and X.min() >= 0 else 1.0


def _flat(X: Any) -> np.ndarray:
    """Return samples as a dense array of shape (n_samples, n_features)."""
    X = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
    # An array of objects, as of a data frame of nullable integers.
    X = np.array(X.tolist()) if X.dtype == object else X
    return X.reshape(len(X), -1)


def choose_few(split: Split, seed: int) -> np.ndarray:
    """Return the indices of a few training samples, of all classes if possible."""
    n_samples = _num_samples(split.X)
    if n_samples <= N_FEW:
        return np.arange(n_samples)
    classes, counts = np.unique(split.y, return_counts=True)
    n_smaller_part = min(N_FEW, n_samples - N_FEW)
    stratify = split.y if counts.min() >= 2 and len(classes) <= n_smaller_part else None
    few, _ = train_test_split(
        np.arange(n_samples), train_size=N_FEW, stratify=stratify, random_state=seed
    )
    return few
