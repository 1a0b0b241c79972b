"""skorch's net with an epoch loop for small networks.

skorch spends most of a small network's epoch on collating samples, on a history of batches and on
calling callbacks that do nothing. Here the batches are slices of prepared chunks, losses stay on
the device until the epoch ends, and batches are reported one by one only if a callback needs it.
Everything around the epoch is skorch's.
"""

from __future__ import annotations

import contextlib
import copy
import time
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback
from skorch.callbacks import EarlyStopping as SkorchEarlyStopping

from skmnist._networks.layers import batch_norm_layers, seed_dropout
from skmnist._networks.losses import LOSSES, batch_means
from skmnist._networks.mlp import MLP
from skmnist._networks.neural_network import NeuralNetwork
from skmnist._utils.random_state import fork_global_rng, make_generator
from skmnist.exceptions import DivergenceError

from .batches import BatchIterator
from .criterion import MeanLoss
from .cuda_graphs import GraphTrainer, can_capture
from .denormals import flush_denormals
from .eager_trainer import EagerTrainer
from .fast_step import has_fast_step
from .image_dataset import ImageDataset
from .loss_scale import LossScale
from .memory import raise_mmap_threshold
from .optimizers import needs_closure
from .progress import EpochProgressBar, PrintBatchLoss
from .schedules import PER_BATCH, SCHEDULES
from .shards import ShardedGradient, count_shards
from .steps import AutogradStep, ManualBackwardStep
from .weight_average import WeightAverage, update_batch_norm

if TYPE_CHECKING:
    from collections.abc import Callable as Function
    from collections.abc import Iterable

    from torch import nn
    from typing_extensions import Self

    from .config import TrainingConfig
    from .early_stopping import EarlyStopping
    from .snapshot import EpochSnapshot

_BATCH_EVENTS = ("on_batch_begin", "on_batch_end", "on_grad_computed")


def softmax(outputs: torch.Tensor) -> torch.Tensor:
    """Return probabilities for logits."""
    return torch.softmax(outputs, -1)


class Net(NeuralNetClassifier):
    """A skorch classifier that trains on an :class:`ImageDataset`.

    Parameters
    ----------
    module : nn.Module
    config : TrainingConfig
        What the epochs need to know beyond skorch's parameters.
    **kwargs
        skorch's.
    """

    # Moved to the CPU if there is no GPU when a pickle is loaded.
    cuda_dependent_attributes_: ClassVar[list[str]] = ["average_", "loss_scale_"]

    def __init__(self, module: nn.Module, *, config: TrainingConfig, **kwargs: Any) -> None:
        super().__init__(
            module,
            criterion=MeanLoss,
            criterion__loss=config.loss,
            train_split=None,
            predict_nonlinearity=softmax,
            **kwargs,
        )
        self.config = config
        self.average_: WeightAverage | None = None
        self.loss_scale_ = self._make_loss_scale()

    def is_thread_safe(self, *, training: bool) -> bool:
        """Return whether parts of a batch are independent, so that threads can share them.

        In training, batch normalization joins them.
        """
        if self.config.custom_module or torch.device(self.device).type != "cpu":
            return False
        return not (training and batch_norm_layers(self.module_))

    def count_shards(self, batch_size: int) -> int:
        """Return the number of shards of a mini-batch; 1 if this net can't be sharded."""
        module = self.module_
        if isinstance(module, NeuralNetwork) or not self.is_thread_safe(training=True):
            return 1
        n_parameters = sum(p.numel() for p in module.parameters())
        return count_shards(batch_size, 6 * self.config.multiply_adds, n_parameters)

    def set_average(self, enabled: bool) -> None:
        """Average the weights from now on, or continue without an average, from the raw weights."""
        if enabled and self.average_ is None:
            self.start_average()
        elif not enabled and self.average_ is not None:
            self.average_.swap(self.module_)
            self.average_ = None

    def start_average(self) -> None:
        """Start a new average of the weights."""
        self.average_ = WeightAverage(self.module_)

    def get_average_state(self) -> dict[str, Any] | None:
        """Return a copy of the state of the average, or None without an average."""
        return None if self.average_ is None else self.average_.get_state()

    def set_average_state(self, state: dict[str, Any] | None) -> None:
        """Set the state of an average to what :meth:`get_average_state` returned; ignore None."""
        if self.average_ is not None and state is not None:
            self.average_.set_state(state)

    def _make_loss_scale(self) -> LossScale | None:
        if self.config.autocast != torch.float16:
            return None
        return LossScale(torch.device(self.device))

    def get_loss_scale_state(self) -> dict[str, Any] | None:
        """Return a copy of the state of the loss scale, or None without one."""
        return None if self.loss_scale_ is None else self.loss_scale_.get_state()

    def set_loss_scale_state(self, state: dict[str, Any] | None) -> None:
        """Set the state of a loss scale to what :meth:`get_loss_scale_state` returned."""
        if self.loss_scale_ is not None and state is not None:
            self.loss_scale_.set_state(state)

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        return []

    def partial_fit(
        self, X: ImageDataset, y: None = None, classes: None = None, **fit_params: Any
    ) -> Self:
        """Train for some epochs, see :meth:`fit_loop` for the arguments.

        Unlike skorch's, it doesn't catch a KeyboardInterrupt, except for the one by which skorch's
        EarlyStopping ends the training.
        """
        raise_mmap_threshold()
        self.notify("on_train_begin", X=X, y=X.y)
        try:
            self.fit_loop(X, **fit_params)
        except KeyboardInterrupt:
            if not self._stopped_by_callback():
                raise
        finally:
            for _, callback in self.callbacks_:
                if isinstance(callback, EpochProgressBar):
                    callback.close()
            self._set_training(False)
            if len(self.history) and "dur" not in self.history[-1]:
                del self.history[-1]  # an epoch that was interrupted
        self.notify("on_train_end", X=X, y=X.y)
        return self

    def _stopped_by_callback(self) -> bool:
        return any(
            isinstance(callback, SkorchEarlyStopping) and callback.misses_ >= callback.patience
            for _, callback in self.callbacks_
        )

    def fit_loop(
        self,
        X: ImageDataset,
        y: None = None,
        epochs: int = 1,
        *,
        snapshot: EpochSnapshot,
        validation_set: ImageDataset | None = None,
        early_stopping: EarlyStopping | None = None,
        before_epoch: Function[[], object] | None = None,
        after_epoch: Function[[], bool] | None = None,
    ) -> None:
        """Run the epochs.

        Parameters
        ----------
        X : ImageDataset
            The training set.
        epochs : int
        snapshot : EpochSnapshot
            Saved at the end of each epoch.
        validation_set : ImageDataset or None
            Evaluated at the end of each epoch.
        early_stopping : EarlyStopping or None
            May end the training.
        before_epoch : function or None
            Called before each epoch.
        after_epoch : function or None
            Called after each epoch, with the weights in place that a training which ends there
            would leave. If it returns True, the training ends.
        """
        datasets = {"dataset_train": X, "dataset_valid": validation_set}
        trainer: EagerTrainer | GraphTrainer | None = None
        for _ in range(epochs):
            if before_epoch is not None:
                before_epoch()
            start = time.perf_counter()
            epoch = len(self.history)
            self.notify("on_epoch_begin", **datasets)
            if trainer is None or not trainer.is_reusable:
                trainer = (GraphTrainer if can_capture(self, X) else EagerTrainer)(self, X)
            self._train_epoch(X, epoch, trainer)
            if validation_set is not None:
                self._validate(validation_set)
            self.history.record("lr", self.optimizer_.param_groups[0]["lr"])
            self.history.record("dur", time.perf_counter() - start)
            stop = early_stopping is not None and early_stopping.update(self)
            snapshot.save()
            self.notify("on_epoch_end", **datasets)
            snapshot.commit()
            if after_epoch is not None:
                self._set_training(False)
                with contextlib.ExitStack() as stack:
                    if early_stopping is not None:
                        stack.enter_context(early_stopping.best_weights(self))
                    stop = after_epoch() or stop
            if stop:
                break

    # -- one epoch ---------------------------------------------------------------------------

    def _train_epoch(
        self, dataset: ImageDataset, epoch: int, trainer: EagerTrainer | GraphTrainer
    ) -> None:
        config, average = self.config, self.average_
        with contextlib.ExitStack() as stack:
            if average is not None:
                stack.enter_context(average.raw_weights(self.module_))
            if config.custom_module or callable(config.augment):
                stack.enter_context(fork_global_rng(config.seed, "global", epoch, dataset.device))
            stack.enter_context(flush_denormals(dataset.device))
            stack.enter_context(trainer.epoch(epoch))
            self._set_training(True)
            losses, weight_sums = self._train_batches(trainer, epoch)
            self._record_losses(losses, weight_sums, epoch)
        if average is not None:
            with self.autocast():
                update_batch_norm(self.module_, dataset)

    def _train_batches(
        self, trainer: EagerTrainer | GraphTrainer, epoch: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Train on each batch; return their mean losses and their sums of weights."""
        batches = trainer.batches(self.make_order(epoch))
        n_batches = len(batches)
        lrs = iter(self.learning_rates(epoch, n_batches))
        losses, weight_sums = [], []
        printer = next((c for _, c in self.callbacks_ if isinstance(c, PrintBatchLoss)), None)
        for chunk in batches.chunks():
            predictions = trainer.train(chunk, lrs)
            chunk_losses, chunk_weight_sums = batch_means(
                self.config.loss, predictions, chunk.targets, chunk.weights, chunk.batch_sizes
            )
            losses.append(chunk_losses)
            weight_sums.append(chunk_weight_sums)
            if printer is not None:
                printer.show(epoch, losses, weight_sums, n_batches)
        return torch.cat(losses), torch.cat(weight_sums)

    def make_order(self, epoch: int) -> torch.Generator | None:
        """Return the generator that draws the order of the samples; None keeps their order."""
        return make_generator(self.config.seed, "order", epoch) if self.config.shuffle else None

    def make_step(
        self, dataset: ImageDataset, epoch: int, get_generator: Function[[str], torch.Generator]
    ) -> AutogradStep | ManualBackwardStep:
        """Return the function that trains on one batch of `dataset` in an epoch.

        ``get_generator(purpose)`` returns the generator of random numbers.
        """
        generator = seed_dropout(self.module_, lambda: get_generator("dropout"))
        manual_mlp = None
        manual = self.config.manual_backward and self.config.autocast is None
        if isinstance(self.module_, NeuralNetwork) or (manual and isinstance(self.module_, MLP)):
            manual_mlp = None if needs_closure(self.optimizer_) else self.module_.backpropagation()
        sparse = (
            manual_mlp is not None
            and self.config.augment is None
            and has_fast_step(self.optimizer_)
            and dataset.use_sparse(manual_mlp.n_units, self.batch_size)
        )
        is_sharded = not sparse and self.count_shards(min(self.batch_size, len(dataset))) > 1
        if manual_mlp is None or is_sharded:
            return AutogradStep(self, ShardedGradient(self, epoch) if is_sharded else None)
        return ManualBackwardStep(self, manual_mlp, generator, sparse)

    def has_batch_callbacks(self) -> bool:
        """Whether some callback defines one of the methods that are called for each batch."""
        return any(
            getattr(type(callback), event) is not getattr(Callback, event)
            for _, callback in self.callbacks_
            for event in _BATCH_EVENTS
        )

    def report_batch(
        self,
        prefix: str,
        batch: tuple[torch.Tensor, torch.Tensor],
        loss: torch.Tensor,
        outputs: torch.Tensor,
    ) -> None:
        """Record a batch and notify the callbacks of its end."""
        self.history.record_batch(f"{prefix}_loss", loss.item())
        self.history.record_batch(f"{prefix}_batch_size", len(outputs))
        training = prefix == "train"
        self.notify("on_batch_end", batch=batch, training=training, loss=loss, y_pred=outputs)

    def notify_gradients(self, batch: tuple[torch.Tensor, torch.Tensor]) -> None:
        """Notify the callbacks that the gradients are computed."""
        self.notify(
            "on_grad_computed",
            named_parameters=list(self.get_all_learnable_params()),
            batch=batch,
            training=True,
        )

    def _record_losses(self, losses: torch.Tensor, weight_sums: torch.Tensor, epoch: int) -> None:
        batch_losses = losses.cpu().double().numpy()
        weights = weight_sums.cpu().double().numpy()
        diverged = np.flatnonzero(~np.isfinite(batch_losses))
        if len(diverged):
            first = diverged[0]
            position = f"batch {first + 1} of {len(batch_losses)}"
            problem = f"The loss became {batch_losses[first]} in {position} of"
        elif not _are_finite([p.detach() for p in self.module_.parameters()]):
            problem = "The weights became infinite or NaN at the end of"
        else:
            self._record_best("train_loss", float(np.average(batch_losses, weights=weights)))
            self.history.record("train_batch_count", len(batch_losses))
            if self.callbacks_ and not self.history[-1]["batches"]:
                self.history.new_batch()  # skorch's Checkpoint looks for a last one
                self.history.record_batch("train_loss", batch_losses[-1])
            return
        raise DivergenceError(
            f"{problem} epoch {epoch + 1}, with lr={self.optimizer_.param_groups[0]['lr']:g}. Use "
            "a smaller lr, or scale X, for example to 0..1."
        )

    def _record_best(self, name: str, value: float, lower_is_better: bool = True) -> None:
        """Record a value of the epoch, and whether it is the best so far, as skorch does."""
        earlier = [epoch[name] for epoch in self.history[:-1] if name in epoch]
        best = (min if lower_is_better else max)([*earlier, value])
        self.history.record(name, value)
        self.history.record(f"{name}_best", value == best and value not in earlier)

    def learning_rates(self, epoch: int, n_batches: int) -> list[float | None]:
        """Set the learning rate of an epoch; return those of its batches, None for this one."""
        schedule, first = self.config.lr_schedule, self.config.first_epoch
        unchanged: list[float | None] = [None] * n_batches
        if schedule is None:
            return unchanged
        losses = [e.get("valid_loss", e["train_loss"]) for e in self.history[first:-1]]

        def lr(step: int, total_steps: int) -> float:
            return self.lr * SCHEDULES[schedule](step, total_steps, losses)

        if schedule in PER_BATCH:
            start, total_steps = (epoch - first) * n_batches, self.max_epochs * n_batches
            return [lr(start + batch, total_steps) for batch in range(n_batches)]
        for group in self.optimizer_.param_groups:
            group["lr"] = lr(epoch - first, self.max_epochs)
        return unchanged

    # -- without training --------------------------------------------------------------------

    def _validate(self, dataset: ImageDataset) -> None:
        self._set_training(False)
        report = self.has_batch_callbacks()
        parts = []  # sums of the losses, the correct ones, the weights
        for chunk in BatchIterator(dataset, self.config.eval_batch_size).chunks():
            for x, targets, weights in chunk:
                if report:
                    batch = (x.clone(), targets.argmax(1))
                    self.notify("on_batch_begin", batch=batch, training=False)
                outputs = self.outputs(x)
                losses = LOSSES[self.config.loss](outputs, targets)
                correct = (outputs.argmax(1) == targets.argmax(1)).to(losses.dtype)
                weights = torch.ones_like(losses) if weights is None else weights
                if report:
                    loss = losses @ weights / weights.sum()
                    self.report_batch("valid", batch, loss, outputs)
                parts.append(torch.stack([losses @ weights, correct @ weights, weights.sum()]))
        sums = torch.zeros(3, dtype=torch.float64)
        for part in torch.stack(parts).cpu():
            sums += part
        loss, accuracy = (sums[:2] / sums[2]).tolist()
        self._record_best("valid_loss", loss)
        self._record_best("valid_acc", accuracy, lower_is_better=False)

    @torch.inference_mode()
    def outputs(self, x: torch.Tensor) -> torch.Tensor:
        """Return the module's outputs for a batch of network inputs."""
        with self.autocast():
            return self.module_(x).to(x.dtype)

    def copy(self, *, optimizer: bool = True) -> Self:
        """Return an independent net that predicts and continues to train as this one would now.

        It has none of the callbacks. Without its optimizer it takes less memory, and only predicts.
        """
        result = object.__new__(type(self))
        names = ("optimizer_", "average_", "loss_scale_")
        training = {name: getattr(self, name) if optimizer else None for name in names}
        module, training = copy.deepcopy((self.module_, training))
        result.__dict__.update(vars(self), module=module, module_=module, **training)
        result.__dict__.update(history_=copy.deepcopy(self.history), callbacks=None, callbacks_=[])
        return result

    def replace_optimizer(self, optimizer: type, settings: dict[str, Any]) -> None:
        """Continue with another optimizer, which starts without the old one's state."""
        for name in [name for name in vars(self) if name.startswith("optimizer__")]:
            delattr(self, name)
        self.optimizer = optimizer
        for name, value in settings.items():
            setattr(self, name, value)
        self.initialize_optimizer()
        self.loss_scale_ = self._make_loss_scale()

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        """Return a context that multiplies in bfloat16 or float16 if the config says so."""
        if self.config.autocast is None:
            return contextlib.nullcontext()
        # Inside a caller's autocast, a cache would keep the weights of the first batch.
        return torch.autocast(
            torch.device(self.device).type, self.config.autocast, cache_enabled=False
        )

    def __getstate__(self) -> dict[str, Any]:
        # The same object as `module_`, which skorch moves to the CPU if there is no GPU.
        state = super().__getstate__()
        del state["module"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.module = self.module_

    def get_iterator(self, dataset: Any, training: bool = False) -> Iterable[Any]:
        """Return batches of an :class:`ImageDataset`, or skorch's iterator for anything else."""
        if not isinstance(dataset, ImageDataset):
            return super().get_iterator(dataset, training=False)
        return BatchIterator(dataset, self.batch_size)


def _are_finite(weights: list[torch.Tensor]) -> bool:
    # Sums are thirty times faster, unless one overflows. A GPU is waited for once.
    if torch.stack([w.sum() for w in weights]).isfinite().all():
        return True
    return all(bool(w.isfinite().all()) for w in weights)
