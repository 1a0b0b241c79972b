"""The rows of a data set as batches on the device, without collating them one by one.

Pixels stay in the type in which they came (a byte each, for most pictures) until they are on the
device. What can be done for many batches at once is done for a chunk of them, so that the cost of
a call vanishes. Pixels in the CPU's own memory are an exception: taken batch by batch, they are
still in its cache when they are multiplied.
"""

import functools

import torch
from skorch.dataset import Dataset

from skmnist._networks.losses import one_hot
from skmnist._networks.sparse_input import SparsePixels, count_nonzero, is_faster

_CHUNK_ROWS = 4096  # where pixels are taken batch by batch
_CHUNK_BYTES = 2 * 2**20  # read from a file: stays in a core's share of the cache
_CHUNK_BYTES_GPU = 256 * 2**20
_SAMPLE_ROWS = 1000  # they tell which share of the pixels isn't blank
_SPARSE_BYTES = 2**29  # the most that those pixels may take a second time


def prepare(pixels, scale, dtype, device, out=None):
    """Return pixels as the network takes them; on the way to the device they are still bytes.

    `out` is memory to put them in.
    """
    x = pixels.to(device)
    x = x.to(dtype) if out is None else out.copy_(x)
    if scale == 1:
        return x
    return x / scale if x is pixels else x.div_(scale)


class Images(Dataset):
    """Pictures and their classes, prepared once for all epochs.

    Parameters
    ----------
    X : ndarray of shape (n, n_features), C-contiguous
        uint8, float32 or float64. A read-only array (a memory map, which may be larger than the
        memory) is read chunk by chunk.
    codes : int64 ndarray of shape (n,)
        Class numbers from 0.
    n_outputs : int
    weights : ndarray of shape (n,), default=None
        Of each row in the loss.
    rows : int64 ndarray, default=None
        The rows of `X` to use, in this order; a row may come several times. None: all.
    shape : tuple
        Of one picture, as the module wants it.
    scale : float
        What pixels are divided by.
    dtype : torch.dtype
    device : torch.device
    """

    def __init__(
        self, X, codes, n_outputs, *, weights=None, rows=None, shape, scale, dtype, device
    ):
        self.array = X
        self.codes = codes
        self.n_outputs = n_outputs
        self.shape = shape
        self.scale = scale
        self.dtype = dtype
        self.device = device
        self.rows = torch.arange(len(X)) if rows is None else torch.from_numpy(rows)
        self._codes = torch.from_numpy(codes).to(device)
        self._weights = None if weights is None else torch.from_numpy(weights).to(device, dtype)
        self._pixels = torch.from_numpy(X) if X.flags.writeable else None
        if self._pixels is not None and self._fits():
            self._pixels = self._pixels.to(device)

    @property
    def X(self):
        """What skorch's callbacks take out and hand to ``net.predict``: the whole of it."""
        return self

    @property
    def y(self):
        """Class numbers, in the order of the rows."""
        return self.codes[self.rows.numpy()]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        row = self.rows[[i]]
        return self.pictures(row)[0], self._codes[row][0]

    def class_shares(self):
        """Return the share of each class in the rows, weighted."""
        rows = self.rows.to(self.device)
        weights = None if self._weights is None else self._weights.index_select(0, rows)
        codes = self._codes.index_select(0, rows)
        totals = torch.bincount(codes, weights, minlength=self.n_outputs).double()
        return (totals / totals.sum()).cpu()

    def _fits(self):
        """Whether the pixels take no more than half of what is free on a GPU."""
        if self.device.type != "cuda":
            return True
        return self.array.nbytes < torch.cuda.mem_get_info(self.device)[0] / 2

    @property
    def at_hand(self):
        """Whether the pixels lie in the memory of the CPU that trains."""
        return self._pixels is not None and self.device.type == "cpu"

    @property
    def chunk_rows(self):
        """How many rows make a chunk."""
        if self.at_hand:
            return _CHUNK_ROWS
        n_bytes = _CHUNK_BYTES if self.device.type == "cpu" else _CHUNK_BYTES_GPU
        return max(1, n_bytes // (self.array.shape[1] * self.dtype.itemsize))

    def sparse_pays(self, n_units, batch_size):
        """Return whether a layer of `n_units` is to take batches as a :class:`SparseBatch`."""
        if self.device.type != "cpu" or self.dtype != torch.float32:
            return False
        n_bytes = self._share_nonzero * self.array.size * (self.array.itemsize + 4)
        return n_bytes <= _SPARSE_BYTES and is_faster(
            self._share_nonzero, n_units, batch_size * self.array.shape[1]
        )

    @functools.cached_property
    def _share_nonzero(self):
        rows = self.rows[:: len(self.rows) // _SAMPLE_ROWS + 1]
        sample = self.array[rows.numpy()]
        return count_nonzero(sample) / sample.size

    @functools.cached_property
    def sparse_pixels(self):
        """The pixels that aren't blank, looked for when first asked for."""
        prepared = functools.partial(
            prepare, scale=self.scale, dtype=self.dtype, device=self.device
        )
        return SparsePixels(self.array, prepared)

    def new_memory(self, n_rows):
        """Return memory for the pixels of `n_rows` rows, for :meth:`pictures`."""
        return torch.empty(n_rows, self.array.shape[1], dtype=self.dtype, device=self.device)

    def pictures(self, rows, out=None):
        """Return some rows as the network takes them, on the device.

        `out` is memory for the pixels, at least as many rows.
        """
        out = None if out is None else out[: len(rows)]
        if self._pixels is None:
            # In the order in which they lie in the file.
            order = rows.argsort()
            pixels = torch.from_numpy(self.array[rows[order].numpy()])[order.argsort()]
        else:
            pixels = self._pixels.index_select(0, rows.to(self._pixels.device))
        x = prepare(pixels, self.scale, self.dtype, self.device, out)
        return x.view(-1, *self.shape)

    def batches(self, rows, sizes, memory):
        """Yield the :meth:`pictures` of batches; each may take the place of the one before."""
        if not self.at_hand:
            yield from self.pictures(rows, memory).split(sizes)
            return
        pixels = self._pixels
        as_wanted = pixels.dtype == self.dtype and self.scale == 1
        x = memory[:0]
        for part in rows.split(sizes):
            if part.size(0) != x.size(0):
                x = memory[: part.size(0)]
                shaped = x.view(-1, *self.shape)
            if as_wanted:
                torch.index_select(pixels, 0, part, out=x)
            else:
                prepare(pixels.index_select(0, part), self.scale, self.dtype, self.device, x)
            yield shaped

    def wanted(self, rows):
        """Return the wanted outputs for some rows, and their weights or None, on the device."""
        rows = rows.to(self.device)
        targets = one_hot(self._codes.index_select(0, rows), self.n_outputs, self.dtype)
        return targets, None if self._weights is None else self._weights.index_select(0, rows)


class Chunk:
    """Some batches in a row: gives them one by one, as ``(x, targets, weights)``.

    The memory of `x` is used again for a later batch; the weights may be None.

    Parameters
    ----------
    batches : iterable
        The pictures.
    targets, weights : tensors
        Those of all rows; the weights may be None.
    sizes : list of int
        How many of the rows are in each batch.
    """

    def __init__(self, batches, targets, weights, sizes):
        self.batches = batches
        self.targets = targets
        self.weights = weights
        self.sizes = sizes

    def __iter__(self):
        sizes, weights = self.sizes, self.weights
        weights = [None] * len(sizes) if weights is None else weights.split(sizes)
        return zip(self.batches, self.targets.split(sizes), weights, strict=True)


class Batches:
    """Batches of an :class:`Images`: what skorch calls an iterator.

    Parameters
    ----------
    images : Images
    batch_size : int
    generator : torch.Generator, default=None
        Draws a new order for each pass; None keeps the order of the rows.
    sparse : bool
        Whether each batch is to be a :class:`SparseBatch`.
    """

    def __init__(self, images, batch_size, generator=None, sparse=False):
        self.images = images
        self.batch_size = batch_size
        self.generator = generator
        self.sparse = sparse

    def __len__(self):
        return len(self.sizes())

    def sizes(self):
        """Return the number of rows in each batch.

        A last batch of a single row joins the one before it: batch normalisation can't train on
        one row.
        """
        full, rest = divmod(len(self.images), self.batch_size)
        sizes = [self.batch_size] * full
        if rest == 1 and full:
            sizes[-1] += 1
        elif rest:
            sizes.append(rest)
        return sizes

    def chunks(self):
        """Yield one :class:`Chunk` after the other."""
        images = self.images
        rows = images.rows
        if self.generator is not None:
            rows = rows[torch.randperm(len(rows), generator=self.generator)]
        sizes = self.sizes()
        n_batches = max(1, images.chunk_rows // self.batch_size)
        groups = [sizes[i : i + n_batches] for i in range(0, len(sizes), n_batches)]
        n_rows = [sum(group) for group in groups]
        if self.sparse:
            batches = images.sparse_pixels.batches
        else:
            memory = images.new_memory(max(sizes if images.at_hand else n_rows))
            batches = functools.partial(images.batches, memory=memory)
        for group, part in zip(groups, rows.split(n_rows), strict=True):
            yield Chunk(batches(part, group), *images.wanted(part), group)

    def __iter__(self):
        """Yield ``(x, class numbers)``, as callbacks expect it."""
        for chunk in self.chunks():
            for x, targets, _ in chunk:
                yield x.clone(), targets.argmax(1)
