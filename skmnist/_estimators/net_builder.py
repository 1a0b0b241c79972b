"""From the parameters of a classifier to a skorch net, new or with parameters that changed."""

import copy
import os

from skorch.callbacks import PrintLog

from skmnist._training.config import Recipe
from skmnist._training.net import Net
from skmnist._training.optimizers import optimizer_settings
from skmnist._training.progress import BatchLines, EpochBar
from skmnist._utils.random_state import make_generator, seeded_globally

# Values in the widest layer when rows go through the network without training: 3 MB of float32,
# which stays in a core's cache.
_EVALUATE_VALUES = 3 * 2**18


class NetBuilder:
    """How a classifier makes its net.

    A subclass says which of its parameters make the network, and builds that in
    ``_build_module``.
    """

    _architecture = ()  # the parameters that make the network
    _foreign = False  # whether the network is a user's own, which may draw from torch's generator

    def _build_module(self, n_outputs, generator):
        """Return a new network."""
        raise NotImplementedError

    def _widest_layer(self):
        """Return the most values that one picture has on its way through the network."""
        return self.n_features_in_

    def _make_net(self, device):
        if self._foreign:
            with seeded_globally(self._seed, "weights", device=device):
                module = self._build_module(len(self.classes_), None)
        else:
            generator = make_generator(self._seed, "weights")
            module = self._build_module(len(self.classes_), generator)
        kept = (*self._architecture, "precision")
        self._built_from = {name: getattr(self, name) for name in kept}
        optimizer, settings = self._optimizer(device)
        net = Net(
            module.to(self._dtype),
            recipe=self._recipe(),
            optimizer=optimizer,
            lr=float(self.lr),
            max_epochs=self.max_epochs,
            batch_size=self.batch_size,
            classes=list(range(len(self.classes_))),
            callbacks=self._make_callbacks(),
            device=str(device),
            verbose=int(bool(self.verbose)),
            **{f"optimizer__{name}": value for name, value in settings.items()},
        )
        return net.initialize()

    def _make_callbacks(self):
        self._callbacks_from = (self.callbacks, self.verbose)
        callbacks = list(copy.deepcopy(self.callbacks) or [])
        if self.verbose == "bar":
            callbacks.append(("bar", EpochBar()))
        elif self.verbose:
            callbacks.append(("print_log", PrintLog(keys_ignored="lr")))
            if self.verbose > 1:
                callbacks.append(("batch_lines", BatchLines()))
        return callbacks

    def _optimizer(self, device):
        """Return the class of the optimizer and its arguments, but for the learning rate."""
        return optimizer_settings(
            self.optimizer,
            device,
            momentum=self.momentum,
            nesterov=bool(self.nesterov),
            weight_decay=self.weight_decay,
        )

    def _recipe(self, first_epoch=0):
        return Recipe(
            seed=self._seed,
            loss=self.loss,
            shuffle=bool(self.shuffle),
            schedule=self.lr_schedule,
            first_epoch=first_epoch,
            bf16=self.precision == "bf16",
            hand_written=not os.environ.get("SKMNIST_AUTOGRAD"),
            record=os.environ.get("SKMNIST_CUDA_GRAPHS") != "0",
            augment=getattr(self, "augment", None),
            picture=self._picture(),
            foreign=self._foreign,
            evaluate_rows=max(1, _EVALUATE_VALUES // self._widest_layer()),
        )

    def _picture(self):
        """Return the shape of one picture, (channels, height, width)."""
        shape = (1, *self.image_shape_)[-3:]
        if isinstance(getattr(self, "augment", None), str) and 1 in shape[1:]:
            raise ValueError(
                f"augment={self.augment!r} varies pictures, but X has {self.n_features_in_} "
                "features, which make no square. Pass X of shape (n, height, width), or "
                "augment=None."
            )
        return shape

    def _refresh(self, net, device, first_epoch):
        """Give the net the parameters that may have changed since it was made."""
        first_epoch = len(net.history) if first_epoch is None else first_epoch
        net.recipe = self._recipe(first_epoch)
        net.max_epochs = self.max_epochs
        net.batch_size = self.batch_size
        if net.device != str(device):
            net.device = str(device)
            net.module_.to(device)
            net.optimizer_.load_state_dict(net.optimizer_.state_dict())  # which moves it
        if self._callbacks_from != (self.callbacks, self.verbose):
            net.callbacks, net.verbose = self._make_callbacks(), int(bool(self.verbose))
            net.initialize_callbacks()
        optimizer, settings = self._optimizer(device)
        settings = {f"optimizer__{name}": value for name, value in settings.items()}
        if net.optimizer is not optimizer:
            net.replace_optimizer(optimizer, settings)
        changed = {k: v for k, v in {**settings, "lr": self.lr}.items() if getattr(net, k) != v}
        if changed:
            net.set_params(**changed)
        return net
