"""Capture a training step on a GPU as a CUDA graph and replay it: one launch instead of a hundred.

The CPU needs longer to launch the kernels of a small network's step than the GPU to run them. CUDA
can capture the kernels that a step launches, and launch all of them at once, on the same memory.
Whatever changes from batch to batch must therefore be in memory of the GPU.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import threading
import warnings
from typing import TYPE_CHECKING

import torch

from skmnist._utils.device import copy_to_device
from skmnist._utils.random_state import derive_seed

from .augment import make_augmentation
from .batches import BatchIterator
from .device_failure import is_device_failure
from .fast_step import has_fast_step, is_standard
from .fingerprint import fingerprint
from .memory import is_out_of_memory
from .optimizers import GradientDescent
from .schedules import PER_BATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .batches import BatchChunk
    from .image_dataset import ImageDataset
    from .net import Net

_DEVICES = ("cuda",)  # device types that can capture
_RANDOM_PURPOSES = ("dropout", "augment")

_lock = threading.Lock()  # torch allows one capture at a time in a process
_MAX_CACHED = 2**30  # bytes that earlier fits may keep


def can_capture_stack(net: Net, dataset: ImageDataset) -> bool:
    """Return whether the step of a stack with this net may be captured."""
    return dataset.device.type in _DEVICES and net.config.cuda_graphs


def can_capture(net: Net, dataset: ImageDataset) -> bool:
    """Return whether kernels do all that a training step does from batch to batch.

    A custom module or augmentation may do more, and a batch callback does. Of the optimizers, those
    with a fast step do all with kernels. Gradient descent reads its learning rate from the CPU.
    """
    config = net.config
    return (
        dataset.device.type in _DEVICES
        and config.cuda_graphs
        and not config.custom_module
        and not callable(config.augment)
        and not net.has_batch_callbacks()
        and has_fast_step(net.optimizer_)
        and not (_reads_lr_from_cpu(net) and config.lr_schedule in PER_BATCH)
    )


def _reads_lr_from_cpu(net: Net) -> bool:
    return isinstance(net.optimizer_, GradientDescent)


class GraphTrainer:
    """Trains on the batches of each epoch by replaying the captured step of one batch.

    The samples, learning rates and predictions of a chunk are in static memory. So is the number
    of the next batch, which the step itself increases: a replay needs nothing from the CPU.

    The first batch is trained on without a graph, which initializes the libraries and the
    optimizer, and the next one is captured. The graph is kept over the epochs. If the capture
    fails, it warns, and the step runs without a graph, as it does for a batch of another size.

    Parameters
    ----------
    net : Net
    dataset : ImageDataset
        The training set.
    """

    def __init__(self, net: Net, dataset: ImageDataset) -> None:
        self.net = net
        self.dataset = dataset
        self._allocate()
        self._generators = {name: torch.Generator(dataset.device) for name in _RANDOM_PURPOSES}
        self._make_step()
        self._replay: Callable[[], None] | None = None

    def _make_step(self) -> None:
        """Make the step and the augmentation, which draw from the generators."""
        net, get_generator = self.net, self._generators.__getitem__
        self._step = net.make_step(self.dataset, 0, get_generator)
        self._step.lr = self._lr[0]
        self._augment = make_augmentation(net.config, get_generator)

    def _allocate(self) -> None:
        """Allocate the static memory for the largest chunk."""
        dataset, batch_size, device = self.dataset, self.net.batch_size, self.dataset.device
        chunks = BatchIterator(dataset, batch_size).chunk_batch_sizes()
        self._inputs = dataset.allocate(max(map(sum, chunks)))
        n_batches = max(sizes.count(batch_size) for sizes in chunks)

        def allocate(*shape: int) -> torch.Tensor:
            return torch.empty(n_batches, batch_size, *shape, dtype=dataset.dtype, device=device)

        x = self._inputs[: n_batches * batch_size]
        self._x = x.view(n_batches, batch_size, *dataset.shape)
        self._targets, self._predictions = (allocate(dataset.n_outputs) for _ in range(2))
        self._weights = None if dataset.sample_weight is None else allocate()
        # A kernel of CUDA reads a float32; the one for the CPU reads any type.
        lr_dtype = torch.float32 if device.type == "cuda" else torch.float64
        self._lrs = torch.empty(n_batches, dtype=lr_dtype, device=device)
        self._lr = torch.empty(1, dtype=lr_dtype, device=device)
        self._number = torch.zeros(1, dtype=torch.int64, device=device)

    @property
    def is_reusable(self) -> bool:
        """Whether it can train the next epoch, too; a callback may have changed the network."""
        net = self.net
        if _reads_lr_from_cpu(net) and (net.config.lr_schedule is not None or net.callbacks_):
            return False  # the learning rate, which is part of the graph, may have changed
        return not net.callbacks_ or self._fingerprint == fingerprint(net)

    @contextlib.contextmanager
    def epoch(self, epoch: int) -> Iterator[None]:
        """Prepare for the batches of an epoch, all of which must be in this context."""
        for purpose, generator in self._generators.items():
            generator.manual_seed(derive_seed(self.net.config.seed, purpose, epoch))
        with self._step.context():
            yield
        self._fingerprint = fingerprint(self.net)

    def batches(self, order: torch.Generator | None) -> BatchIterator:
        """Return the batches of an epoch, in an order that the generator draws."""
        return BatchIterator(self.dataset, self.net.batch_size, order, buffer=self._inputs)

    def train(self, chunk: BatchChunk, lrs: Iterator[float | None]) -> torch.Tensor:
        """Train on the batches of a chunk and return ``loss.link`` of their outputs.

        `lrs` are the learning rates of the next batches; None keeps the optimizer's.
        """
        net, batch_size = self.net, self.net.batch_size
        groups = net.optimizer_.param_groups
        chunk_lrs = [
            groups[0]["lr"] if lr is None else lr
            for lr in itertools.islice(lrs, len(chunk.batch_sizes))
        ]
        n_full = chunk.batch_sizes.count(batch_size)
        self._load(chunk, chunk_lrs[:n_full])
        predictions = [self._predictions[:n_full].flatten(0, 1)]
        for size, lr in zip(chunk.batch_sizes, chunk_lrs, strict=True):
            for group in groups:
                group["lr"] = lr
            if size == batch_size:
                if self._replay is None and self._step.has_updated:
                    self._replay = self._capture()
                (self._replay or self._train_next)()
            else:
                self._lr.fill_(lr)
                predictions.append(self._train_last(chunk, size))
            if net.average_ is not None:
                net.average_.update(net.module_)
        return torch.cat(predictions)

    def _train_last(self, chunk: BatchChunk, size: int) -> torch.Tensor:
        """Train on the last batch, of another size, and return ``loss.link`` of its outputs."""
        *_, x = chunk.inputs
        x = x if self._augment is None else self._augment(x)
        weights = None if chunk.weights is None else chunk.weights[-size:]
        return self._step(x, chunk.targets[-size:], weights)

    def _load(self, chunk: BatchChunk, lrs: list[float]) -> None:
        """Copy the targets, weights and learning rates of the full batches to static memory."""
        for static, tensor in ((self._targets, chunk.targets), (self._weights, chunk.weights)):
            if static is not None and tensor is not None:
                full = tensor[: len(lrs) * self.net.batch_size]
                static[: len(lrs)].copy_(full.view(len(lrs), *static.shape[1:]))
        lr_table = torch.tensor(lrs, dtype=self._lrs.dtype)
        self._lrs[: len(lrs)].copy_(copy_to_device(lr_table, self._lrs.device))
        if lrs:
            self._lr.copy_(self._lrs[:1])
        self._number.zero_()

    def _train_next(self) -> None:
        """Train on the batch whose number is in static memory."""
        number = self._number
        x, targets = (tensor.index_select(0, number)[0] for tensor in (self._x, self._targets))
        weights = None if self._weights is None else self._weights.index_select(0, number)[0]
        if self.net.config.lr_schedule in PER_BATCH:  # otherwise all are the same
            torch.index_select(self._lrs, 0, number, out=self._lr)
        x = x if self._augment is None else self._augment(x)
        predicted = self._step(x, targets, weights)
        self._predictions.index_copy_(0, number, predicted[None])
        number.add_(1)

    def _capture(self) -> Callable[[], None]:
        """Return a function that does what `_train_next` does."""
        if not is_standard(self.net.optimizer_):
            return self._train_next
        states = {name: g.get_state() for name, g in self._generators.items()}
        try:
            return capture(self._train_next, self.dataset.device, self._generators.values())
        except RuntimeError as error:
            warn_not_captured(error)
            # Those of the capture can't be used outside of it, if it did not end properly.
            for name, state in states.items():
                self._generators[name] = torch.Generator(self.dataset.device).set_state(state)
            self._make_step()
            return self._train_next


def warn_not_captured(error: RuntimeError) -> None:
    """Warn that a step could not be captured, or raise the error if the device failed."""
    if is_out_of_memory(error) or is_device_failure(error):
        raise error
    warnings.warn(
        f"The training step could not be captured as a CUDA graph ({error}). Training continues "
        "without CUDA graphs, which is slower but gives the same result. Set the environment "
        "variable SKMNIST_CUDA_GRAPHS=0 to disable CUDA graphs.",
        RuntimeWarning,
        stacklevel=3,
    )


@functools.cache
def _capture_stream(device: torch.device, thread: int) -> torch.cuda.Stream:
    # One for all captures of a thread, because cuBLAS keeps a workspace for each stream.
    return torch.cuda.Stream(device)


def _release_memory(device: torch.device) -> None:
    """Return the memory of earlier graphs to the device, if it is much; no other graph can use it.

    Otherwise each fit of a search would take more memory, of which other processes have less.
    """
    cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    if cached > _MAX_CACHED:
        torch.cuda.empty_cache()


def capture(
    function: Callable[[], None], device: torch.device, generators: Iterable[torch.Generator]
) -> Callable[[], None]:
    """Return a function that replays the kernels of `function` on the same memory.

    Each replay continues the random numbers of the generators, as another call would.

    Raises
    ------
    RuntimeError
        If `function` does something that can't be captured.
    """
    graph = torch.cuda.CUDAGraph()
    stream = _capture_stream(device, threading.get_ident())
    stream.wait_stream(torch.cuda.current_stream(device))
    # The stream's device is the current one inside, on which the generators allocate their states.
    with _lock, torch.cuda.stream(stream):
        _release_memory(device)
        for generator in generators:
            graph.register_generator_state(generator)
        # Not torch.cuda.graph, which waits for the device first.
        graph.capture_begin(capture_error_mode="thread_local")
        try:
            function()
        except BaseException:
            with contextlib.suppress(RuntimeError):  # the first error says what can't be captured
                graph.capture_end()
            raise
        graph.capture_end()
    torch.cuda.current_stream(device).wait_stream(stream)
    return graph.replay
