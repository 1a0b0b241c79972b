"""Progress bar and loss messages during training."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import torch
from skorch.callbacks import Callback, PrintLog
from tqdm import TqdmWarning
from tqdm.notebook import tqdm_notebook

with warnings.catch_warnings():
    # A notebook without ipywidgets shows a bar of text: no need to warn whoever imports this.
    warnings.simplefilter("ignore", TqdmWarning)
    from tqdm.auto import tqdm

_SHORT_NAMES = {"train_loss": "loss", "valid_loss": "val_loss", "valid_acc": "val_acc"}
_PRINT_EVERY = 100  # batches


class EpochProgressBar(Callback):
    """Show a bar that advances by one each epoch, with the last losses beside it."""

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Open the bar."""
        # In a file each update is a line of its own, so update less often there.
        is_interactive = sys.stderr.isatty() or issubclass(tqdm, tqdm_notebook)
        interval = 0.1 if is_interactive else 10
        self.bar_ = tqdm(total=net.max_epochs, unit="epoch", mininterval=interval)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Advance the bar."""
        epoch = net.history[-1]
        values = {new: f"{epoch[old]:.3f}" for old, new in _SHORT_NAMES.items() if old in epoch}
        self.bar_.set_postfix(values, refresh=False)
        self.bar_.update()

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Close the bar."""
        self.close()

    def close(self) -> None:
        """Close the bar where it is, as full, even if training stopped early."""
        if self.bar_ is not None:
            self.bar_.total = self.bar_.n
            self.bar_.close()
            self.bar_ = None


class PrintEpochLine(PrintLog):
    """Print a line after each epoch that repeats the names of the values.

    skorch's table has its header before the first epoch's line, which would be after the first
    lines of the batches.
    """

    def initialize(self) -> PrintEpochLine:
        """Prepare for training, without a header."""
        super().initialize()
        self.first_iteration_ = False
        return self

    def table(self, row: dict[str, Any]) -> str:
        """Return the line of an epoch."""
        (_, epoch), *values = self._yield_keys_formatted(row)
        return f"epoch {epoch}: " + ", ".join(f"{key} {value}" for key, value in values)


class PrintBatchLoss(Callback):
    """Print the mean loss of the epoch so far every 100 batches."""

    def show(
        self,
        epoch: int,
        losses: list[torch.Tensor],
        weight_sums: list[torch.Tensor],
        n_batches: int,
    ) -> None:
        """Print the lines that are due after another chunk of batches.

        Parameters
        ----------
        epoch : int
            Counted from 0.
        losses, weight_sums : list of tensor
            For each chunk so far, the mean losses of its batches and their sums of weights.
        n_batches : int
            In the whole epoch.
        """
        n_done = sum(map(len, losses))
        n_printed = (n_done - len(losses[-1])) // _PRINT_EVERY
        if n_done // _PRINT_EVERY == n_printed:
            return  # without waiting for the device
        loss = torch.cat(losses).cpu().double()
        weight = torch.cat(weight_sums).cpu().double()
        for n in range((n_printed + 1) * _PRINT_EVERY, n_done + 1, _PRINT_EVERY):
            mean = loss[:n] @ weight[:n] / weight[:n].sum()
            print(f"epoch {epoch + 1}, batch {n} of {n_batches}: loss {mean:.4f}", flush=True)
