"""Capture a training step on a GPU as a CUDA graph and replay it: one launch instead of thirty.

The CPU needs longer to launch the kernels of a small network's step than the GPU to run them. CUDA
can capture the kernels that a step launches, and launch all of them at once, on the same memory.
"""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING, Any

import torch

from .fast_step import has_fast_step
from .schedules import PER_BATCH
from .steps import ManualBackwardStep

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeGuard

    from .steps import AutogradStep

_DEVICES = ("cuda",)  # device types that can capture


def can_capture(
    step: AutogradStep | ManualBackwardStep, device: torch.device
) -> TypeGuard[ManualBackwardStep]:
    """Return whether kernels do all that a step does from batch to batch.

    A replay would repeat the learning rate and the dropout mask of the captured batch.
    """
    return (
        device.type in _DEVICES
        and isinstance(step, ManualBackwardStep)
        and step.net.config.cuda_graphs
        and step.net.config.lr_schedule not in PER_BATCH
        and not step.manual_mlp.dropout
        and has_fast_step(step.net.optimizer_)
    )


class CudaGraphStep:
    """A step for the batches of one epoch, called like the step itself.

    The first batch is trained on without a graph, which initializes the libraries. The next batch
    of the same size is captured, with static inputs to which the other batches are then copied.
    If the capture fails, it warns, and the step is used without a graph.

    Parameters
    ----------
    step : ManualBackwardStep
    """

    def __init__(self, step: ManualBackwardStep) -> None:
        self.step = step
        self._static_inputs: list[Any] | None = None  # x, targets and perhaps weights
        self._replay: Callable[..., torch.Tensor] | None = None

    def __call__(
        self, x: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None
    ) -> torch.Tensor:
        """Train on a batch and return ``loss.link`` of the outputs."""
        batch = (x, targets, weights)
        if self._static_inputs is None:
            self._static_inputs = [None if t is None else torch.empty_like(t) for t in batch]
            return self.step(*batch)
        if x.shape != self._static_inputs[0].shape:
            return self.step(*batch)
        if self._replay is None:
            self._replay = self._capture(self._static_inputs, x.device)
        return self._replay(*batch)

    def _capture(
        self, static_inputs: list[Any], device: torch.device
    ) -> Callable[..., torch.Tensor]:
        """Return a function that trains on a batch by replaying the captured step."""
        try:
            replay = capture(functools.partial(self.step, *static_inputs), device)
        except RuntimeError as error:
            warnings.warn(
                f"The training step could not be captured as a CUDA graph ({error}). Training "
                "continues without CUDA graphs, which is slower but gives the same result. Set the "
                "environment variable SKMNIST_CUDA_GRAPHS=0 to disable CUDA graphs.",
                RuntimeWarning,
                stacklevel=2,
            )
            return self.step

        def train(*batch: torch.Tensor | None) -> torch.Tensor:
            for static, tensor in zip(static_inputs, batch, strict=True):
                if tensor is not None:
                    static.copy_(tensor)
            return replay().clone()  # the next replay overwrites the result

        return train


def capture(
    function: Callable[[], torch.Tensor], device: torch.device
) -> Callable[[], torch.Tensor]:
    """Return a function that replays the kernels of `function` and returns the same memory.

    Raises
    ------
    RuntimeError
        If `function` does something that can't be captured.
    """
    graph = torch.cuda.CUDAGraph()
    stream = torch.cuda.Stream(device)
    stream.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(stream):
        # Not torch.cuda.graph, which runs Python's garbage collector first.
        graph.capture_begin(capture_error_mode="thread_local")
        try:
            result = function()
        finally:
            graph.capture_end()
    torch.cuda.current_stream(device).wait_stream(stream)

    def replay() -> torch.Tensor:
        graph.replay()
        return result

    return replay
