"""Which samples an epoch consists of: integer weights equal repeated samples."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from skmnist._utils.messages import repr_value
from skmnist._utils.random_state import derive_seed

# Integer weights become repeated samples, up to this mean number of repeats.
_MAX_REPEATS = 10

# Columns that samples are sorted by at first; most images differ in them.
_N_FIRST_COLUMNS = 64

_CHUNK_SIZE = 1000  # samples compared at once


def canonical_order(X: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return an order of the samples that depends on their values, not on their present order.

    An epoch shuffles its samples anyway. If it shuffles them from here, the fitted network is
    independent of the order of the samples, and so a weight of 2 equals two samples in every
    batch. Samples are sorted by some of their pixels, then by all, then by their label.
    """
    first_columns = X[:, :: max(1, X.shape[1] // _N_FIRST_COLUMNS)]
    keys = _sort_keys(first_columns)
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    # Neighbors that are equal in the first columns form a group.
    same = keys[1:] == keys[:-1]
    tied = np.flatnonzero(np.r_[False, same] | np.r_[same, False])
    if len(tied):
        group = np.cumsum(np.r_[True, ~same])[tied]
        indices = order[tied]
        rest = np.zeros(len(indices), np.int64)
        # Most groups are copies of one image. Sorting by all pixels is slow: only the others.
        differs = _differs_from_previous(X, indices) & np.r_[False, np.diff(group) == 0]
        mixed = np.isin(group, group[differs])
        rest[mixed] = np.unique(_sort_keys(X[indices[mixed]]), return_inverse=True)[1]
        order[tied] = indices[np.lexsort((labels[indices], rest, group))]
    return order


def _differs_from_previous(X: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Return for each of these samples whether it differs from the one before it."""
    differs = np.zeros(len(indices), bool)
    for start in range(1, len(indices), _CHUNK_SIZE):
        samples = X[indices[start - 1 : start + _CHUNK_SIZE]]
        differs[start : start + _CHUNK_SIZE] = (samples[1:] != samples[:-1]).any(1)
    return differs


def _sort_keys(X: np.ndarray) -> np.ndarray:
    """Return one array of bytes for each sample; they sort like the numbers."""
    keys = np.array(X)  # a copy
    if sys.byteorder == "little":
        # The most significant byte first, so that 0..255 and 0..1 sort in the same order.
        keys.byteswap(inplace=True)
    return keys.view(np.dtype((np.void, keys.itemsize * keys.shape[1]))).ravel()


def weights_as_repeats(sample_weight: np.ndarray) -> np.ndarray | None:
    """Return how often each sample is repeated, or None if the weights aren't integers.

    None also if there would be more than ten times as many samples.
    """
    if sample_weight.sum() > _MAX_REPEATS * len(sample_weight):
        return None
    counts = np.rint(sample_weight).astype(np.int64)
    return counts if (counts == sample_weight).all() else None


def split_validation(
    indices: np.ndarray, labels: np.ndarray, classes: np.ndarray, fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of the training and of the validation set, stratified by class.

    Parameters
    ----------
    indices : ndarray of int
        The samples to split.
    labels : ndarray of int
        The encoded label of every sample of the data.
    classes : ndarray
        The class labels, for the error.
    fraction : float
        Of the validation set.
    seed : int

    Raises
    ------
    ValueError
        If there are too few samples for both sets to have some of each class.
    """
    counts = np.bincount(labels)
    present = np.flatnonzero(counts)
    n_validation = int(np.ceil(fraction * len(indices)))
    smallest = present[counts[present].argmin()]
    too_few = min(n_validation, len(indices) - n_validation) < len(present)
    if too_few or counts[smallest] < 2:
        raise ValueError(
            f"early_stopping=True sets {n_validation} of {len(indices)} samples aside as a "
            f"validation set (validation_fraction={fraction:g}), but both sets need samples of "
            f"each of the {len(present)} classes. The smallest class, "
            f"{repr_value(classes[smallest])}, has {counts[smallest]}. Pass more samples, pass "
            "X_val and y_val, or change validation_fraction."
        )
    return train_test_split(
        indices,
        test_size=n_validation,
        stratify=labels[indices],
        random_state=derive_seed(seed, "validation") % 2**32,
    )


def apply_class_weight(
    class_weight: str | dict[Any, float] | None,
    classes: np.ndarray,
    labels: np.ndarray,
    sample_weight: np.ndarray | None,
    indices: np.ndarray,
) -> np.ndarray | None:
    """Return `sample_weight` times the weight of each sample's class; None if all are equal.

    Parameters
    ----------
    class_weight : None, "balanced" or dict
    classes : ndarray
        The class labels, in the order of the encoded ones.
    labels : ndarray of int
        The encoded label of every sample of the data.
    sample_weight : ndarray or None
    indices : ndarray of int
        The training set: "balanced" counts its samples.

    Raises
    ------
    ValueError
        If `class_weight` contains a label that is not among the classes, and lacks one of them.
    """
    if class_weight is None:
        return sample_weight
    if isinstance(class_weight, str):  # "balanced"
        weights = None if sample_weight is None else sample_weight[indices]
        totals = np.bincount(labels[indices], weights, minlength=len(classes))
        by_class = totals.sum() / (len(classes) * np.maximum(totals, np.finfo(float).tiny))
    else:
        known = classes.tolist()
        unknown = [label for label in class_weight if label not in known]
        missing = [label for label in known if label not in class_weight]
        # As in scikit-learn: a cross-validation fold may lack classes, but labels of another type
        # are an error.
        if unknown and missing:
            raise ValueError(
                f"class_weight has weights for {unknown}, which are not among the classes {known}, "
                f"but none for {missing}. Use the labels in y as keys. If y can lack classes, as "
                "in a cross-validation fold, pass a weight for every class."
            )
        by_class = np.array([class_weight.get(label, 1.0) for label in known])
    by_sample = by_class[labels]
    return by_sample if sample_weight is None else sample_weight * by_sample
