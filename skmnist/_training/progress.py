"""What is shown while a network trains, besides skorch's table of the epochs."""

import sys

import torch
from skorch.callbacks import Callback
from tqdm.auto import tqdm
from tqdm.notebook import tqdm_notebook

_SHOWN = {"train_loss": "loss", "valid_loss": "val", "valid_acc": "acc"}
_BATCHES = 100  # from one line to the next


class EpochBar(Callback):
    """Show a bar that moves by one each epoch, with the last losses beside it."""

    def on_train_begin(self, net, **kwargs):
        """Open the bar."""
        # In a file every drawing is a line of its own: fewer of them there.
        drawn_in_place = sys.stderr.isatty() or issubclass(tqdm, tqdm_notebook)
        interval = 0.1 if drawn_in_place else 10
        self.bar_ = tqdm(total=net.max_epochs, unit="epoch", mininterval=interval)

    def on_epoch_end(self, net, **kwargs):
        """Move it."""
        row = net.history[-1]
        figures = {new: f"{row[old]:.3f}" for old, new in _SHOWN.items() if old in row}
        self.bar_.set_postfix(figures, refresh=False)
        self.bar_.update()

    def on_train_end(self, net, **kwargs):
        """Close it."""
        self.close()

    def close(self):
        """Close the bar where it is: it is full also where training stopped early."""
        if self.bar_ is not None:
            self.bar_.total = self.bar_.n
            self.bar_.close()
            self.bar_ = None


class BatchLines(Callback):
    """Print the mean loss of the epoch so far every 100 batches."""

    def show(self, epoch, losses, masses, n_batches):
        """Print what is due after another chunk of batches.

        Parameters
        ----------
        epoch : int
            Counted from 0.
        losses, masses : list of tensor
            For each chunk so far the losses of its batches, and how much each of these weighs.
        n_batches : int
            Those of the whole epoch.
        """
        done = sum(map(len, losses))
        shown = (done - len(losses[-1])) // _BATCHES
        if done // _BATCHES == shown:
            return  # without waiting for the device
        losses, masses = torch.cat(losses).cpu().double(), torch.cat(masses).cpu().double()
        for n in range((shown + 1) * _BATCHES, done + 1, _BATCHES):
            loss = losses[:n] @ masses[:n] / masses[:n].sum()
            print(f"epoch {epoch + 1}, batch {n} of {n_batches}: loss {loss:.4f}", flush=True)
