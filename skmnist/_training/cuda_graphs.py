"""A step on a GPU, recorded once and replayed: one start instead of thirty.

To start the kernels of a small network's step takes the CPU longer than the GPU takes to run them.
CUDA can record what a step starts, and start all of it at once, on the same memory.
"""

import functools
import warnings

import torch

from .optimizers import has_quick_step
from .schedules import PER_BATCH
from .steps import HandWrittenStep

_DEVICES = ("cuda",)  # those that can record


def can_record(step, device):
    """Return whether all that a step does from batch to batch is done by kernels.

    A learning rate that changes, or dropout's random numbers, would be those of the first batch.
    """
    return (
        device.type in _DEVICES
        and isinstance(step, HandWrittenStep)
        and step.net.recipe.record
        and step.net.recipe.schedule not in PER_BATCH
        and not step.passes.dropout
        and has_quick_step(step.net.optimizer_)
    )


class RecordedStep:
    """A step for the batches of one epoch, called like the step itself.

    The first batch is trained on as ever, which lets the libraries get ready. The next one of the
    same size is recorded, on memory to which the others are then copied. Where recording fails,
    it warns, and the step goes on by itself.

    Parameters
    ----------
    step : HandWrittenStep
    """

    def __init__(self, step):
        self.step = step
        self._memory = None  # of x, targets and perhaps weights
        self._replay = None

    def __call__(self, *batch):
        """Train on ``(x, targets, weights)`` and return ``loss.link`` of the outputs."""
        if self._memory is None:
            self._memory = [None if part is None else torch.empty_like(part) for part in batch]
            return self.step(*batch)
        if batch[0].shape != self._memory[0].shape:
            return self.step(*batch)
        if self._replay is None:
            self._replay = self._record()
        return self._replay(*batch)

    def _record(self):
        """Return a function that trains on a batch by what was recorded."""
        try:
            replay = record(functools.partial(self.step, *self._memory), self._memory[0].device)
        except RuntimeError as error:
            warnings.warn(
                f"The steps of training could not be recorded as a CUDA graph ({error}). They are "
                "taken one by one, which is slower but comes to the same. SKMNIST_CUDA_GRAPHS=0 in "
                "the environment leaves it at that without trying.",
                RuntimeWarning,
                stacklevel=2,
            )
            return self.step

        def train(*batch):
            for mine, part in zip(self._memory, batch, strict=True):
                if part is not None:
                    mine.copy_(part)
            return replay().clone()  # the next batch takes the same memory

        return train


def record(function, device):
    """Return a function that does on the GPU what `function` does, and returns the same memory.

    Raises
    ------
    RuntimeError
        Where `function` does something that can't be recorded.
    """
    graph = torch.cuda.CUDAGraph()
    stream = torch.cuda.Stream(device)
    stream.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(stream):
        # Not torch.cuda.graph: it collects all of Python's garbage first.
        graph.capture_begin(capture_error_mode="thread_local")
        try:
            result = function()
        finally:
            graph.capture_end()
    torch.cuda.current_stream(device).wait_stream(stream)

    def replay():
        graph.replay()
        return result

    return replay
