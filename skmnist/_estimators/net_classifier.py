"""From plain arrays to a trained skorch net: what the classifiers on torch share."""

import contextlib
import time

import numpy as np
import torch
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_is_fitted

from skmnist._training.batches import Images, prepare
from skmnist._training.convergence import warn_where_lost
from skmnist._training.early_stopping import EarlyStop
from skmnist._training.memory import memory_errors
from skmnist._training.sampling import canonical_order, hold_back, literal_weights, weigh_classes
from skmnist._training.schedules import OF_ALL_EPOCHS
from skmnist._training.snapshot import WholeEpochs
from skmnist._training.threads import choose_threads, limit_threads
from skmnist._utils.device import (
    cpu_by_default,
    deterministic_algorithms,
    resolve_device,
    resolve_dtype,
)
from skmnist._utils.random_state import draw_seed
from skmnist.exceptions import DivergenceError

from .base import BaseImageClassifier
from .checkpoints import open_checkpoints
from .fitted_attributes import FittedNet
from .net_builder import NetBuilder
from .parameters import check_parameters
from .sklearn_callbacks import CallbackSupport, with_callbacks
from .state import SavedToFile

# A larger array isn't sorted first: it may be a file that doesn't fit into memory.
_SORTED_BYTES = 2**30


class BaseNetClassifier(SavedToFile, CallbackSupport, NetBuilder, FittedNet, BaseImageClassifier):
    """Base of the classifiers that train a network.

    A subclass checks the parameters that make the network in ``_plan`` and builds it in
    ``_build_module``.
    """

    def _plan(self):
        """Hold the parameters that make the network against the data; set `image_shape_`."""
        raise NotImplementedError

    def _row_shape(self):
        """Return the shape in which the network takes one picture."""
        return (self.n_features_in_,)

    def _n_multiplications(self):
        """Return about how many multiplications one picture takes."""
        return self.n_parameters_

    # -- training ----------------------------------------------------------------------------

    @with_callbacks
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, resume=False):
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
        resume : bool, default=False
            Whether to go on from the newest checkpoint in `checkpoint_dir`, with the same
            parameters and data, and end as if the training had never been broken off. Where there
            is no checkpoint yet, the training starts. `max_epochs` may be larger than it was,
            unless `lr_schedule` depends on it.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            Where a parameter or the data can't be used, before any training starts; or where the
            loss becomes infinite or NaN.
        CheckpointError
            A ValueError: where the checkpoints are those of another training, are all damaged, or
            belong to a fit that is running.
        KeyboardInterrupt
            Ctrl-C. The estimator is then what its whole epochs made of it (`n_iter_` tells how
            many), or not fitted where there was none.
        MemoryError
            Where the memory of the device doesn't suffice.

        Warns
        -----
        ConvergenceWarning
            Where the network ends up no better than guessing, or worse than it began.
        """
        check_parameters(self)
        further = bool(self.warm_start) and self.__sklearn_is_fitted__()
        tasks = self._begin_tasks(X, y, sample_weight)
        with (
            open_checkpoints(self, resume) as checkpoints,
            memory_errors(self._memory_advice()),
            cpu_by_default(),
        ):
            self._train(
                X,
                y,
                sample_weight,
                X_val=X_val,
                y_val=y_val,
                further=further,
                tasks=tasks,
                checkpoints=checkpoints,
            )
        if tasks is not None:
            tasks.end()
        return self

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
        with memory_errors(self._memory_advice()), cpu_by_default():
            return self._train(X, y, sample_weight, classes, one_epoch=True, further=further)

    def _memory_advice(self):
        return (
            f"Lower batch_size (now {self.batch_size}), use a smaller network, or pass fewer rows."
        )

    def _train(
        self,
        X,
        y,
        sample_weight,
        classes=None,
        X_val=None,
        y_val=None,
        *,
        one_epoch=False,
        further,
        tasks=None,
        checkpoints=None,
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
            if checkpoints is not None:
                self._seed = checkpoints.seed(self._seed)
            self._dtype = resolve_dtype(self.precision, X.dtype, device)
        images, valid = self._datasets(X, codes, weights, X_val, y_val, device)

        net = self.net_ if further else self._make_net(device)
        self._refresh(net, device, first_epoch=0 if one_epoch else None)
        stopping = EarlyStop(self.n_iter_no_change, self.tol) if self.early_stopping else None
        self.best_epoch_ = None
        first, watched = len(net.history), 0.0
        if checkpoints is not None:
            checkpoints.begin(self, net, stopping, images, valid)
        whole = WholeEpochs(net, stopping, checkpoints)

        def watch():
            nonlocal watched
            paused = time.perf_counter()
            self._note(stopping, paused - start - watched)
            if hasattr(self, "_watcher"):
                self._watcher(len(net.history) - first)
            stop = tasks is not None and tasks.end_epoch()
            watched += time.perf_counter() - paused
            return stop

        try:
            self.net_ = net
            with self._arithmetic(min(self.batch_size, len(images)), device):
                epochs = 1 if one_epoch else self.max_epochs - (len(net.history) - first)
                net.partial_fit(
                    images,
                    valid=valid,
                    epochs=0 if stopping is not None and stopping.enough else epochs,
                    stopping=stopping,
                    whole=whole,
                    before_epoch=None if tasks is None else tasks.begin_epoch,
                    after_epoch=watch if tasks or hasattr(self, "_watcher") else None,
                )
                self._finish(stopping, time.perf_counter() - start - watched)
                if not one_epoch:
                    warn_where_lost(net, images, first, self.best_epoch_ if stopping else None)
        except DivergenceError:
            del self.net_  # nothing that it predicts would mean anything
            raise
        except BaseException:
            whole.go_back()
            if net.history:
                self._finish(stopping, time.perf_counter() - start - watched)
            else:
                vars(self).pop("net_", None)
            raise
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
            rows, held_back = hold_back(
                rows, codes, self.classes_, self.validation_fraction, self._seed
            )
            valid = self._images(X, codes, device, rows=held_back, weights=weights)
        if weights is not None:
            counts = literal_weights(weights)
            if counts is not None:
                rows, weights = np.repeat(rows, counts[rows]), None
            else:
                weights = weights / weights.max()  # only their ratios count; float32 must hold them
        weights = weigh_classes(self.class_weight, self.classes_, codes, weights, rows)
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

    def _finish(self, stopping, seconds):
        """Leave the best weights in place."""
        if stopping is not None and stopping.best_epoch is not None:
            stopping.restore(self.net_)
        self._note(stopping, seconds)

    def _note(self, stopping, seconds):
        """Note how the training went so far."""
        self.fit_time_ = seconds
        if stopping is not None:
            self.best_epoch_ = stopping.best_epoch
        elif self.validation_scores_:
            self.best_epoch_ = int(np.nanargmax(self.validation_scores_)) + 1

    @contextlib.contextmanager
    def _after_each_epoch(self, function):
        """Call ``function(n)`` after each epoch n of every fit.

        The classifier is then what it would be if `max_epochs` were n, where ``_epochs_nest``.
        """
        self._watcher = function
        try:
            yield
        finally:
            del self._watcher

    @property
    def _epochs_nest(self):
        """Whether a fit of few epochs is the beginning of a fit of more."""
        return self.lr_schedule not in OF_ALL_EPOCHS and not self.callbacks

    def __getstate__(self):
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_watcher"}

    @contextlib.contextmanager
    def _arithmetic(self, n_rows, device):
        """Set what torch goes by for batches of `n_rows`, and restore it."""
        with (
            limit_threads(self._choose_threads(n_rows)),
            deterministic_algorithms(self.deterministic, device),
        ):
            yield

    # -- predicting --------------------------------------------------------------------------

    def _choose_threads(self, n_rows):
        if self.n_threads is not None:
            return self.n_threads
        if self.random_state is not None:
            return 1  # the order of summation, and with it the bits, depends on the number
        return choose_threads(6 * n_rows * self._n_multiplications())

    def _logits(self, X):
        check_is_fitted(self)
        X = self._check_data(X, reset=False, finite=False)
        self._check_dtype(X)
        net, device = self.net_, torch.device(self.net_.device)
        n_rows = net.recipe.evaluate_rows
        outputs = np.empty((len(X), len(self.classes_)), dtype=_numpy_dtype(self._dtype))
        advice = "Pass fewer rows of X at once, or use device='cpu'."
        arithmetic = self._arithmetic(min(n_rows, len(X)), device)
        with memory_errors(advice), cpu_by_default(), arithmetic:
            for start in range(0, len(X), n_rows):
                part = X[start : start + n_rows]
                # Here, where it is in the cache for the network afterwards.
                assert_all_finite(part, input_name="X", estimator_name=type(self).__name__)
                # A module of the user's may work in place.
                copied = self._foreign or not part.flags.writeable
                pixels = torch.from_numpy(part.copy() if copied else part)
                x = prepare(pixels, self.pixel_scale_, self._dtype, device)
                logits = net.outputs(x.view(len(part), *self._row_shape()))
                outputs[start : start + n_rows] = logits.cpu().numpy()
        if not np.isfinite(outputs).all():
            raise ValueError(
                "The network's outputs for X are not finite: X holds pixels too large for it, or "
                "its weights grew too large (train it with a smaller lr) or were damaged."
            )
        if net.recipe.loss == "mse":
            # Outputs that learnt one-hot targets by squared error estimate the probabilities
            # themselves.
            outputs = np.log(np.maximum(outputs, 1e-6))
        return outputs


def _numpy_dtype(dtype):
    return np.float64 if dtype == torch.float64 else np.float32
