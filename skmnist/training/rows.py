"""Which rows an epoch is made of: where weights and repeated rows mean the same."""

import sys

import numpy as np

# Whole-number weights are taken literally, as repeated rows, up to this many rows for each row.
_MOST_REPEATS = 10

# Columns that rows are sorted by at first; most pictures differ in them.
_FIRST_COLUMNS = 64


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
        rest = np.unique(_sortable(X[rows]), return_inverse=True)[1]
        order[tied] = rows[np.lexsort((codes[rows], rest, group))]
    return order


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
