"""Build the training and validation sets from validated arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from skmnist._training.image_dataset import ImageDataset
from skmnist._training.sampling import (
    apply_class_weight,
    canonical_order,
    split_validation,
    weights_as_repeats,
)

if TYPE_CHECKING:
    from .net_classifier import BaseNetClassifier

# Larger arrays are not sorted: they may be memory maps that do not fit into memory.
_MAX_SORTED_BYTES = 2**30


def make_datasets(
    estimator: BaseNetClassifier,
    X: np.ndarray,
    y_encoded: np.ndarray,
    sample_weight: np.ndarray | None,
    validation_data: tuple[np.ndarray, np.ndarray] | None,
    device: torch.device,
) -> tuple[ImageDataset, ImageDataset | None]:
    """Return the training set and the validation set, which may be None.

    Parameters
    ----------
    estimator : BaseNetClassifier
        With its classes, image shape, seed and dtype already set.
    X : ndarray of shape (n_samples, n_features)
    y_encoded : int64 ndarray of shape (n_samples,)
        Class indices.
    sample_weight : ndarray of shape (n_samples,) or None
    validation_data : tuple (X_val, y_val_encoded) or None
        If None, a validation set is split off when early stopping needs one.
    device : torch.device

    Raises
    ------
    ValueError
        If all weights are zero, or the batches are too small for batch normalization.
    """
    check_range_of_dtype(X, estimator._dtype)
    indices = np.arange(len(X))
    if estimator.shuffle and X.nbytes <= _MAX_SORTED_BYTES:
        indices = canonical_order(X, y_encoded)
    valid = None
    if validation_data is not None:
        check_range_of_dtype(validation_data[0], estimator._dtype)
        valid = _make_dataset(estimator, *validation_data, device)
    elif estimator.early_stopping:
        indices, held_out = split_validation(
            indices,
            y_encoded,
            estimator.classes_,
            estimator.validation_fraction,
            estimator._seed,
        )
        valid = _make_dataset(
            estimator, X, y_encoded, device, indices=held_out, sample_weight=sample_weight
        )
    indices, sample_weight = _apply_weights(estimator, indices, y_encoded, sample_weight)
    _check_batch_norm(estimator, len(indices))
    train = _make_dataset(
        estimator,
        X,
        y_encoded,
        device,
        indices=indices,
        sample_weight=sample_weight,
        label_smoothing=getattr(estimator, "label_smoothing", 0.0),
    )
    return train, valid


def check_range_of_dtype(X: np.ndarray, dtype: torch.dtype) -> None:
    """Raise a ValueError if X contains numbers that are too large for `dtype`."""
    if X.dtype == np.float64 and dtype == torch.float32:
        largest = max(-X.min(), X.max())
        if np.finfo(np.float32).max < largest < np.inf:  # infinity is rejected elsewhere
            raise ValueError(
                f"X contains {largest:g}, which is too large for the network's precision, float32. "
                "Scale X, or use precision='float64'."
            )


def _apply_weights(
    estimator: BaseNetClassifier,
    indices: np.ndarray,
    y_encoded: np.ndarray,
    sample_weight: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the indices, repeated according to integer weights, and the remaining weights."""
    if sample_weight is not None:
        repeats = weights_as_repeats(sample_weight)
        if repeats is not None:
            indices, sample_weight = np.repeat(indices, repeats[indices]), None
        else:
            # Only the ratios matter; scaling keeps them in the range of float32.
            sample_weight = sample_weight / sample_weight.max()
    sample_weight = apply_class_weight(
        estimator.class_weight, estimator.classes_, y_encoded, sample_weight, indices
    )
    if sample_weight is not None:
        indices = indices[sample_weight[indices] > 0]
        if len(indices) == 0:
            raise ValueError(
                f"class_weight={estimator.class_weight!r} gives all samples the weight 0. Pass a "
                "positive weight for at least one class in y."
            )
    return indices, sample_weight


def _check_batch_norm(estimator: BaseNetClassifier, n_samples: int) -> None:
    smallest = min(n_samples, estimator.batch_size)
    if getattr(estimator, "batch_norm", False) and smallest < 2:
        raise ValueError(
            "batch_norm=True requires mini-batches of at least 2 samples. Got "
            f"batch_size={estimator.batch_size} and {n_samples} samples. Use larger batches, or "
            "batch_norm=False."
        )


def _make_dataset(
    estimator: BaseNetClassifier,
    X: np.ndarray,
    y_encoded: np.ndarray,
    device: torch.device,
    *,
    indices: np.ndarray | None = None,
    sample_weight: np.ndarray | None = None,
    label_smoothing: float = 0.0,
) -> ImageDataset:
    return ImageDataset(
        X,
        y_encoded,
        len(estimator.classes_),
        indices=indices,
        sample_weight=sample_weight,
        shape=estimator._module_input_shape(),
        scale=estimator.pixel_scale_,
        label_smoothing=label_smoothing,
        dtype=estimator._dtype,
        device=device,
    )
