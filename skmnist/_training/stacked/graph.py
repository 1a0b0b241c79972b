"""Replay the step of several networks as a CUDA graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from skmnist._training import cuda_graphs

if TYPE_CHECKING:
    from collections.abc import Callable

    from .step import StackedStep


class StackedGraph:
    """A step for the batches of an epoch, called like the step itself.

    The first batch is trained on without a graph, which initializes the libraries and the
    optimizers. The next one is captured on static memory, to which it and the others are copied.
    A batch of another size is trained on without the graph.

    Parameters
    ----------
    step : StackedStep
    """

    def __init__(self, step: StackedStep) -> None:
        self.step = step
        self._static: Any = []  # x, targets and perhaps weights
        self._replay: Callable[[], None] | None = None
        self._has_failed = False

    def __call__(
        self, x: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None
    ) -> torch.Tensor:
        """Train on a batch of each net and return ``loss.link`` of the outputs."""
        batch: Any = [x, targets, weights]
        if self._replay is None and self.step.can_be_captured and not self._has_failed:
            self._capture(batch)
        if self._replay is None or self._static[0].shape != x.shape:
            return self.step(*batch)
        self._load(batch)
        self._replay()
        return self._predictions.clone()  # the next replay overwrites them

    def _load(self, batch: list[torch.Tensor | None]) -> None:
        for static, tensor in zip(self._static, batch, strict=True):
            if static is not None and tensor is not None:
                # What all members have in common is in memory once.
                n = 1 if static.stride(0) == 0 else len(static)
                static[:n].copy_(tensor[:n])

    def _capture(self, batch: list[torch.Tensor | None]) -> None:
        """Capture the step of a batch; warn if that fails."""
        self._static = [None if tensor is None else _allocate(tensor) for tensor in batch]
        self._load(batch)
        self._predictions = torch.empty_like(self._static[1])

        def train() -> None:
            self._predictions.copy_(self.step(*self._static))

        try:
            self._replay = cuda_graphs.capture(train, self.step.device, ())
        except RuntimeError as error:
            cuda_graphs.warn_not_captured(error)
            self._has_failed = True


def _allocate(tensor: torch.Tensor) -> torch.Tensor:
    """Return static memory for a tensor, for one member if all have the same."""
    if tensor.stride(0) != 0:
        return torch.empty_like(tensor, memory_format=torch.contiguous_format)
    one = torch.empty_like(tensor[:1], memory_format=torch.contiguous_format)
    return one.expand_as(tensor)
