"""Base class of the classifiers that train a torch network with skorch."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_is_fitted

from skmnist._training.convergence import warn_if_not_converged
from skmnist._training.device_failure import is_device_failure, reraise_device_failure
from skmnist._training.early_stopping import EarlyStopping
from skmnist._training.image_dataset import ImageDataset, prepare_inputs
from skmnist._training.memory import reraise_oom
from skmnist._training.optimizers import optimizer_settings
from skmnist._training.schedules import NEEDS_MAX_EPOCHS
from skmnist._training.snapshot import EpochSnapshot
from skmnist._training.threads import (
    choose_threads,
    limit_threads,
    parallel_map,
    usable_cores,
    use_threads,
)
from skmnist._utils.argument_names import suggest_arguments
from skmnist._utils.device import deterministic_algorithms, resolve_device, resolve_dtype
from skmnist._utils.image_shape import channels_first, is_channels_last
from skmnist._utils.random_state import resolve_seed
from skmnist._utils.torch_defaults import torch_defaults
from skmnist.exceptions import DivergenceError

from .base import BaseImageClassifier
from .checkpoints import open_checkpoints
from .deferred_fit import DeferredFit
from .fit_recorder import FitRecorder
from .fitted_attributes import FittedAttributesMixin
from .layer_params import as_tuple
from .net_builder import make_net, sync_params
from .optimizer_params import check_optimizer_params
from .parameters import check_parameters
from .sklearn_callbacks import SklearnCallbacksMixin, with_callbacks
from .skorch_callbacks import check_monitors
from .state import SerializationMixin
from .training_data import check_range_of_dtype, make_datasets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import ArrayLike
    from torch import nn
    from typing_extensions import Self

    from skmnist._training.net import Net

    from .checkpoints import Checkpoints, CheckpointTarget
    from .sklearn_callbacks import CallbackTasks


# Attributes that exist only inside the blocks of `_on_epoch_end`, `_checkpoint_in` and
# `_defer_training`.
_BLOCK_ATTRIBUTES = ("_epoch_hook", "_checkpoint_target", "_deferred_fits")

# A prediction with fewer operations takes less than 10 ms: threads would not pay.
_MIN_FLOPS_FOR_THREADS = 5e8


class BaseNetClassifier(
    SerializationMixin, SklearnCallbacksMixin, FittedAttributesMixin, BaseImageClassifier
):
    """Base class of the classifiers that train a network.

    A subclass lists the parameters of the architecture in ``_architecture_params``, validates them
    in ``_resolve_architecture`` and builds the network in ``_build_module``.
    """

    _architecture_params: tuple[str, ...] = ()
    # Whether the user passed the module, which may use torch's global random generator.
    _custom_module = False

    # -- methods of the subclasses -----------------------------------------------------------

    def _resolve_architecture(self) -> None:
        """Validate the parameters of the architecture for the data, and set `image_shape_`."""
        raise NotImplementedError

    def _build_module(self, n_outputs: int, generator: torch.Generator | None) -> nn.Module:
        """Return a new network with `n_outputs` outputs."""
        raise NotImplementedError

    def _module_input_shape(self) -> tuple[int, ...]:
        """Return the shape of one input sample of the network."""
        return (self.n_features_in_,)

    def _network_order(self, X: np.ndarray) -> np.ndarray:
        """Return flat images with the channels first, as the network needs them."""
        if not is_channels_last(self.image_shape_):
            return X
        return np.ascontiguousarray(channels_first(X, self.image_shape_)).reshape(len(X), -1)

    def _max_activation_size(self) -> int:
        """Return the number of outputs of the largest layer, for one sample."""
        return self.n_features_in_

    def _n_multiply_adds(self, module: nn.Module) -> int:
        """Return the approximate number of multiplications for one sample."""
        return sum(p.numel() for p in module.parameters())

    def _optimizer(self, device: torch.device) -> tuple[type, dict[str, Any]]:
        """Return the optimizer class and its arguments, without the learning rate."""
        return optimizer_settings(
            self.optimizer,
            device,
            check_optimizer_params(type(self).__name__, self.optimizer, self.optimizer_params),
            momentum=self.momentum,
            nesterov=bool(self.nesterov),
            weight_decay=self.weight_decay,
        )

    # -- training ----------------------------------------------------------------------------

    @suggest_arguments
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
        """Fit the network to the training data.

        With ``warm_start=True``, continue from the previous fit.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features), \
                (n_samples, height, width), (n_samples, channels, height, width) or \
                (n_samples, height, width, channels)
            Training images. If the channels are last, `image_shape` must say so. Integer pixels in
            0..255 are divided by 255 (unless all are 0 or 1).
            Floating-point pixels are used unchanged.
        y : array-like of shape (n_samples,)
            Class labels: numbers, strings or bools.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights. A weight of 0 is equivalent to removing the sample, a weight of 2 to
            repeating it. None: equal weights.
        X_val : array-like, default=None
            Validation images in the same format as `X`. They are used for
            ``validation_loss_curve_``, ``validation_scores_`` and early stopping.
        y_val : array-like, default=None
            Class labels of `X_val`.
        resume : bool, default=False
            Whether to continue from the latest checkpoint in `checkpoint_dir`. With the same
            parameters and data, the result is the same as that of an uninterrupted fit.
            `max_epochs` may be increased, unless `lr_schedule` depends on it. If there is no
            checkpoint, training starts from scratch.

        Returns
        -------
        self : object
            The fitted classifier.

        Raises
        ------
        InvalidParameterError
            If a parameter has an invalid value.
        ValueError
            If the data are invalid.
        DivergenceError
            If the loss or the weights become infinite or NaN.
        CheckpointError
            If the checkpoints belong to a different training run, are all damaged, or are used by
            another fit.
        KeyboardInterrupt
            If the user presses Ctrl+C. The classifier keeps the state after the last completed
            epoch (see ``n_iter_``). It is not fitted if no epoch was completed.
        MemoryError
            If the device runs out of memory.
        DeviceError
            If the GPU fails. The classifier is then not fitted. With `checkpoint_dir`, a new
            process can resume the fit.

        Warns
        -----
        ConvergenceWarning
            If the training accuracy is no better than that of always predicting the most frequent
            class, if the training loss increased, or if a custom module ends in a softmax or
            another bounded function instead of returning logits.
        PixelRangeWarning
            If the network cannot learn well from the pixels because they are not scaled, or are
            integers far below 255.
        """
        check_parameters(self)
        warm = bool(self.warm_start) and self.__sklearn_is_fitted__()
        tasks = self._begin_callback_tasks(X, y, sample_weight)
        with (
            open_checkpoints(self, resume) as checkpoints,
            reraise_oom(self._oom_hint()),
            reraise_device_failure(),
            torch_defaults(),
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

    @suggest_arguments
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch, continuing from the current weights if already fitted.

        With an integer `random_state`, n calls give the same result as one :meth:`fit` with
        ``max_epochs=n``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training images, in any format that :meth:`fit` accepts.
        y : array-like of shape (n_samples,)
            Class labels.
        classes : array-like of shape (n_classes,), default=None
            All class labels that can occur in any call. Only needed in the first call, if `y`
            does not contain all of them. Later calls must pass the same labels or None.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, as in :meth:`fit`.

        Returns
        -------
        self : object
            The classifier, trained for one more epoch.

        Raises
        ------
        ValueError
            If `early_stopping` is True, if `classes` differs from the classes of the first call,
            or if a parameter or the data are invalid.

        Examples
        --------
        >>> from skmnist import MLPClassifier
        >>> from skmnist.datasets import load_mnist_sample
        >>> X, y = load_mnist_sample(return_X_y=True)
        >>> clf = MLPClassifier(random_state=0)
        >>> for start in range(0, 1000, 250):
        ...     part = slice(start, start + 250)
        ...     clf = clf.partial_fit(X[part], y[part], classes=range(10))
        >>> clf.n_iter_
        4
        """
        check_parameters(self)
        if self.early_stopping:
            raise ValueError(
                "partial_fit does not support early_stopping=True, because it trains for a single "
                "epoch. Call fit, or set early_stopping=False."
            )
        warm = self.__sklearn_is_fitted__()
        with reraise_oom(self._oom_hint()), reraise_device_failure(), torch_defaults():
            self._fit(X, y, sample_weight, classes=classes, warm=warm, one_epoch=True)
        return self

    def _oom_hint(self) -> str:
        return (
            f"Reduce batch_size (now {self.batch_size}), use a smaller network, or pass fewer "
            "samples."
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
        """Validate the data, build the net and train it."""
        start = time.perf_counter()
        device = resolve_device(self.device)
        if warm:
            self._check_architecture()
            self._check_same_classes(classes)
        else:
            # If the fit fails, an old net must not remain beside new fitted attributes.
            self.__dict__.pop("net_", None)
        X, y, sample_weight = self._check_data(X, y, sample_weight, reset=not warm)
        if not warm:
            self._fit_classes(y, classes)
            self._resolve_architecture()
        X = self._network_order(X)
        y_encoded = self._encode(y)
        if not warm:
            seed = resolve_seed(self.random_state)
            self._seed = seed if checkpoints is None else checkpoints.seed(seed)
            self._dtype = resolve_dtype(self.precision, X.dtype, device)
        validation_data = self._check_validation_data(X_val, y_val)
        train, valid = make_datasets(self, X, y_encoded, sample_weight, validation_data, device)
        check_monitors(type(self).__name__, self.callbacks, has_validation_set=valid is not None)
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
        """Train the net. After an interrupt, restore its state after the last completed epoch."""
        deferred = getattr(self, "_deferred_fits", None)
        if deferred is not None:
            self.net_ = net
            deferred.append(DeferredFit(self, net, train, valid, time.perf_counter() - start))
            return
        first_epoch = len(net.history)
        stopping = EarlyStopping(self.n_iter_no_change, self.tol) if self.early_stopping else None
        recorder = FitRecorder(self, stopping, tasks, first_epoch, start)
        if checkpoints is not None:
            checkpoints.restore(self, net, stopping, train, valid)
        epochs = 1 if one_epoch else self.max_epochs - (len(net.history) - first_epoch)
        snapshot = EpochSnapshot(net, stopping, checkpoints)
        try:
            self.net_ = net
            with self._torch_context(net, min(self.batch_size, len(train))):
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
            del self.net_  # its predictions would be meaningless
            raise
        except BaseException as error:
            if is_device_failure(error):
                del self.net_  # its weights cannot be read
                raise
            snapshot.rollback()
            if net.history:
                recorder.finish()
            else:
                self.__dict__.pop("net_", None)
            raise

    def _check_architecture(self) -> None:
        for name, value in self._fitted_architecture.items():
            if as_tuple(getattr(self, name)) != as_tuple(value):
                raise ValueError(
                    f"The {name!r} parameter of {type(self).__name__} must not change between "
                    f"fits that continue training. It was {value!r} and is now "
                    f"{getattr(self, name)!r}. To train a new network, call fit with "
                    "warm_start=False."
                )

    def _check_validation_data(
        self, X_val: Any, y_val: Any
    ) -> tuple[np.ndarray, np.ndarray] | None:
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val must be passed together. Pass both, or neither.")
        if X_val is None:
            return None
        X_val, y_val, _ = self._check_data(X_val, y_val, reset=False)
        return self._network_order(X_val), self._encode(y_val)

    @contextlib.contextmanager
    def _on_epoch_end(self, function: Callable[[int], None]) -> Iterator[None]:
        """Call ``function(n)`` after epoch n of each fit inside the block.

        If ``_supports_staged_fit``, the classifier then equals one that was fitted for n epochs.
        """
        self._epoch_hook = function
        try:
            yield
        finally:
            del self._epoch_hook

    @contextlib.contextmanager
    def _checkpoint_in(self, target: CheckpointTarget) -> Iterator[None]:
        """Use the folder `target` for the checkpoints of each fit inside the block.

        It takes the place of `checkpoint_dir`, which may differ for each fit of a search.
        """
        self._checkpoint_target = target
        try:
            yield
        finally:
            del self._checkpoint_target

    @contextlib.contextmanager
    def _defer_training(self) -> Iterator[list[DeferredFit]]:
        """Let a fit inside the block end before its first epoch; the list gets what is left to do.

        ``train_stack`` trains several such fits at once.
        """
        self._deferred_fits: list[DeferredFit] = []
        try:
            yield self._deferred_fits
        finally:
            del self._deferred_fits

    @property
    def _supports_staged_fit(self) -> bool:
        """Whether the first n epochs of a fit give the same result as a fit of n epochs."""
        return self.lr_schedule not in NEEDS_MAX_EPOCHS and not self.callbacks

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name not in _BLOCK_ATTRIBUTES}

    @contextlib.contextmanager
    def _torch_context(self, net: Net, batch_size: int, n_tasks: int = 0) -> Iterator[None]:
        """Set the threads and torch's algorithms inside the block.

        `n_tasks` is the number of independent batches; 0 for training, whose tasks are shards.
        """
        n_threads, n_torch_threads = self._choose_threads(net, batch_size, n_tasks)
        with (
            limit_threads(n_torch_threads),
            use_threads(n_threads),
            deterministic_algorithms(self.deterministic, torch.device(net.device)),
        ):
            yield

    def _choose_threads(self, net: Net, batch_size: int, n_tasks: int) -> tuple[int, int]:
        """Return the number of threads for independent tasks, and of torch's own threads.

        The latter is 1 unless the tasks depend on each other, since it affects the results.
        """
        if net.is_thread_safe(training=n_tasks == 0):
            if n_tasks == 0:
                n_tasks = net.count_shards(batch_size)
            elif 2 * n_tasks * batch_size * net.config.multiply_adds < _MIN_FLOPS_FOR_THREADS:
                n_tasks = 1
            # The number of cores takes a tenth of the prediction of one image to find out.
            return (1 if n_tasks == 1 else min(n_tasks, self.n_threads or usable_cores())), 1
        if self.n_threads is not None:
            return 1, self.n_threads
        if self.random_state is not None:
            return 1, 1
        return 1, choose_threads(6 * batch_size * net.config.multiply_adds)

    # -- prediction --------------------------------------------------------------------------

    def _outputs(self, net: Net, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs for a batch of network inputs."""
        return net.outputs(x)

    def _logits(self, X: Any) -> np.ndarray:
        outputs = self._predict_batches(X, self._outputs)
        if self.net_.config.loss == "mse":
            # Outputs trained with the squared error against one-hot targets estimate the
            # probabilities.
            outputs = np.log(np.maximum(outputs, 1e-6))
        return outputs

    def _predict_batches(
        self,
        X: Any,
        function: Callable[[Net, torch.Tensor], torch.Tensor],
        *,
        serial: bool = False,
    ) -> np.ndarray:
        """Return what ``function(net, x)`` computes for each batch of network inputs, as one array.

        `serial` calls it in this thread only.
        """
        check_is_fitted(self)
        X = self._check_data(X, reset=False, finite=False)
        check_range_of_dtype(X, self._dtype)
        net, device = self.net_, torch.device(self.net_.device)
        batch_size = net.config.eval_batch_size
        hint = "Pass fewer samples at once, or use device='cpu'."

        # Of all batches. The small array of each one, kept between the large ones of the layers,
        # would fragment the memory: a million images took ten times as much.
        outputs: list[np.ndarray] = []

        def predict_batch(start: int) -> None:
            part = self._network_order(X[start : start + batch_size])
            # Per batch, so that it is in the CPU cache when the network reads it.
            assert_all_finite(part, input_name="X", estimator_name=type(self).__name__)
            # A custom module may modify its input in place.
            copied = self._custom_module or not part.flags.writeable
            pixels = torch.from_numpy(part.copy() if copied else part)
            x = prepare_inputs(pixels, self.pixel_scale_, self._dtype, device)
            output = function(net, x.view(len(part), *self._module_input_shape())).cpu().numpy()
            if not outputs:  # several threads may append one: all write to the first
                outputs.append(np.empty((len(X), *output.shape[1:]), output.dtype))
            outputs[0][start : start + len(part)] = output

        starts = range(0, len(X), batch_size)
        n_tasks = 1 if serial else len(starts)
        torch_context = self._torch_context(net, min(batch_size, len(X)), n_tasks)
        with reraise_oom(hint), reraise_device_failure(), torch_defaults(), torch_context:
            parallel_map(predict_batch, starts)
        if not np.isfinite(outputs[0]).all():
            raise ValueError(
                "The network's outputs for X are not finite. Check that X is on the same scale as "
                "the training data. If it is, fit again with a smaller lr."
            )
        return outputs[0]
