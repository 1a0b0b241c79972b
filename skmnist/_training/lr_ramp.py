"""skorch callback that changes the learning rate from batch to batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skorch.callbacks import Callback

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Self


class RampFinished(Exception):
    """Ends a training after the last learning rate of an :class:`LrRamp`."""


class LrRamp(Callback):
    """Train each batch with another learning rate, then raise :class:`RampFinished`.

    Parameters
    ----------
    lrs : sequence of float
        The learning rate of each batch.
    on_loss : callable
        Called with the loss of each batch before its weight update. If it returns True, the
        training ends.
    """

    def __init__(self, lrs: Sequence[float], on_loss: Callable[[float], bool]) -> None:
        self.lrs = lrs
        self.on_loss = on_loss
        self.n_done = 0

    def __deepcopy__(self, memo: Any) -> Self:
        return self  # a net trains with copies of its callbacks

    def on_batch_begin(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        """Set the learning rate."""
        if training:
            for group in net.optimizer_.param_groups:
                group["lr"] = self.lrs[self.n_done]

    def on_batch_end(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        """Report the loss; end the training after the last batch."""
        if training:
            self.n_done += 1
            if self.on_loss(float(kwargs["loss"])) or self.n_done == len(self.lrs):
                raise RampFinished
