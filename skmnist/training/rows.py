"""Which rows an epoch is made of: where weights and repeated rows mean the same."""

import sys

import numpy as np

# Whole-number weights are taken literally, as repeated rows, up to this many rows for each row.
_MOST_REPEATS = 10


def canonical_order(X, codes):
    """Return an order of the rows that depends on what they hold, not on how they are sorted.

    An epoch shuffles its rows anyway. Shuffling from here makes what is learnt independent of
    the order in which the rows came, which is what lets a weight of 2 equal two rows in every
    batch. The order is that of the bytes, with the class as a tie-break.
    """
    # NumPy sorts numbers of 16 bits by radix, ten times as quickly.
    small = codes.astype(np.uint16) if codes.max() < 2**16 else codes
    order = np.argsort(small, kind="stable")
    rows = np.take(X, order, axis=0)
    if sys.byteorder == "little":
        # The most significant byte first, so that 0..255 and 0..1 come in the same order.
        rows.byteswap(inplace=True)
    rows = rows.view(np.dtype((np.void, X.itemsize * X.shape[1]))).ravel()
    return order[np.argsort(rows, kind="stable")]


def literal_weights(weights):
    """Return how often each row is to come, or None where the weights aren't whole numbers.

    None also where repeating would cost more than ten times the rows.
    """
    counts = np.rint(weights).astype(np.int64)
    if (counts == weights).all() and counts.sum() <= _MOST_REPEATS * len(counts):
        return counts
    return None
