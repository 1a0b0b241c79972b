"""A progress bar over the epochs."""

import sys

from skorch.callbacks import Callback
from tqdm.auto import tqdm

_SHOWN = {"train_loss": "loss", "valid_loss": "val", "valid_acc": "acc"}


class EpochBar(Callback):
    """Show a bar that moves by one each epoch, with the last losses beside it."""

    def on_train_begin(self, net, **kwargs):
        """Open the bar."""
        # In a file every drawing is a line of its own: fewer of them there.
        interval = 0.1 if sys.stderr.isatty() else 10
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
