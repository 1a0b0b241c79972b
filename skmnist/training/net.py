"""skorch's net with an epoch loop for small networks.

skorch spends most of a small network's epoch on collating rows, on a history of batches and on
calling callbacks that do nothing. Here the batches are slices of prepared chunks, losses stay on
the device until the epoch ends, and batches are only reported one by one where a callback wants
to hear of them. Everything around the epoch is skorch's.
"""

import contextlib
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, EarlyStopping
from torch import nn

from skmnist.modules import Dropout
from skmnist.random_state import make_generator, seeded_globally
from skmnist.training.batches import Batches, Images
from skmnist.training.losses import LOSSES, one_hot
from skmnist.training.optimizers import quick_step
from skmnist.training.schedules import PER_BATCH, SCHEDULES

_BATCH_EVENTS = ("on_batch_begin", "on_batch_end", "on_grad_computed")


class MeanLoss(nn.Module):
    """One of our losses as the criterion that skorch and its callbacks expect."""

    def __init__(self, loss):
        super().__init__()
        self.loss = loss

    def forward(self, outputs, codes):
        """Return the mean loss for class numbers."""
        return LOSSES[self.loss].rows(outputs, one_hot(codes, outputs.shape[1], outputs.dtype)).mean()


def softmax(outputs):
    """Return probabilities for logits."""
    return torch.softmax(outputs, -1)


class Recipe(NamedTuple):
    """How the epochs are run."""

    seed: int
    loss: str = "cross_entropy"  # a key of LOSSES
    shuffle: bool = True
    schedule: str | None = None  # a key of SCHEDULES
    first_epoch: int = 0  # the one that the schedule starts from
    bf16: bool = False  # multiply in bfloat16
    hand_written: bool = True  # use the hand-written backward pass where there is one
    augment: Callable | None = None  # applied to each training batch
    foreign: bool = False  # the module isn't ours and may draw from torch's global generators


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

    def partial_fit(self, X, y=None, classes=None, *, valid=None, epochs=1, stopping=None):
        """Train for some epochs on :class:`Images`.

        Unlike skorch's, it lets a KeyboardInterrupt through, except for the one by which skorch's
        EarlyStopping ends the training.
        """
        if not self.initialized_:
            self.initialize()
        self.notify("on_train_begin", X=X, y=X.y)
        try:
            self.fit_loop(X, valid, epochs, stopping)
        except KeyboardInterrupt:
            if not self._stopped_by_callback():
                raise
        finally:
            self._set_training(False)
        self.notify("on_train_end", X=X, y=X.y)
        return self

    def _stopped_by_callback(self):
        return any(
            isinstance(callback, EarlyStopping) and callback.misses_ >= callback.patience
            for _, callback in self.callbacks_
        )

    def fit_loop(self, train, valid, epochs, stopping):
        """Run the epochs, until `stopping` (an EarlyStop or None) has seen enough."""
        datasets = {"dataset_train": train, "dataset_valid": valid}
        for _ in range(epochs):
            start = time.perf_counter()
            epoch = len(self.history)
            self.notify("on_epoch_begin", **datasets)
            self._train_epoch(train, epoch)
            if valid is not None:
                self._validate(valid)
            self.history.record("lr", self.optimizer_.param_groups[0]["lr"])
            self.history.record("dur", time.perf_counter() - start)
            self.notify("on_epoch_end", **datasets)
            if stopping is not None and stopping.update(self):
                break

    # -- one epoch ---------------------------------------------------------------------------

    def _train_epoch(self, images, epoch):
        device = images.device
        batches = Batches(images, self.batch_size)
        if self.recipe.shuffle:
            batches.generator = make_generator(self.recipe.seed, "order", epoch)
        dropout = make_generator(self.recipe.seed, "dropout", epoch, device)
        for module in self.module_.modules():
            if isinstance(module, Dropout):
                module.generator = dropout
        step = self._choose_step(dropout)
        report = self._wants_batches()
        losses = []
        with contextlib.ExitStack() as stack:
            if self.recipe.foreign or self.recipe.augment is not None:
                stack.enter_context(seeded_globally(self.recipe.seed, "global", epoch, device))
            self._set_training(True)
            sizes = batches.sizes()
            done = 0
            for chunk in batches.chunks():
                outputs = []
                for x, targets, weights in chunk:
                    if self.recipe.schedule is not None:
                        self._set_lr(epoch, done, len(sizes))
                    done += 1
                    if self.recipe.augment is not None:
                        x = self.recipe.augment(x)
                    if report:
                        output = self._reported_step(step, x, targets, weights)
                    else:
                        output = step(x, targets, weights)
                    outputs.append(output)
                losses.append(self._batch_losses(outputs, chunk))
        losses = torch.cat(losses)
        self._record_losses(losses, sizes, epoch)

    def _choose_step(self, dropout):
        """Return the function that trains on one batch and returns the outputs."""
        passes = None
        if self.recipe.hand_written and not self.recipe.bf16 and hasattr(self.module_, "backpropagation"):
            passes = self.module_.backpropagation()
        step = _AutogradStep(self) if passes is None else _HandWrittenStep(self, passes, dropout)
        return step

    def _wants_batches(self):
        """Whether some callback defines one of the methods that are called for each batch."""
        return any(
            getattr(type(callback), event, None) is not getattr(Callback, event)
            for _, callback in self.callbacks_
            for event in _BATCH_EVENTS
        )

    def _reported_step(self, step, x, targets, weights):
        batch = (x, targets.argmax(1))
        self.notify("on_batch_begin", batch=batch, training=True)
        output = step(x, targets, weights, report=batch)
        loss = self._batch_losses([output], [(x, targets, weights)])[0]
        self.history.record_batch("train_loss", loss.item())
        self.history.record_batch("train_batch_size", len(x))
        self.notify("on_batch_end", batch=batch, training=True, loss=loss, y_pred=output)
        return output

    @torch.no_grad()
    def _batch_losses(self, outputs, chunk):
        """Return the loss of each batch of a chunk: one call for all of them."""
        _, targets, weights = zip(*chunk, strict=True)
        rows = LOSSES[self.recipe.loss].rows(torch.cat(outputs), torch.cat(targets))
        losses = []
        for loss, weight in zip(rows.split([len(t) for t in targets]), weights, strict=True):
            losses.append(loss.mean() if weight is None else loss @ weight / weight.sum())
        return torch.stack(losses)

    def _record_losses(self, losses, sizes, epoch):
        losses = losses.double().cpu().numpy()
        bad = np.flatnonzero(~np.isfinite(losses))
        if len(bad):
            raise ValueError(
                f"The loss became {losses[bad[0]]} in epoch {epoch + 1}, batch {bad[0] + 1} of "
                f"{len(losses)}, with lr={self.optimizer_.param_groups[0]['lr']:g}. Use a smaller "
                "lr, or scale X (to 0..1, say)."
            )
        self._record_best("train_loss", float(np.average(losses, weights=sizes)))
        self.history.record("train_batch_count", len(sizes))

    def _record_best(self, name, value, lower_is_better=True):
        """Record a figure of the epoch, and whether it is the best so far, as skorch does."""
        earlier = [row[name] for row in self.history[:-1] if name in row]
        best = (min if lower_is_better else max)([*earlier, value])
        self.history.record(name, value)
        self.history.record(f"{name}_best", value == best and value not in earlier)

    def _set_lr(self, epoch, batch, n_batches):
        if batch > 0 and self.recipe.schedule not in PER_BATCH:
            return
        within = batch / n_batches if self.recipe.schedule in PER_BATCH else 0
        first = self.recipe.first_epoch
        losses = [r.get("valid_loss", r["train_loss"]) for r in self.history[first:-1]]
        epoch -= first
        factor = SCHEDULES[self.recipe.schedule]((epoch + within) / self.max_epochs, epoch, losses)
        for group in self.optimizer_.param_groups:
            group["lr"] = self.lr * factor

    # -- without training --------------------------------------------------------------------

    def _validate(self, images):
        self._set_training(False)
        loss, right = 0.0, 0.0
        total = 0.0
        for chunk in Batches(images, images.chunk_rows).chunks():
            for x, targets, weights in chunk:
                outputs = self.outputs(x)
                rows = LOSSES[self.recipe.loss].rows(outputs, targets)
                hits = (outputs.argmax(1) == targets.argmax(1)).to(rows.dtype)
                if weights is None:
                    weights = torch.ones_like(rows)
                loss += float(rows @ weights)
                right += float(hits @ weights)
                total += float(weights.sum())
        self._record_best("valid_loss", loss / total)
        self._record_best("valid_acc", right / total, lower_is_better=False)

    @torch.inference_mode()
    def outputs(self, x):
        """Return the module's outputs for a prepared batch, without gradients."""
        with self._autocast(x.device):
            return self.module_(x).to(x.dtype)

    def _autocast(self, device):
        return torch.autocast(device.type, torch.bfloat16, enabled=self.recipe.bf16)

    def get_iterator(self, dataset, training=False):
        """Return batches of :class:`Images`, or skorch's iterator for anything else."""
        if not isinstance(dataset, Images):
            return super().get_iterator(dataset, training=False)
        return Batches(dataset, self.batch_size)


class _AutogradStep:
    """One step of training by autograd, for any module and any optimizer."""

    def __init__(self, net):
        self.net = net
        self.rows = LOSSES[net.recipe.loss].rows

    def __call__(self, x, targets, weights, report=None):
        net = self.net
        first = []  # an optimizer like LBFGS calls the closure several times

        def closure():
            net.optimizer_.zero_grad()
            with net._autocast(x.device):
                outputs = net.module_(x)
            if outputs.shape != targets.shape:
                raise ValueError(
                    f"The module returned outputs of shape {tuple(outputs.shape)} for a batch of "
                    f"shape {tuple(x.shape)}; {tuple(targets.shape)} is wanted: one logit for "
                    "each class."
                )
            rows = self.rows(outputs.to(targets.dtype), targets)
            loss = rows.mean() if weights is None else rows @ weights / weights.sum()
            loss.backward()
            if report is not None:
                net.notify(
                    "on_grad_computed",
                    named_parameters=list(net.get_all_learnable_params()),
                    batch=report,
                    training=True,
                )
            first.append(outputs.detach().to(targets.dtype))
            return loss

        net.optimizer_.step(closure)
        return first[0]


class _HandWrittenStep:
    """One step of training by the hand-written passes: see ``training/gradients.py``."""

    def __init__(self, net, passes, generator):
        self.net = net
        self.passes = passes
        self.generator = generator if passes.dropout else None
        self.gradient = LOSSES[net.recipe.loss].gradient
        self.update = None  # found after the first step, which makes the optimizer's state

    @torch.no_grad()
    def __call__(self, x, targets, weights, report=None):
        net = self.net
        outputs = self.passes.forward(x, self.generator)
        d = self.gradient(outputs, targets)
        if weights is None:
            d.div_(len(x))
        else:
            d.mul_((weights / weights.sum())[:, None])
        self.passes.backward(d)
        if report is not None:
            net.notify(
                "on_grad_computed",
                named_parameters=list(net.get_all_learnable_params()),
                batch=report,
                training=True,
            )
        if hasattr(net.module_, "update_params"):
            net.module_.update_params(net.optimizer_.param_groups[0]["lr"])
        elif self.update is None:
            net.optimizer_.step()
            self.update = quick_step(net.optimizer_)
        else:
            self.update()
        return outputs
