"""Images and their labels, converted to network inputs batch by batch or chunk by chunk.

Pixels keep their dtype (mostly uint8) until they are on the device.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import torch
from skorch.dataset import Dataset

from skmnist._networks.losses import one_hot, smooth_labels
from skmnist._networks.sparse_input import SparsePixels, count_nonzero, is_faster
from skmnist._utils.device import copy_to_device

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK_SIZE = 4096  # samples, if pixels are taken batch by batch
_CHUNK_BYTES = 2 * 2**20  # read from a file: stays in a core's share of the cache
_CHUNK_BYTES_GPU = 256 * 2**20
_DENSITY_SAMPLES = 1000  # enough to estimate the fraction of nonzero pixels
_MAX_SPARSE_BYTES = 2**29  # the most memory that a sparse copy of the pixels may take


def prepare_inputs(
    pixels: torch.Tensor,
    scale: float,
    dtype: torch.dtype,
    device: torch.device,
    out: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return pixels as network inputs; they are converted after the transfer to the device.

    `out` is a buffer for the result.
    """
    x = pixels.to(device)
    x = x.to(dtype) if out is None else out.copy_(x)
    if scale == 1:
        return x
    return x / scale if x is pixels else x.div_(scale)


class ImageDataset(Dataset):
    """Images and their labels, prepared once for all epochs.

    Parameters
    ----------
    X : ndarray of shape (n, n_features), C-contiguous
        uint8, float32 or float64. A read-only array (a memory map, which may be larger than the
        memory) is read chunk by chunk.
    labels : int64 ndarray of shape (n,)
        Encoded classes, from 0.
    n_outputs : int
    sample_weight : ndarray of shape (n,), default=None
        Weight of each sample in the loss.
    indices : int64 ndarray, default=None
        The samples of `X` to use, in this order; an index may occur several times. None: all.
    shape : tuple
        Of one network input.
    scale : float
        Pixels are divided by it.
    label_smoothing : float, default=0.0
        Share of each target that is spread over all classes.
    dtype : torch.dtype
    device : torch.device
    """

    def __init__(
        self,
        X: np.ndarray,
        labels: np.ndarray,
        n_outputs: int,
        *,
        sample_weight: np.ndarray | None = None,
        indices: np.ndarray | None = None,
        shape: tuple[int, ...],
        scale: float,
        label_smoothing: float = 0.0,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        self.array = X
        self.labels = labels
        self.n_outputs = n_outputs
        self.shape = shape
        self.scale = scale
        self.label_smoothing = label_smoothing
        self.dtype = dtype
        self.device = device
        self.indices = torch.arange(len(X)) if indices is None else torch.from_numpy(indices)
        self.sample_weight: torch.Tensor | None = None
        if sample_weight is not None:
            # A copy: the array of a pandas Series is read-only.
            self.sample_weight = torch.tensor(sample_weight, device=device, dtype=dtype)
        self._labels = torch.from_numpy(labels).to(device)
        self._pixels = torch.from_numpy(X) if X.flags.writeable else None
        self._pixels_of: ImageDataset | None = None  # whose memory it uses
        if self._pixels is not None and self._fits_on_device():
            self._pixels = self._pixels.to(device)

    @property
    def X(self) -> ImageDataset:
        """The whole dataset, which skorch's callbacks pass to ``net.predict``."""
        return self

    @property
    def y(self) -> np.ndarray:
        """Encoded labels of the samples, in their order."""
        return self.labels[self.indices.numpy()]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor]:
        index = self.indices[[i]]
        return self.inputs(index)[0], self._labels[index][0]

    def class_frequencies(self) -> torch.Tensor:
        """Return the weighted mean of the targets: the fraction of samples in each class."""
        weights = self.sample_weight
        # On the CPU: on a GPU, the order of such sums differs from call to call.
        weights = None if weights is None else weights.cpu().index_select(0, self.indices)
        labels = torch.from_numpy(self.labels).index_select(0, self.indices)
        totals = torch.bincount(labels, weights, minlength=self.n_outputs).double()
        return smooth_labels(totals / totals.sum(), self.label_smoothing)

    def evenly_spaced(self, max_samples: int) -> torch.Tensor:
        """Return the indices of at most `max_samples` samples, evenly spaced in their order."""
        return self.indices[:: -(-len(self) // max_samples)]

    def _fits_on_device(self) -> bool:
        """Whether the pixels take at most half of a GPU's free memory."""
        if self.device.type != "cuda":
            return True
        return self.array.nbytes < torch.cuda.mem_get_info(self.device)[0] / 2

    @property
    def in_host_memory(self) -> bool:
        """Whether the pixels are in the memory of the CPU that trains."""
        return self._pixels is not None and self.device.type == "cpu"

    @property
    def chunk_size(self) -> int:
        """Number of samples in a chunk."""
        if self.in_host_memory:
            return _CHUNK_SIZE
        n_bytes = _CHUNK_BYTES if self.device.type == "cpu" else _CHUNK_BYTES_GPU
        return max(1, n_bytes // (self.array.shape[1] * self.dtype.itemsize))

    def use_sparse(self, n_units: int, batch_size: int) -> bool:
        """Return whether a first layer of `n_units` units is faster with sparse batches."""
        if self.device.type != "cpu" or self.dtype != torch.float32:
            return False
        n_bytes = self._density * self.array.size * (self.array.itemsize + 4)
        return n_bytes <= _MAX_SPARSE_BYTES and is_faster(
            self._density, n_units, batch_size * self.array.shape[1]
        )

    @functools.cached_property
    def _density(self) -> float:
        """Fraction of nonzero pixels, estimated on some of the samples."""
        indices = self.indices[:: len(self.indices) // _DENSITY_SAMPLES + 1]
        pixels = self.array[indices.numpy()]
        return count_nonzero(pixels) / pixels.size

    @functools.cached_property
    def sparse_pixels(self) -> SparsePixels:
        """The nonzero pixels, found at the first use."""
        if self._pixels_of is not None:
            return self._pixels_of.sparse_pixels
        prepare = functools.partial(
            prepare_inputs, scale=self.scale, dtype=self.dtype, device=self.device
        )
        return SparsePixels(self.array, prepare)

    def share_pixels(self, other: ImageDataset) -> bool:
        """Use the memory of `other` if it has the same pixels; return whether it has."""
        if other is self:
            return True
        mine, theirs = self.array, other.array
        settings = [(d.scale, d.dtype, d.device, d.array.dtype) for d in (self, other)]
        if settings[0] != settings[1] or mine.shape != theirs.shape:
            return False
        is_same_memory = mine.ctypes.data == theirs.ctypes.data and mine.strides == theirs.strides
        if not is_same_memory and not np.array_equal(mine, theirs):
            return False
        self.array, self._pixels, self._pixels_of = theirs, other._pixels, other
        return True

    def equals(self, other: ImageDataset) -> bool:
        """Return whether the other has the same samples in the same order.

        Their pixels must have been shared.
        """
        if self.label_smoothing != other.label_smoothing or self.array is not other.array:
            return False
        pairs = [
            (self.indices, other.indices),
            (self._labels, other._labels),
            (self.sample_weight, other.sample_weight),
        ]
        return all(
            a is b or (a is not None and b is not None and torch.equal(a, b)) for a, b in pairs
        )

    def allocate(self, n_samples: int) -> torch.Tensor:
        """Return a buffer for :meth:`inputs`."""
        return torch.empty(n_samples, self.array.shape[1], dtype=self.dtype, device=self.device)

    def inputs(self, indices: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor:
        """Return some samples as network inputs, on the device.

        `out` is a buffer for at least as many samples.
        """
        out = None if out is None else out[: len(indices)]
        if self._pixels is None:
            # Read them in the order of the file.
            order = indices.argsort()
            pixels = torch.from_numpy(self.array[indices[order].numpy()])[order.argsort()]
        else:
            pixels = self._pixels.index_select(0, copy_to_device(indices, self._pixels.device))
        x = prepare_inputs(pixels, self.scale, self.dtype, self.device, out)
        return x.view(-1, *self.shape)

    def batches(
        self, indices: torch.Tensor, batch_sizes: list[int], buffer: torch.Tensor
    ) -> Iterator[torch.Tensor]:
        """Yield the :meth:`inputs` of each batch; a batch may overwrite the one before it."""
        pixels = self._pixels
        if pixels is None or not self.in_host_memory:
            yield from self.inputs(indices, buffer).split(batch_sizes)
            return
        is_prepared = pixels.dtype == self.dtype and self.scale == 1
        x = buffer[:0]
        for batch_indices in indices.split(batch_sizes):
            if batch_indices.size(0) != x.size(0):
                x = buffer[: batch_indices.size(0)]
                shaped = x.view(-1, *self.shape)
            if is_prepared:
                torch.index_select(pixels, 0, batch_indices, out=x)
            else:
                # No name for the pixels, so that the next batch reuses their memory.
                prepare_inputs(
                    pixels.index_select(0, batch_indices), self.scale, self.dtype, self.device, x
                )
            yield shaped

    def targets(self, indices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the targets of some samples, and their weights or None, on the device.

        The targets are one-hot, or close to it with label smoothing.
        """
        indices = copy_to_device(indices, self.device)
        targets = one_hot(self._labels.index_select(0, indices), self.n_outputs, self.dtype)
        targets = smooth_labels(targets, self.label_smoothing)
        weights = self.sample_weight
        return targets, None if weights is None else weights.index_select(0, indices)
