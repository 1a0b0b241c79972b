"""Check that the labels are not among the pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from skmnist._utils.messages import repr_value

# Fewer features are tabular data, and in a few samples a pixel equals the label by chance.
_MIN_FEATURES = 65
_MIN_SAMPLES = 20
_MAX_SAMPLES = 1000  # to compare


def check_no_label_column(X: np.ndarray, y: np.ndarray, given: Any) -> None:
    """Raise a ValueError if the first or last column of X contains the labels.

    This happens if the column of the labels is not removed from the table of a CSV file.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    given : array-like
        X as the user passed it.
    """
    if X.shape[1] < _MIN_FEATURES or len(X) < _MIN_SAMPLES:
        return
    step = max(1, len(X) // _MAX_SAMPLES)
    for column, place, rest in ((0, "first", "X[:, 1:]"), (-1, "last", "X[:, :-1]")):
        if not _is_equivalent(X[::step, column], y[::step]):
            continue
        name = ""
        if hasattr(given, "columns"):
            label = repr_value(given.columns[column])
            name, rest = f" ({label})", f"X.drop(columns={label})"
        raise ValueError(
            f"X must contain only pixels, but its {place} column{name} contains the labels y. Pass "
            f"X without this column, for example {rest}."
        )


def _is_equivalent(column: np.ndarray, y: np.ndarray) -> bool:
    """Return whether each value of the column belongs to one label, and vice versa."""
    values, value_indices = np.unique(column, return_inverse=True)
    labels, label_indices = np.unique(y, return_inverse=True)
    if len(values) != len(labels) or len(labels) < 2:
        return False
    return len(np.unique(value_indices * len(labels) + label_indices)) == len(labels)
