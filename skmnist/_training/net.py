"""skorch's net with an epoch loop for small networks.

skorch spends most of a small network's epoch on collating rows, on a history of batches and on
calling callbacks that do nothing. Here the batches are slices of prepared chunks, losses stay on
the device until the epoch ends, and batches are only reported one by one where a callback wants
to hear of them. Everything around the epoch is skorch's.
"""

import contextlib
import copy
import time

import numpy as np
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, EarlyStopping
from torch import nn

from skmnist._networks.layers import Dropout
from skmnist._networks.losses import LOSSES, batch_means, one_hot
from skmnist._networks.mlp import MLP
from skmnist._networks.neural_network import NeuralNetwork
from skmnist._utils.random_state import fork_global_rng, make_generator
from skmnist.exceptions import DivergenceError
from skmnist.preprocessing._augmentation import AUGMENTATIONS

from .batches import Batches, Images
from .cuda_graphs import RecordedStep, can_record
from .denormals import denormals_as_zero
from .memory import keep_freed_memory
from .optimizers import has_quick_step, needs_closure
from .progress import BatchLines, EpochBar
from .schedules import PER_BATCH, SCHEDULES
from .steps import AutogradStep, HandWrittenStep

_BATCH_EVENTS = ("on_batch_begin", "on_batch_end", "on_grad_computed")


class MeanLoss(nn.Module):
    """One of our losses as the criterion that skorch and its callbacks expect."""

    def __init__(self, loss):
        super().__init__()
        self.loss = loss

    def forward(self, outputs, codes):
        """Return the mean loss for class numbers."""
        targets = one_hot(codes, outputs.shape[1], outputs.dtype)
        return LOSSES[self.loss](outputs, targets).mean()


def _is_finite(weights):
    # The sum tells it thirty times quicker, unless it overflows.
    return weights.detach().sum().isfinite() or weights.isfinite().all()


def softmax(outputs):
    """Return probabilities for logits."""
    return torch.softmax(outputs, -1)


class Net(NeuralNetClassifier):
    """A skorch classifier that trains on :class:`Images`.

    Parameters
    ----------
    module : nn.Module
    recipe : Recipe
        What the epochs need to know beyond skorch's parameters.
    **kwargs
        skorch's.
    """

    def __init__(self, module, *, recipe, **kwargs):
        super().__init__(
            module,
            criterion=MeanLoss,
            criterion__loss=recipe.loss,
            train_split=None,
            predict_nonlinearity=softmax,
            **kwargs,
        )
        self.recipe = recipe

    @property
    def _default_callbacks(self):
        return []

    def partial_fit(
        self,
        X,
        y=None,
        classes=None,
        *,
        valid=None,
        epochs=1,
        stopping=None,
        whole,
        before_epoch=None,
        after_epoch=None,
    ):
        """Train for some epochs on :class:`Images`.

        Unlike skorch's, it lets a KeyboardInterrupt through, except for the one by which skorch's
        EarlyStopping ends the training.
        """
        keep_freed_memory()
        self.notify("on_train_begin", X=X, y=X.y)
        try:
            self.fit_loop(X, valid, epochs, stopping, whole, before_epoch, after_epoch)
        except KeyboardInterrupt:
            if not self._stopped_by_callback():
                raise
        finally:
            for _, callback in self.callbacks_:
                if isinstance(callback, EpochBar):
                    callback.close()
            self._set_training(False)
            if len(self.history) and "dur" not in self.history[-1]:
                del self.history[-1]  # an epoch that was interrupted
        self.notify("on_train_end", X=X, y=X.y)
        return self

    def _stopped_by_callback(self):
        return any(
            isinstance(callback, EarlyStopping) and callback.misses_ >= callback.patience
            for _, callback in self.callbacks_
        )

    def fit_loop(self, train, valid, epochs, stopping, whole, before_epoch, after_epoch):
        """Run the epochs, until `stopping` (an EarlyStop or None) has seen enough.

        `whole`, a WholeEpochs, keeps what each came to.
        `before_epoch` and `after_epoch`, functions or None, are called around each; the latter
        with the weights in place that stopping there would leave, and it may return True to stop.
        """
        datasets = {"dataset_train": train, "dataset_valid": valid}
        for _ in range(epochs):
            if before_epoch is not None:
                before_epoch()
            start = time.perf_counter()
            epoch = len(self.history)
            self.notify("on_epoch_begin", **datasets)
            self._train_epoch(train, epoch)
            if valid is not None:
                self._validate(valid)
            self.history.record("lr", self.optimizer_.param_groups[0]["lr"])
            self.history.record("dur", time.perf_counter() - start)
            enough = stopping is not None and stopping.update(self)
            whole.keep()
            self.notify("on_epoch_end", **datasets)
            whole.end()
            if after_epoch is not None:
                self._set_training(False)
                with stopping.best_weights(self) if stopping else contextlib.nullcontext():
                    enough = after_epoch() or enough
            if enough:
                break

    # -- one epoch ---------------------------------------------------------------------------

    def _train_epoch(self, images, epoch):
        recipe = self.recipe
        step = self._make_step(epoch, images)
        train = step
        if self._wants_batches():
            train = self._reported(step)
        elif can_record(step, images.device):
            train = RecordedStep(step)
        augment = self._augmentation(epoch, images.device)
        order = make_generator(recipe.seed, "order", epoch) if recipe.shuffle else None
        batches = Batches(images, self.batch_size, order, step.sparse)
        losses, masses = [], []
        with contextlib.ExitStack() as stack:
            if recipe.foreign or callable(recipe.augment):
                stack.enter_context(fork_global_rng(recipe.seed, "global", epoch, images.device))
            stack.enter_context(denormals_as_zero(images.device))
            stack.enter_context(step.mode())
            self._set_training(True)
            n_batches, done = len(batches), 0
            lines = next((c for _, c in self.callbacks_ if isinstance(c, BatchLines)), None)
            for chunk in batches.chunks():
                linked = []
                for x, targets, weights in chunk:
                    if recipe.schedule is not None:
                        self._set_lr(epoch, done, n_batches)
                    done += 1
                    if augment is not None:
                        x = augment(x)
                    linked.append(train(x, targets, weights))
                loss, mass = batch_means(
                    recipe.loss, torch.cat(linked), chunk.targets, chunk.weights, chunk.sizes
                )
                losses.append(loss)
                masses.append(mass)
                if lines is not None:
                    lines.show(epoch, losses, masses, n_batches)
        self._record_losses(torch.cat(losses), torch.cat(masses), epoch)

    def _augmentation(self, epoch, device):
        """Return the function that varies a batch, or None."""
        augment, picture = self.recipe.augment, self.recipe.picture
        if not isinstance(augment, str):
            return augment and self._augmented
        vary = AUGMENTATIONS[augment]
        generator = make_generator(self.recipe.seed, "augment", epoch, device)
        return lambda x: vary(x.view(-1, *picture), generator).view(x.shape)

    def _augmented(self, x):
        result = self.recipe.augment(x)
        if not torch.is_tensor(result) or (result.shape, result.dtype) != (x.shape, x.dtype):
            came = (
                f"{result.dtype} of shape {tuple(result.shape)}"
                if torch.is_tensor(result)
                else type(result).__name__
            )
            raise ValueError(
                f"augment returned {came} for a batch of {x.dtype} of shape {tuple(x.shape)}; it "
                "must return a tensor of the same type and shape."
            )
        return result

    def _make_step(self, epoch, images):
        """Return the function that trains on one batch of `images`."""
        dropout = [module for module in self.module_.modules() if isinstance(module, Dropout)]
        generator = None
        if dropout:
            generator = make_generator(self.recipe.seed, "dropout", epoch, images.device)
        for module in dropout:
            module.generator = generator
        passes = None
        by_hand = self.recipe.hand_written and not self.recipe.bf16
        if isinstance(self.module_, NeuralNetwork) or (by_hand and isinstance(self.module_, MLP)):
            passes = None if needs_closure(self.optimizer_) else self.module_.backpropagation()
        if passes is None:
            return AutogradStep(self)
        sparse = (
            self.recipe.augment is None
            and has_quick_step(self.optimizer_)
            and images.sparse_pays(passes.n_units, self.batch_size)
        )
        return HandWrittenStep(self, passes, generator, sparse)

    def _wants_batches(self):
        """Whether some callback defines one of the methods that are called for each batch."""
        return any(
            getattr(type(callback), event) is not getattr(Callback, event)
            for _, callback in self.callbacks_
            for event in _BATCH_EVENTS
        )

    def _reported(self, step):
        """Return `step` with what skorch does before and after it."""

        def reported_step(x, targets, weights):
            # Copied, because a callback may keep it: the next chunk takes the same memory.
            batch = (x.to_dense().clone(), targets.argmax(1))
            self.notify("on_batch_begin", batch=batch, training=True)
            linked = step(x, targets, weights, batch)
            losses, _ = batch_means(self.recipe.loss, linked, targets, weights, [len(linked)])
            self._report_batch("train", batch, losses[0], linked)
            return linked

        return reported_step

    def _report_batch(self, prefix, batch, loss, outputs):
        """Record a batch and tell the callbacks that it is done."""
        self.history.record_batch(f"{prefix}_loss", loss.item())
        self.history.record_batch(f"{prefix}_batch_size", len(outputs))
        training = prefix == "train"
        self.notify("on_batch_end", batch=batch, training=training, loss=loss, y_pred=outputs)

    def notify_gradients(self, batch):
        """Tell the callbacks that the gradients are there."""
        self.notify(
            "on_grad_computed",
            named_parameters=list(self.get_all_learnable_params()),
            batch=batch,
            training=True,
        )

    def _record_losses(self, losses, masses, epoch):
        losses, masses = losses.cpu().double().numpy(), masses.cpu().double().numpy()
        bad = np.flatnonzero(~np.isfinite(losses))
        if len(bad):
            where = f"The loss became {losses[bad[0]]} in batch {bad[0] + 1} of {len(losses)} of"
        elif not all(map(_is_finite, self.module_.parameters())):
            where = "The weights became infinite or NaN at the end of"
        else:
            self._record_best("train_loss", float(np.average(losses, weights=masses)))
            self.history.record("train_batch_count", len(losses))
            if self.callbacks_ and not self.history[-1]["batches"]:
                self.history.new_batch()  # skorch's Checkpoint looks for a last one
                self.history.record_batch("train_loss", losses[-1])
            return
        raise DivergenceError(
            f"{where} epoch {epoch + 1}, with lr={self.optimizer_.param_groups[0]['lr']:g}. Use a "
            "smaller lr, or scale X (to 0..1, say)."
        )

    def _record_best(self, name, value, lower_is_better=True):
        """Record a figure of the epoch, and whether it is the best so far, as skorch does."""
        earlier = [row[name] for row in self.history[:-1] if name in row]
        best = (min if lower_is_better else max)([*earlier, value])
        self.history.record(name, value)
        self.history.record(f"{name}_best", value == best and value not in earlier)

    def _set_lr(self, epoch, batch, n_batches):
        if batch > 0 and self.recipe.schedule not in PER_BATCH:
            return
        first = self.recipe.first_epoch
        losses = [row.get("valid_loss", row["train_loss"]) for row in self.history[first:-1]]
        steps = n_batches if self.recipe.schedule in PER_BATCH else 1
        done, planned = (epoch - first) * steps + batch, self.max_epochs * steps
        for group in self.optimizer_.param_groups:
            group["lr"] = self.lr * SCHEDULES[self.recipe.schedule](done, planned, losses)

    # -- without training --------------------------------------------------------------------

    def _validate(self, images):
        self._set_training(False)
        report = self._wants_batches()
        sums = torch.zeros(3, dtype=torch.float64)  # of the losses, the hits, the weights
        for chunk in Batches(images, self.recipe.evaluate_rows).chunks():
            for x, targets, weights in chunk:
                if report:
                    batch = (x.clone(), targets.argmax(1))
                    self.notify("on_batch_begin", batch=batch, training=False)
                outputs = self.outputs(x)
                losses = LOSSES[self.recipe.loss](outputs, targets)
                hits = (outputs.argmax(1) == targets.argmax(1)).to(losses.dtype)
                weights = torch.ones_like(losses) if weights is None else weights
                if report:
                    loss = losses @ weights / weights.sum()
                    self._report_batch("valid", batch, loss, outputs)
                sums += torch.stack([losses @ weights, hits @ weights, weights.sum()]).cpu()
        loss, accuracy = (sums[:2] / sums[2]).tolist()
        self._record_best("valid_loss", loss)
        self._record_best("valid_acc", accuracy, lower_is_better=False)

    @torch.inference_mode()
    def outputs(self, x):
        """Return the module's outputs for a prepared batch."""
        with self.autocast():
            return self.module_(x).to(x.dtype)

    def snapshot(self, *, optimizer=True):
        """Return a net that predicts and trains on as this one would now, whatever becomes of it.

        It has none of the callbacks. Without its optimizer it takes less memory, and only predicts.
        """
        twin = object.__new__(type(self))
        module, optimizer = copy.deepcopy((self.module_, self.optimizer_ if optimizer else None))
        vars(twin).update(vars(self), module=module, module_=module, optimizer_=optimizer)
        vars(twin).update(history_=copy.deepcopy(self.history), callbacks=None, callbacks_=[])
        return twin

    def replace_optimizer(self, optimizer, settings):
        """Go on with another optimizer, which starts without the old one's state."""
        for name in [name for name in vars(self) if name.startswith("optimizer__")]:
            delattr(self, name)
        self.optimizer = optimizer
        for name, value in settings.items():
            setattr(self, name, value)
        self.initialize_optimizer()

    def autocast(self):
        """Return a context in which products are taken in bfloat16, if that was asked for."""
        if not self.recipe.bf16:
            return contextlib.nullcontext()
        return torch.autocast(torch.device(self.device).type, torch.bfloat16)

    def __getstate__(self):
        # The same object as `module_`, which skorch moves to the CPU where there is no GPU.
        state = super().__getstate__()
        del state["module"]
        return state

    def __setstate__(self, state):
        super().__setstate__(state)
        self.module = self.module_

    def get_iterator(self, dataset, training=False):
        """Return batches of :class:`Images`, or skorch's iterator for anything else."""
        if not isinstance(dataset, Images):
            return super().get_iterator(dataset, training=False)
        return Batches(dataset, self.batch_size)
