"""From plain arrays to a trained skorch net: what the classifiers on torch share."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_is_fitted

from skmnist._training.convergence import warn_if_not_converged
from skmnist._training.early_stopping import EarlyStopping
from skmnist._training.image_dataset import ImageDataset, prepare_inputs
from skmnist._training.memory import reraise_oom
from skmnist._training.optimizers import optimizer_settings
from skmnist._training.schedules import NEEDS_MAX_EPOCHS
from skmnist._training.snapshot import EpochSnapshot
from skmnist._training.threads import choose_threads, limit_threads
from skmnist._utils.device import (
    default_device_cpu,
    deterministic_algorithms,
    resolve_device,
    resolve_dtype,
)
from skmnist._utils.random_state import resolve_seed
from skmnist.exceptions import DivergenceError

from .base import BaseImageClassifier
from .checkpoints import open_checkpoints
from .fit_recorder import FitRecorder
from .fitted_attributes import FittedAttributesMixin
from .net_builder import make_net, sync_params
from .parameters import check_parameters
from .sklearn_callbacks import SklearnCallbacksMixin, with_callbacks
from .state import SerializationMixin
from .training_data import check_range_of_dtype, make_datasets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import ArrayLike
    from torch import nn
    from typing_extensions import Self

    from skmnist._training.net import Net

    from .checkpoints import Checkpoints
    from .sklearn_callbacks import CallbackTasks


class BaseNetClassifier(
    SerializationMixin, SklearnCallbacksMixin, FittedAttributesMixin, BaseImageClassifier
):
    """Base of the classifiers that train a network.

    A subclass names the parameters that make the network, checks them against the data in
    ``_resolve_architecture`` and builds the network in ``_build_module``.
    """

    _architecture_params: tuple[str, ...] = ()
    # Whether the network is a user's own, which may draw from torch's global generator.
    _custom_module = False

    # -- what a subclass defines -------------------------------------------------------------

    def _resolve_architecture(self) -> None:
        """Check the parameters that make the network against the data; set `image_shape_`."""
        raise NotImplementedError

    def _build_module(self, n_outputs: int, generator: torch.Generator | None) -> nn.Module:
        """Return a new network."""
        raise NotImplementedError

    def _module_input_shape(self) -> tuple[int, ...]:
        """Return the shape in which the network takes one sample."""
        return (self.n_features_in_,)

    def _max_activation_size(self) -> int:
        """Return the number of values in the widest layer, for one sample."""
        return self.n_features_in_

    def _n_multiply_adds(self) -> int:
        """Return about how many multiplications one sample takes."""
        return self.n_parameters_

    def _optimizer(self, device: torch.device) -> tuple[type, dict[str, Any]]:
        """Return the class of the optimizer and its arguments, except for the learning rate."""
        return optimizer_settings(
            self.optimizer,
            device,
            momentum=self.momentum,
            nesterov=bool(self.nesterov),
            weight_decay=self.weight_decay,
        )

    # -- training ----------------------------------------------------------------------------

    @with_callbacks
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        resume: bool = False,
    ) -> Self:
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
        warm = bool(self.warm_start) and self.__sklearn_is_fitted__()
        tasks = self._begin_callback_tasks(X, y, sample_weight)
        with (
            open_checkpoints(self, resume) as checkpoints,
            reraise_oom(self._oom_hint()),
            default_device_cpu(),
        ):
            self._fit(
                X,
                y,
                sample_weight,
                X_val=X_val,
                y_val=y_val,
                warm=warm,
                tasks=tasks,
                checkpoints=checkpoints,
            )
        if tasks is not None:
            tasks.end()
        return self

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
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
        warm = self.__sklearn_is_fitted__()
        with reraise_oom(self._oom_hint()), default_device_cpu():
            self._fit(X, y, sample_weight, classes=classes, warm=warm, one_epoch=True)
        return self

    def _oom_hint(self) -> str:
        return (
            f"Lower batch_size (now {self.batch_size}), use a smaller network, or pass fewer rows."
        )

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        classes: ArrayLike | None = None,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        warm: bool,
        one_epoch: bool = False,
        tasks: CallbackTasks | None = None,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        """Validate, encode, make the data sets, build the net, train it and record the fit."""
        start = time.perf_counter()
        device = resolve_device(self.device)
        if warm:
            self._check_architecture()
        else:
            # What is fitted below and an old network wouldn't belong together.
            self.__dict__.pop("net_", None)
        X, y, sample_weight = self._check_data(X, y, sample_weight, reset=not warm)
        if not warm:
            self._fit_classes(y, classes)
            self._resolve_architecture()
        y_encoded = self._encode(y)
        if not warm:
            seed = resolve_seed(self.random_state)
            self._seed = seed if checkpoints is None else checkpoints.seed(seed)
            self._dtype = resolve_dtype(self.precision, X.dtype, device)
        validation_data = self._check_validation_data(X_val, y_val)
        train, valid = make_datasets(self, X, y_encoded, sample_weight, validation_data, device)
        net = self.net_ if warm else make_net(self, device)
        sync_params(self, net, device, first_epoch=0 if one_epoch else len(net.history))
        self._train(net, train, valid, start, one_epoch, tasks, checkpoints)

    def _train(
        self,
        net: Net,
        train: ImageDataset,
        valid: ImageDataset | None,
        start: float,
        one_epoch: bool,
        tasks: CallbackTasks | None,
        checkpoints: Checkpoints | None,
    ) -> None:
        """Train the net; after an interrupt it is what its last whole epoch made of it."""
        first_epoch = len(net.history)
        stopping = EarlyStopping(self.n_iter_no_change, self.tol) if self.early_stopping else None
        recorder = FitRecorder(self, stopping, tasks, first_epoch, start)
        if checkpoints is not None:
            checkpoints.restore(self, net, stopping, train, valid)
        epochs = 1 if one_epoch else self.max_epochs - (len(net.history) - first_epoch)
        snapshot = EpochSnapshot(net, stopping, checkpoints)
        try:
            self.net_ = net
            with self._torch_context(min(self.batch_size, len(train)), torch.device(net.device)):
                net.partial_fit(
                    train,
                    epochs=0 if stopping is not None and stopping.should_stop else epochs,
                    snapshot=snapshot,
                    validation_set=valid,
                    early_stopping=stopping,
                    before_epoch=None if tasks is None else tasks.begin_epoch,
                    after_epoch=recorder.on_epoch_end if recorder.has_hooks else None,
                )
                recorder.finish()
                if not one_epoch:
                    best_epoch = self.best_epoch_ if stopping else None
                    warn_if_not_converged(net, train, first_epoch, best_epoch)
        except DivergenceError:
            del self.net_  # nothing that it predicts would mean anything
            raise
        except BaseException:
            snapshot.rollback()
            if net.history:
                recorder.finish()
            else:
                self.__dict__.pop("net_", None)
            raise

    def _check_architecture(self) -> None:
        for name, value in self._fitted_architecture.items():
            if getattr(self, name) != value:
                raise ValueError(
                    f"{name} changed from {value!r} to {getattr(self, name)!r} since the network "
                    "was built, so it can't be trained further. Call fit with warm_start=False."
                )

    def _check_validation_data(
        self, X_val: Any, y_val: Any
    ) -> tuple[np.ndarray, np.ndarray] | None:
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val belong together: pass both, or neither.")
        if X_val is None:
            return None
        X_val, y_val, _ = self._check_data(X_val, y_val, reset=False)
        return X_val, self._encode(y_val)

    @contextlib.contextmanager
    def _on_epoch_end(self, function: Callable[[int], None]) -> Iterator[None]:
        """Call ``function(n)`` after each epoch n of every fit.

        If ``_supports_staged_fit``, the classifier is then what a fit of n epochs would make it.
        """
        self._epoch_hook = function
        try:
            yield
        finally:
            del self._epoch_hook

    @property
    def _supports_staged_fit(self) -> bool:
        """Whether a fit of few epochs is the beginning of a fit of more."""
        return self.lr_schedule not in NEEDS_MAX_EPOCHS and not self.callbacks

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_epoch_hook"}

    @contextlib.contextmanager
    def _torch_context(self, batch_size: int, device: torch.device) -> Iterator[None]:
        """Set the threads and the algorithms of torch for such batches, and restore them."""
        with (
            limit_threads(self._choose_threads(batch_size)),
            deterministic_algorithms(self.deterministic, device),
        ):
            yield

    # -- predicting --------------------------------------------------------------------------

    def _choose_threads(self, batch_size: int) -> int:
        if self.n_threads is not None:
            return self.n_threads
        if self.random_state is not None:
            return 1  # the order of summation, and with it the bits, depends on the number
        return choose_threads(6 * batch_size * self._n_multiply_adds())

    def _logits(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = self._check_data(X, reset=False, finite=False)
        check_range_of_dtype(X, self._dtype)
        net, device = self.net_, torch.device(self.net_.device)
        n_rows = net.config.eval_batch_size
        outputs = np.empty((len(X), len(self.classes_)), dtype=_numpy_dtype(self._dtype))
        advice = "Pass fewer rows of X at once, or use device='cpu'."
        arithmetic = self._torch_context(min(n_rows, len(X)), device)
        with reraise_oom(advice), default_device_cpu(), arithmetic:
            for start in range(0, len(X), n_rows):
                part = X[start : start + n_rows]
                # Here, where it is in the cache for the network afterwards.
                assert_all_finite(part, input_name="X", estimator_name=type(self).__name__)
                # A module of the user's may work in place.
                copied = self._custom_module or not part.flags.writeable
                pixels = torch.from_numpy(part.copy() if copied else part)
                x = prepare_inputs(pixels, self.pixel_scale_, self._dtype, device)
                logits = net.outputs(x.view(len(part), *self._module_input_shape()))
                outputs[start : start + n_rows] = logits.cpu().numpy()
        if not np.isfinite(outputs).all():
            raise ValueError(
                "The network's outputs for X are not finite: X holds pixels too large for it, or "
                "its weights grew too large (train it with a smaller lr) or were damaged."
            )
        if net.config.loss == "mse":
            # Outputs that learnt one-hot targets by squared error estimate the probabilities
            # themselves.
            outputs = np.log(np.maximum(outputs, 1e-6))
        return outputs


def _numpy_dtype(dtype: torch.dtype) -> type[np.floating]:
    return np.float64 if dtype == torch.float64 else np.float32
