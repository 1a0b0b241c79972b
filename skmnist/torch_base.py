"""From plain arrays to a trained skorch net: what the classifiers on torch share."""

import copy
import os
import time

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import check_is_fitted
from skorch.callbacks import PrintLog

from skmnist.base import BaseImageClassifier
from skmnist.device import resolve_device, resolve_dtype
from skmnist.fitted import FittedNet
from skmnist.parameters import check_parameters
from skmnist.random_state import derive_seed, draw_seed, make_generator, seeded_globally
from skmnist.training.batches import Images, prepare
from skmnist.training.early_stopping import EarlyStop
from skmnist.training.net import DivergenceError, Net, Recipe
from skmnist.training.optimizers import optimizer_settings
from skmnist.training.progress import EpochBar
from skmnist.training.rows import canonical_order, literal_weights
from skmnist.training.threads import choose_threads, limit_threads

# A larger array isn't sorted first: it may be a file that doesn't fit into memory.
_SORTED_BYTES = 2**30

# Values in the widest layer when rows go through the network without training: 4 MB of float32,
# which stays in a core's cache.
_EVALUATE_VALUES = 2**20


class BaseNetClassifier(FittedNet, BaseImageClassifier):
    """Base of the classifiers that train a network.

    A subclass says which of its parameters make the network, checks them against the data in
    ``_plan`` and builds it in ``_build_module``.
    """

    _architecture = ()  # the parameters that make the network
    _foreign = False  # whether the network is a user's own, which may draw from torch's generator

    def _plan(self):
        """Check the parameters that make the network against the data; set `image_shape_`."""
        raise NotImplementedError

    def _build_module(self, n_outputs, generator):
        """Return a new network."""
        raise NotImplementedError

    def _row_shape(self):
        """Return the shape in which the network takes one picture."""
        return (self.n_features_in_,)

    def _widest_layer(self):
        """Return the most values that one picture has on its way through the network."""
        return self.n_features_in_

    def _n_multiplications(self):
        """Return about how many multiplications one picture takes."""
        return self.n_parameters_

    # -- training ----------------------------------------------------------------------------

    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None):
        """Train the network anew (or further, with `warm_start`).

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, n_features), (n, height, width) or \
                (n, channels, height, width)
            Pictures. Integer pixels within 0..255 need no scaling: they are divided by 255,
            unless they are just 0 and 1. Floating-point pixels are taken as they are.
        y : array-like of shape (n,)
            Labels of any kind that scikit-learn accepts.
        sample_weight : array-like of shape (n,), default=None
            Weight 0 is an absent row, weight 2 a row that comes twice.
        X_val, y_val : array-like, default=None
            Rows to watch the training with: ``validation_loss_curve_``, ``validation_scores_``
            and `early_stopping` are about them.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            Where a parameter or the data can't be used, before any training starts; or where the
            loss becomes infinite or NaN.
        """
        check_parameters(self)
        further = bool(self.warm_start) and self.__sklearn_is_fitted__()
        return self._train(X, y, sample_weight, X_val=X_val, y_val=y_val, further=further)

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train the network for one epoch, further where it was trained before.

        With an integer `random_state`, n calls equal one :meth:`fit` with ``max_epochs=n``.

        Parameters
        ----------
        X : array-like or sparse matrix
            As for :meth:`fit`.
        y : array-like of shape (n,)
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever come. Only the first call looks at it, and needs it only
            where its `y` doesn't hold them all.
        sample_weight : array-like of shape (n,), default=None
            As for :meth:`fit`.

        Returns
        -------
        self : object
        """
        check_parameters(self)
        if self.early_stopping:
            raise ValueError(
                "partial_fit trains for one epoch, so early_stopping=True has no meaning there. "
                "Call fit, or set early_stopping=False."
            )
        further = self.__sklearn_is_fitted__()
        return self._train(X, y, sample_weight, classes, one_epoch=True, further=further)

    def _train(
        self, X, y, sample_weight, classes=None, X_val=None, y_val=None, *, one_epoch=False, further
    ):
        start = time.perf_counter()
        device = resolve_device(self.device)
        if further:
            self._check_architecture()
        else:
            # What is learnt below and an old network wouldn't belong together.
            vars(self).pop("net_", None)
        X, y, weights = self._check_data(X, y, sample_weight, reset=not further)
        if not further:
            self._learn_classes(y, classes)
            self._plan()
        codes = self._encode(y)
        if not further:
            self._seed = draw_seed(self.random_state)
            self._dtype = resolve_dtype(self.precision, X.dtype, device)
        images, valid = self._datasets(X, codes, weights, X_val, y_val, device)

        if not further:
            self.net_ = self._make_net(device)
            kept = (*self._architecture, "precision")
            self._built_from = {name: getattr(self, name) for name in kept}
        net = self._refresh(self.net_, device, first_epoch=0 if one_epoch else None)
        stopping = EarlyStop(self.n_iter_no_change, self.tol) if self.early_stopping else None
        self.best_epoch_ = None
        try:
            with limit_threads(self._choose_threads(min(self.batch_size, len(images)))):
                epochs = 1 if one_epoch else self.max_epochs
                net.partial_fit(images, valid=valid, epochs=epochs, stopping=stopping)
        except DivergenceError:
            del self.net_  # nothing that it predicts would mean anything
            raise
        finally:
            self._finish(stopping, time.perf_counter() - start)
        return self

    def _check_architecture(self):
        for name, value in self._built_from.items():
            if getattr(self, name) != value:
                raise ValueError(
                    f"{name} changed from {value!r} to {getattr(self, name)!r} since the network "
                    "was built, so it can't be trained further. Call fit with warm_start=False."
                )

    def _datasets(self, X, codes, weights, X_val, y_val, device):
        """Return the training and the validation rows; the latter may be None."""
        self._check_dtype(X)
        rows = np.arange(len(X))
        if self.shuffle and X.nbytes <= _SORTED_BYTES:
            rows = canonical_order(X, codes)
        valid = None
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val belong together: pass both, or neither.")
        if X_val is not None:
            X_val, y_val, _ = self._check_data(X_val, y_val, reset=False)
            self._check_dtype(X_val)
            valid = self._images(X_val, self._encode(y_val), device)
        elif self.early_stopping:
            rows, held_back = self._hold_back(rows, codes)
            valid = self._images(X, codes, device, rows=held_back, weights=weights)
        if weights is not None:
            counts = literal_weights(weights)
            if counts is not None:
                rows, weights = np.repeat(rows, counts[rows]), None
            else:
                weights = weights / weights.max()  # only their ratios count; float32 must hold them
        weights = self._weigh_classes(codes, weights, rows)
        if weights is not None:
            rows = rows[weights[rows] > 0]
            if len(rows) == 0:
                raise ValueError(f"class_weight={self.class_weight!r} leaves no row with a weight.")
        smallest = min(len(rows), self.batch_size)
        if getattr(self, "batch_norm", False) and smallest < 2:
            raise ValueError(
                f"batch_norm=True normalises over a batch, but batch_size={self.batch_size} and "
                f"{len(rows)} rows make batches of one row. Use more rows, or batch_norm=False."
            )
        return self._images(X, codes, device, rows=rows, weights=weights), valid

    def _hold_back(self, rows, codes):
        """Return the rows to train on and those that early stopping looks at, class by class."""
        counts = np.bincount(codes)
        present = np.flatnonzero(counts)
        n_held = int(np.ceil(self.validation_fraction * len(rows)))
        smallest = present[counts[present].argmin()]
        if min(n_held, len(rows) - n_held) < len(present) or counts[smallest] < 2:
            raise ValueError(
                f"early_stopping=True holds {n_held} of {len(rows)} rows back "
                f"(validation_fraction={self.validation_fraction:g}), too few to hold and to keep "
                f"some of each of the {len(present)} classes; the smallest, "
                f"{self.classes_[smallest]!r}, has {counts[smallest]}. Pass more rows, or X_val "
                "and y_val, or change validation_fraction."
            )
        return train_test_split(
            rows,
            test_size=n_held,
            stratify=codes[rows],
            random_state=derive_seed(self._seed, "validation") % 2**32,
        )

    def _weigh_classes(self, codes, weights, rows):
        """Return `weights` times those of `class_weight`; None where all are equal."""
        if self.class_weight is None:
            return weights
        n_classes = len(self.classes_)
        if self.class_weight == "balanced":
            present = codes[rows]
            totals = np.bincount(
                present, None if weights is None else weights[rows], minlength=n_classes
            )
            of_class = totals.sum() / (n_classes * np.maximum(totals, np.finfo(float).tiny))
        else:
            labels = self.classes_.tolist()
            unknown = [label for label in self.class_weight if label not in labels]
            if unknown:
                raise ValueError(
                    f"class_weight names {unknown}, which are not among the classes {labels}."
                )
            of_class = np.array([self.class_weight.get(label, 1.0) for label in labels])
        of_row = of_class[codes]
        return of_row if weights is None else weights * of_row

    def _images(self, X, codes, device, *, rows=None, weights=None):
        return Images(
            X,
            codes,
            len(self.classes_),
            rows=rows,
            weights=weights,
            shape=self._row_shape(),
            scale=self.pixel_scale_,
            dtype=self._dtype,
            device=device,
        )

    def _check_dtype(self, X):
        if X.dtype == np.float64 and self._dtype == torch.float32:
            largest = max(-X.min(), X.max())
            if largest > np.finfo(np.float32).max:
                raise ValueError(
                    f"X holds {largest:g}, which is infinity in float32, the precision of this "
                    "network. Scale X, or use precision='float64'."
                )

    def _make_net(self, device):
        if self._foreign:
            with seeded_globally(self._seed, "weights", device=device):
                module = self._build_module(len(self.classes_), None)
        else:
            generator = make_generator(self._seed, "weights")
            module = self._build_module(len(self.classes_), generator)
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
            augment=getattr(self, "augment", None),
            foreign=self._foreign,
            evaluate_rows=max(1, _EVALUATE_VALUES // self._widest_layer()),
        )

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

    def _finish(self, stopping, seconds):
        """Note how the training went, also where it was interrupted."""
        self.fit_time_ = seconds
        if not self.__sklearn_is_fitted__():
            return
        if stopping is not None and stopping.best_epoch is not None:
            stopping.restore(self.net_)
            self.best_epoch_ = stopping.best_epoch
        elif self.validation_scores_:
            self.best_epoch_ = int(np.nanargmax(self.validation_scores_)) + 1

    # -- predicting --------------------------------------------------------------------------

    def _choose_threads(self, n_rows):
        if self.n_threads is not None:
            return self.n_threads
        if self.random_state is not None:
            return 1  # the order of summation, and with it the bits, depends on the number
        return choose_threads(6 * n_rows * self._n_multiplications())

    def _logits(self, X):
        check_is_fitted(self)
        X = self._check_data(X, reset=False)
        self._check_dtype(X)
        net, device = self.net_, torch.device(self.net_.device)
        n_rows = net.recipe.evaluate_rows
        outputs = np.empty((len(X), len(self.classes_)), dtype=_numpy_dtype(self._dtype))
        with limit_threads(self._choose_threads(min(n_rows, len(X)))):
            for start in range(0, len(X), n_rows):
                part = X[start : start + n_rows]
                # A module of the user's may work in place.
                copied = self._foreign or not part.flags.writeable
                pixels = torch.from_numpy(part.copy() if copied else part)
                x = prepare(pixels, self.pixel_scale_, self._dtype, device)
                logits = net.outputs(x.view(len(part), *self._row_shape()))
                outputs[start : start + n_rows] = logits.cpu().numpy()
        if not np.isfinite(outputs).all():
            raise ValueError(
                "The network's outputs for X are not finite: X holds pixels too large for it, or "
                "its weights were damaged."
            )
        if net.recipe.loss == "mse":
            # Outputs that learnt one-hot targets by squared error estimate the probabilities
            # themselves.
            outputs = np.log(np.maximum(outputs, 1e-6))
        return outputs


def _numpy_dtype(dtype):
    return np.float64 if dtype == torch.float64 else np.float32
