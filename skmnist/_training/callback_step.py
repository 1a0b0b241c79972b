"""A training step that notifies skorch's callbacks of each batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skmnist._networks.losses import batch_means

if TYPE_CHECKING:
    import torch

    from .net import Net
    from .steps import AutogradStep, ManualBackwardStep


class CallbackStep:
    """A step with the notifications that skorch sends before and after it.

    It is called like the step itself.

    Parameters
    ----------
    net : Net
    step : AutogradStep or ManualBackwardStep
    """

    def __init__(self, net: Net, step: AutogradStep | ManualBackwardStep) -> None:
        self.net = net
        self.step = step

    def __call__(self, x: Any, targets: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
        """Train on a batch and return ``loss.link`` of the outputs."""
        net = self.net
        # A copy, because a callback may keep it: the next chunk reuses the memory.
        batch = (x.to_dense().clone(), targets.argmax(1))
        net.notify("on_batch_begin", batch=batch, training=True)
        predictions = self.step(x, targets, weights, batch)
        losses, _ = batch_means(net.config.loss, predictions, targets, weights, [len(predictions)])
        net.report_batch("train", batch, losses[0], predictions)
        return predictions
