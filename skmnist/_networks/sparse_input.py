"""Sparse matrix products for images most of whose pixels are zero.

Four fifths of the pixels of a handwritten digit are 0 and add nothing to a product. torch's
embedding bag sums selected rows of a matrix, each times a weight: with the nonzero pixels as the
weights, the sums are the product. If a fifth of the pixels is nonzero, it takes a third of the time
of the dense product. The result is the same but for the order of summation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Self

try:
    # The checks of scipy's csr_array take as long as these functions take for a batch. They are
    # private to scipy: without them the dense products give the same result, only slower.
    from scipy.sparse._sparsetools import csr_row_index, csr_tocsc
except ImportError:
    HAS_KERNEL = False
else:
    HAS_KERNEL = "fbgemm" in torch.backends.quantized.supported_engines

_BLOCK_SIZE = 256  # samples searched for nonzero pixels at once: they stay in a core's cache
_MAX_INITIAL_CAPACITY = 2**26  # nonzero pixels; memory for more is allocated only when needed


def is_faster(density: float, n_units: int, batch_pixels: int) -> bool:
    """Return whether the sparse products of a layer are faster than the dense ones.

    Measured on one core, in multiplications of a dense product: a nonzero pixel costs 110 to find
    and two instead of one to multiply, and a batch costs 470,000 to prepare. Not every processor
    has the kernel for it.

    Parameters
    ----------
    density : float
        The fraction of the pixels that are nonzero.
    n_units : int
    batch_pixels : int
        The number of pixels in a batch, zero or not.
    """
    return HAS_KERNEL and density * (110 + 2 * n_units) + 470_000 / batch_pixels < n_units


def count_nonzero(X: np.ndarray) -> int:
    """Return the number of nonzero pixels of `X`, an array of shape (n, n_features)."""
    blocks = (X[i : i + _BLOCK_SIZE] for i in range(0, len(X), _BLOCK_SIZE))
    return sum(int(np.count_nonzero(block != 0)) for block in blocks)


class EmbeddingBag(NamedTuple):
    """A sparse matrix, row by row (CSR), as the arguments of ``torch.embedding_bag``."""

    indices: torch.Tensor  # the column of each nonzero value
    offsets: torch.Tensor  # where each row starts in `indices`, and where the last one ends
    weights: torch.Tensor  # the nonzero values

    @classmethod
    def from_numpy(cls, *arrays: np.ndarray) -> Self:
        """Return the matrix that shares the memory of three arrays."""
        return cls(*map(torch.from_numpy, arrays))

    def matmul(self, matrix: torch.Tensor) -> torch.Tensor:
        """Return the product with a dense matrix."""
        product, *_ = torch.embedding_bag(
            matrix,
            self.indices,
            self.offsets,
            per_sample_weights=self.weights,
            include_last_offset=True,
        )
        return product


class SparseBatch(NamedTuple):
    """A batch of n samples with n_features pixels, as the nonzero pixels."""

    csr: EmbeddingBag  # the pixels of each sample
    csc: EmbeddingBag  # the same pixels, feature by feature: the transposed matrix

    @classmethod
    def from_dense(cls, matrix: torch.Tensor) -> SparseBatch:
        """Return a tensor of shape (n, n_features) as a batch."""
        indices = torch.arange(len(matrix))
        return next(SparsePixels(matrix.contiguous().numpy()).batches(indices, [len(indices)]))

    def matmul(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the product with `weight`, of shape (n_features, n_units)."""
        return self.csr.matmul(weight)

    def t_matmul(self, grad: torch.Tensor) -> torch.Tensor:
        """Return the product of the transpose, (n_features, n), with `grad`, (n, n_units)."""
        return self.csc.matmul(grad)

    def to_dense(self) -> torch.Tensor:
        """Return the batch as a tensor of shape (n, n_features)."""
        indices, offsets, values = self.csr
        x = values.new_zeros(len(offsets) - 1, len(self.csc.offsets) - 1)
        x[torch.repeat_interleave(offsets.diff()), indices] = values
        return x


class SparseStack(NamedTuple):
    """One batch of the same size for each of several networks."""

    batches: tuple[SparseBatch, ...]

    def matmul(self, weights: torch.Tensor) -> torch.Tensor:
        """Return the products with `weights`, of shape (n_members, n_features, n_units)."""
        pairs = zip(self.batches, weights.unbind(), strict=True)
        return torch.stack([batch.matmul(weight) for batch, weight in pairs])

    def t_matmul(self, grads: torch.Tensor) -> list[torch.Tensor]:
        """Return the products of the transposes with `grads`, (n_members, n, n_units)."""
        pairs = zip(self.batches, grads.unbind(), strict=True)
        return [batch.t_matmul(grad) for batch, grad in pairs]


SPARSE_TYPES = (SparseBatch, SparseStack)


class SparsePixels:
    """The nonzero pixels of a data set, as a sparse matrix (CSR).

    Parameters
    ----------
    X : ndarray of shape (n, n_features), C-contiguous
    prepare : function
        From a tensor of pixels to inputs of the network; by default the pixels themselves.
    """

    def __init__(
        self,
        X: np.ndarray,
        prepare: Callable[[torch.Tensor], torch.Tensor] = lambda pixels: pixels,
    ) -> None:
        self.n_features = X.shape[1]
        index_dtype = np.int32 if X.size < 2**31 else np.int64
        self.prepare = prepare
        # Memory for a quarter, which is enough for digits: to count first takes a fifth longer.
        capacity = min(X.size // 4, _MAX_INITIAL_CAPACITY)
        self.values = np.empty(capacity, X.dtype)
        self.columns = np.empty(capacity, index_dtype)
        self.indptr = np.zeros(len(X) + 1, index_dtype)
        column_of = np.tile(np.arange(self.n_features, dtype=index_dtype), _BLOCK_SIZE)
        n_stored = 0
        for first in range(0, len(X), _BLOCK_SIZE):
            pixels = X[first : first + _BLOCK_SIZE].ravel()
            nonzero = np.flatnonzero(pixels != 0)
            block = slice(n_stored, n_stored + len(nonzero))
            if block.stop > len(self.values):
                self._resize(2 * block.stop)
            pixels.take(nonzero, out=self.values[block], mode="clip")
            column_of.take(nonzero, out=self.columns[block], mode="clip")
            ends = np.arange(self.n_features, len(pixels) + 1, self.n_features)
            self.indptr[first + 1 :][: len(ends)] = n_stored + np.searchsorted(nonzero, ends)
            n_stored += len(nonzero)
        self._resize(n_stored)
        self.n_nonzero = np.diff(self.indptr)  # of each sample

    def _resize(self, capacity: int) -> None:
        for array in (self.values, self.columns):
            array.resize(capacity, refcheck=False)

    def batches(self, indices: torch.Tensor, batch_sizes: list[int]) -> Iterator[SparseBatch]:
        """Yield batches, each a :class:`SparseBatch`.

        Parameters
        ----------
        indices : tensor of int
            The samples of all batches.
        batch_sizes : list of int
            The number of samples in each batch.
        """
        index_dtype, n_features = self.columns.dtype, self.n_features
        samples = indices.numpy().astype(index_dtype)
        indptr = np.zeros(len(samples) + 1, index_dtype)
        self.n_nonzero[samples].cumsum(out=indptr[1:])
        columns, values = np.empty(indptr[-1], index_dtype), np.empty(indptr[-1], self.values.dtype)
        csr_row_index(
            len(samples), samples, self.indptr, self.columns, self.values, columns, values
        )
        values = self.prepare(torch.from_numpy(values)).numpy()
        first = 0
        for n in batch_sizes:
            offsets = indptr[first : first + n + 1]
            batch = slice(offsets[0], offsets[-1])
            csr = offsets - offsets[0], columns[batch], values[batch]
            offsets_csr, indices_csr, values_csr = csr
            offsets_csc = np.empty(n_features + 1, index_dtype)
            indices_csc, values_csc = np.empty_like(indices_csr), np.empty_like(values_csr)
            csr_tocsc(n, n_features, *csr, offsets_csc, indices_csc, values_csc)
            yield SparseBatch(
                EmbeddingBag.from_numpy(indices_csr, offsets_csr, values_csr),
                EmbeddingBag.from_numpy(indices_csc, offsets_csc, values_csc),
            )
            first += n
