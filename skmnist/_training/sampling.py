"""Which rows an epoch is made of: where weights and repeated rows mean the same."""

import sys

import numpy as np
from sklearn.model_selection import train_test_split

from skmnist._utils.random_state import derive_seed

# Whole-number weights are taken literally, as repeated rows, up to this many rows for each row.
_MOST_REPEATS = 10

# Columns that rows are sorted by at first; most pictures differ in them.
_FIRST_COLUMNS = 64

_COMPARED = 1000  # rows at once


def canonical_order(X, codes):
    """Return an order of the rows that depends on what they hold, not on how they are sorted.

    An epoch shuffles its rows anyway. Shuffling from here makes what is learnt independent of
    the order in which the rows came, which is what lets a weight of 2 equal two rows in every
    batch. Rows are sorted by some of their pixels, then by all, then by their class.
    """
    few = X[:, :: max(1, X.shape[1] // _FIRST_COLUMNS)]
    keys = _sortable(few)
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    # Where neighbours are equal in the few pixels, a group goes on.
    same = keys[1:] == keys[:-1]
    tied = np.flatnonzero(np.r_[False, same] | np.r_[same, False])
    if len(tied):
        group = np.cumsum(np.r_[True, ~same])[tied]
        rows = order[tied]
        rest = np.zeros(len(rows), np.int64)
        # Mostly it is one picture several times. Sorting whole rows takes long: only the others.
        mixed = np.isin(
            group, group[_differ_from_last(X, rows) & np.r_[False, np.diff(group) == 0]]
        )
        rest[mixed] = np.unique(_sortable(X[rows[mixed]]), return_inverse=True)[1]
        order[tied] = rows[np.lexsort((codes[rows], rest, group))]
    return order


def _differ_from_last(X, rows):
    """Return for each of these rows of X whether it differs from the one before."""
    differ = np.zeros(len(rows), bool)
    for start in range(1, len(rows), _COMPARED):
        part = X[rows[start - 1 : start + _COMPARED]]
        differ[start : start + _COMPARED] = (part[1:] != part[:-1]).any(1)
    return differ


def _sortable(X):
    """Return the rows of X as one array of bytes each, which sort like the numbers do."""
    rows = np.array(X)  # a copy of its own
    if sys.byteorder == "little":
        # The most significant byte first, so that 0..255 and 0..1 come in the same order.
        rows.byteswap(inplace=True)
    return rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()


def literal_weights(weights):
    """Return how often each row is to come, or None where the weights aren't whole numbers.

    None also where repeating would cost more than ten times the rows.
    """
    if weights.sum() > _MOST_REPEATS * len(weights):
        return None
    counts = np.rint(weights).astype(np.int64)
    return counts if (counts == weights).all() else None


def hold_back(rows, codes, classes, fraction, seed):
    """Return the rows to train on and those that early stopping looks at, class by class.

    Parameters
    ----------
    rows : ndarray of int
        Row numbers.
    codes : ndarray of int
        The class number of every row of the data.
    classes : ndarray
        The labels, for the error.
    fraction : float
        The share to hold back.
    seed : int

    Raises
    ------
    ValueError
        Where there are too few rows to hold and to keep some of each class.
    """
    counts = np.bincount(codes)
    present = np.flatnonzero(counts)
    n_held = int(np.ceil(fraction * len(rows)))
    smallest = present[counts[present].argmin()]
    if min(n_held, len(rows) - n_held) < len(present) or counts[smallest] < 2:
        raise ValueError(
            f"early_stopping=True holds {n_held} of {len(rows)} rows back "
            f"(validation_fraction={fraction:g}), too few to hold and to keep some of each of the "
            f"{len(present)} classes; the smallest, {classes[smallest]!r}, has "
            f"{counts[smallest]}. Pass more rows, or X_val and y_val, or change "
            "validation_fraction."
        )
    return train_test_split(
        rows,
        test_size=n_held,
        stratify=codes[rows],
        random_state=derive_seed(seed, "validation") % 2**32,
    )


def weigh_classes(class_weight, classes, codes, weights, rows):
    """Return `weights` times those of `class_weight`, row by row; None where all are equal.

    Parameters
    ----------
    class_weight : None, "balanced" or dict
    classes : ndarray
        The labels, in the order of the class numbers.
    codes : ndarray of int
        The class number of every row of the data.
    weights : ndarray or None
    rows : ndarray of int
        The rows to train on: "balanced" counts these.

    Raises
    ------
    ValueError
        Where `class_weight` names a label that there is not.
    """
    if class_weight is None:
        return weights
    if class_weight == "balanced":
        of_rows = None if weights is None else weights[rows]
        totals = np.bincount(codes[rows], of_rows, minlength=len(classes))
        of_class = totals.sum() / (len(classes) * np.maximum(totals, np.finfo(float).tiny))
    else:
        labels = classes.tolist()
        unknown = [label for label in class_weight if label not in labels]
        if unknown:
            raise ValueError(
                f"class_weight names {unknown}, which are not among the classes {labels}."
            )
        of_class = np.array([class_weight.get(label, 1.0) for label in labels])
    of_row = of_class[codes]
    return of_row if weights is None else weights * of_row
