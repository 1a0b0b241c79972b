"""A progress bar over the epochs."""

from skorch.callbacks import Callback
from tqdm.auto import tqdm


class EpochBar(Callback):
    """Show a bar that moves by one each epoch, with the last losses beside it."""

    def on_train_begin(self, net, **kwargs):
        """Open the bar."""
        self._bar = tqdm(total=net.max_epochs, unit="epoch", desc="training")

    def on_epoch_end(self, net, **kwargs):
        """Move it."""
        row = net.history[-1]
        shown = {"train_loss": "loss", "valid_loss": "val. loss", "valid_acc": "val. accuracy"}
        self._bar.set_postfix({new: f"{row[old]:.4f}" for old, new in shown.items() if old in row})
        self._bar.update()

    def on_train_end(self, net, **kwargs):
        """Close it."""
        self._bar.close()
        self._bar = None
