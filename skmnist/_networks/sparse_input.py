"""Products with pixels most of which are blank, by way of those that aren't.

Four fifths of the pixels of a handwritten digit are 0 and add nothing to a product. What torch
calls an embedding bag sums up some rows of a matrix, each times a factor: with the other pixels as
the factors, that is the product. It takes a third of the time of the full one where a fifth of the
pixels counts, and comes to the same but for the order of summation.
"""

from typing import NamedTuple

import numpy as np
import torch

try:
    # The methods of scipy's csr_array take as long for their checks as these for a batch. They
    # are scipy's own affair: should they go, the full products are as right, only slower.
    from scipy.sparse._sparsetools import csr_row_index, csr_tocsc
except ImportError:
    HAS_KERNEL = False
else:
    HAS_KERNEL = "fbgemm" in torch.backends.quantized.supported_engines

_ROWS = 256  # how many are looked through at once: they stay in a core's cache
_EXPECTED = 2**26  # pixels that aren't blank: memory for more is taken only when they come


def pays(share, n_units, batch_pixels):
    """Return whether the products of a layer are quicker by way of the pixels that aren't blank.

    Measured on one core, in multiplications of a full product: to find such a pixel takes 110, to
    multiply by it two instead of one, and to get a batch ready 470,000. Not every processor has
    the kernel for it.

    Parameters
    ----------
    share : float
        Of the pixels that aren't blank.
    n_units : int
    batch_pixels : int
        The number of pixels in a batch, blank or not.
    """
    return HAS_KERNEL and share * (110 + 2 * n_units) + 470_000 / batch_pixels < n_units


def count_nonzero(X):
    """Return how many pixels of `X`, an array of shape (n, n_features), aren't blank."""
    return sum(np.count_nonzero(X[i : i + _ROWS] != 0) for i in range(0, len(X), _ROWS))


class Bags(NamedTuple):
    """Some sums of rows of a matrix, each row times a factor."""

    rows: torch.Tensor
    starts: torch.Tensor  # of each sum in `rows`, and the end of the last
    factors: torch.Tensor

    @classmethod
    def of(cls, *arrays):
        """Return the bags that arrays hold."""
        return cls(*map(torch.from_numpy, arrays))

    def sums(self, matrix):
        """Return one row for each sum."""
        sums, *_ = torch.embedding_bag(
            matrix,
            self.rows,
            self.starts,
            per_sample_weights=self.factors,
            include_last_offset=True,
        )
        return sums


class SparseBatch(NamedTuple):
    """A batch of n pictures of n_features pixels, by those that aren't blank."""

    by_picture: Bags  # the pixels of each picture
    by_place: Bags  # the same pixels: those of each place in the pictures

    @classmethod
    def of(cls, matrix):
        """Return a tensor of shape (n, n_features) as a batch."""
        rows = torch.arange(len(matrix))
        return next(SparsePixels(matrix.contiguous().numpy()).batches(rows, [len(rows)]))

    def times(self, weight):
        """Return the product with `weight`, of shape (n_features, n_units)."""
        return self.by_picture.sums(weight)

    def transposed_times(self, d):
        """Return the product of the transpose, (n_features, n), with `d`, (n, n_units)."""
        return self.by_place.sums(d)

    def to_dense(self):
        """Return the batch as a tensor of shape (n, n_features)."""
        columns, starts, values = self.by_picture
        x = values.new_zeros(len(starts) - 1, len(self.by_place.starts) - 1)
        x[torch.repeat_interleave(starts.diff()), columns] = values
        return x


class SparsePixels:
    """The pixels of a data set that aren't blank.

    Parameters
    ----------
    X : ndarray of shape (n, n_features), C-contiguous
    prepare : function
        From a tensor of pixels to what the network takes; by default that is the same.
    """

    def __init__(self, X, prepare=lambda pixels: pixels):
        self.n_features = X.shape[1]
        index_dtype = np.int32 if X.size < 2**31 else np.int64
        self.prepare = prepare
        # Memory for a quarter, which is enough for digits: to count first takes a fifth longer.
        n_expected = min(X.size // 4, _EXPECTED)
        self.values = np.empty(n_expected, X.dtype)
        self.columns = np.empty(n_expected, index_dtype)
        self.starts = np.zeros(len(X) + 1, index_dtype)  # of each row
        column_of = np.tile(np.arange(self.n_features, dtype=index_dtype), _ROWS)
        done = 0
        for first in range(0, len(X), _ROWS):
            pixels = X[first : first + _ROWS].ravel()
            where = np.flatnonzero(pixels != 0)
            part = slice(done, done + len(where))
            if part.stop > len(self.values):
                self._resize(2 * part.stop)
            pixels.take(where, out=self.values[part], mode="clip")
            column_of.take(where, out=self.columns[part], mode="clip")
            ends = np.arange(self.n_features, len(pixels) + 1, self.n_features)
            self.starts[first + 1 :][: len(ends)] = done + np.searchsorted(where, ends)
            done += len(where)
        self._resize(done)
        self.counts = np.diff(self.starts)

    def _resize(self, n_values):
        for array in (self.values, self.columns):
            array.resize(n_values, refcheck=False)

    def batches(self, rows, sizes):
        """Yield batches, each a :class:`SparseBatch`.

        Parameters
        ----------
        rows : tensor of int
            Those of all batches.
        sizes : list of int
            How many of them are in each batch.
        """
        rows, n_features = rows.numpy().astype(self.columns.dtype), self.n_features
        starts = np.zeros(len(rows) + 1, rows.dtype)
        self.counts[rows].cumsum(out=starts[1:])
        columns, values = np.empty(starts[-1], rows.dtype), np.empty(starts[-1], self.values.dtype)
        csr_row_index(len(rows), rows, self.starts, self.columns, self.values, columns, values)
        values = self.prepare(torch.from_numpy(values)).numpy()
        first = 0
        for n in sizes:
            mine = starts[first : first + n + 1]
            part = slice(mine[0], mine[-1])
            picture_starts, places, pixels = mine - mine[0], columns[part], values[part]
            place_starts = np.empty(n_features + 1, rows.dtype)
            pictures, turned = np.empty_like(places), np.empty_like(pixels)
            csr_tocsc(n, n_features, picture_starts, places, pixels, place_starts, pictures, turned)
            yield SparseBatch(
                Bags.of(places, picture_starts, pixels), Bags.of(pictures, place_starts, turned)
            )
            first += n
