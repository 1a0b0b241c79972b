"""From validated arrays to the data sets that a net trains on."""

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

# A larger array isn't sorted first: it may be a file that doesn't fit into memory.
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
        With its classes, image shape, seed and dtype.
    X : ndarray of shape (n_samples, n_features)
    y_encoded : int64 ndarray of shape (n_samples,)
        Class numbers.
    sample_weight : ndarray of shape (n_samples,) or None
    validation_data : tuple (X_val, y_val_encoded) or None
        None splits a validation set off if early stopping needs one.
    device : torch.device

    Raises
    ------
    ValueError
        If no sample has a weight, or the batches are too small for batch normalization.
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
        estimator, X, y_encoded, device, indices=indices, sample_weight=sample_weight
    )
    return train, valid


def check_range_of_dtype(X: np.ndarray, dtype: torch.dtype) -> None:
    """Raise a ValueError if X holds numbers that are infinite in `dtype`."""
    if X.dtype == np.float64 and dtype == torch.float32:
        largest = max(-X.min(), X.max())
        if largest > np.finfo(np.float32).max:
            raise ValueError(
                f"X holds {largest:g}, which is infinity in float32, the precision of this "
                "network. Scale X, or use precision='float64'."
            )


def _apply_weights(
    estimator: BaseNetClassifier,
    indices: np.ndarray,
    y_encoded: np.ndarray,
    sample_weight: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the indices, repeated for whole-number weights, and the weights that remain."""
    if sample_weight is not None:
        repeats = weights_as_repeats(sample_weight)
        if repeats is not None:
            indices, sample_weight = np.repeat(indices, repeats[indices]), None
        else:
            # Only their ratios count; float32 must hold them.
            sample_weight = sample_weight / sample_weight.max()
    sample_weight = apply_class_weight(
        estimator.class_weight, estimator.classes_, y_encoded, sample_weight, indices
    )
    if sample_weight is not None:
        indices = indices[sample_weight[indices] > 0]
        if len(indices) == 0:
            raise ValueError(
                f"class_weight={estimator.class_weight!r} leaves no row with a weight."
            )
    return indices, sample_weight


def _check_batch_norm(estimator: BaseNetClassifier, n_samples: int) -> None:
    smallest = min(n_samples, estimator.batch_size)
    if getattr(estimator, "batch_norm", False) and smallest < 2:
        raise ValueError(
            f"batch_norm=True normalises over a batch, but batch_size={estimator.batch_size} and "
            f"{n_samples} rows make batches of one row. Use more rows, or batch_norm=False."
        )


def _make_dataset(
    estimator: BaseNetClassifier,
    X: np.ndarray,
    y_encoded: np.ndarray,
    device: torch.device,
    *,
    indices: np.ndarray | None = None,
    sample_weight: np.ndarray | None = None,
) -> ImageDataset:
    return ImageDataset(
        X,
        y_encoded,
        len(estimator.classes_),
        indices=indices,
        sample_weight=sample_weight,
        shape=estimator._module_input_shape(),
        scale=estimator.pixel_scale_,
        dtype=estimator._dtype,
        device=device,
    )
