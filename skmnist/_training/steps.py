"""One training step on one batch: by autograd, or by the manual forward and backward pass."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any

import torch

from skmnist._networks.losses import LOSSES
from skmnist._networks.mlp import MLP

from .fast_step import KernelInputs, column_major, fast_step, has_fast_step
from .first_batch import explain_shape_error, warn_on_bounded_outputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skmnist._networks.backpropagation import ManualMLP
    from skmnist._networks.sparse_input import SparseBatch

    from .net import Net

    Gradient = Callable[..., tuple[torch.Tensor, torch.Tensor]]
    # What callbacks are told once the gradients are computed: inputs and labels.
    ReportedBatch = tuple[torch.Tensor, torch.Tensor]


class _Step:
    def __init__(self, net: Net) -> None:
        self.net = net
        self.loss = LOSSES[net.config.loss]
        self.loss_scale = net.loss_scale_
        self.lr: torch.Tensor | None = None  # on the device, for a captured step
        self._fast_update: Callable[[], object] | None = None

    @property
    def has_updated(self) -> bool:
        """Whether the weights were updated; gradients in float16 may overflow at first."""
        return self._fast_update is not None

    def update(self) -> None:
        """Update the weights, by the optimizer's own step if it has no state for the fast one."""
        if self._fast_update is not None:
            self._fast_update()
            return
        optimizer, scale = self.net.optimizer_, self.loss_scale
        # As ordinary tensors: those of inference mode can't be changed outside of it.
        with torch.inference_mode(False), torch.no_grad():
            has_state = bool(optimizer.state)
            if not has_state and not self._take_own_step():
                return
            found_inf = None if scale is None else scale.found_inf
            self._fast_update = fast_step(optimizer, KernelInputs(self.lr, found_inf))
        if has_state:
            self._fast_update()

    def _take_own_step(self, closure: Callable[[], Any] | None = None) -> bool:
        """Take the optimizer's own step and return True, unless gradients in float16 overflowed."""
        if self.loss_scale is not None and self.loss_scale.found_inf > 0:  # waits for the device
            return False
        self.net.optimizer_.step(closure)
        return True


class AutogradStep(_Step):
    """A step by autograd, for any module and any optimizer.

    Parameters
    ----------
    net : Net
    gradient : function or None
        Writes the gradients for x, targets and weights, and returns the mean loss and
        ``loss.link`` of the outputs. None: one backward pass for the whole batch.
    """

    context = torch.enable_grad  # in which to call it
    sparse = False

    def __init__(self, net: Net, gradient: Gradient | None = None) -> None:
        super().__init__(net)
        self._gradient = gradient
        # A batch may not reach every weight of a user's module.
        self._use_fast_step = has_fast_step(net.optimizer_) and not net.config.custom_module
        self._is_first_batch = net.config.custom_module and len(net.history) == 1

    def __call__(
        self,
        x: torch.Tensor,
        targets: torch.Tensor,
        weights: torch.Tensor | None,
        batch: ReportedBatch | None = None,
    ) -> torch.Tensor:
        """Train on one batch.

        Parameters
        ----------
        x, targets : tensors
        weights : tensor or None
            Weight of each sample.
        batch : tuple or None
            What callbacks are told once the gradients are computed; None tells none.

        Returns
        -------
        tensor
            ``loss.link`` of the outputs.
        """
        # An optimizer such as LBFGS computes the gradients several times.
        predictions: list[torch.Tensor] = []
        batch_args = (x, targets, weights, batch)
        compute = functools.partial(self._compute_gradients, predictions, *batch_args)
        if self._use_fast_step:
            compute()
            with torch.no_grad():
                self.update()
        elif self.loss_scale is None:
            self.net.optimizer_.step(compute)
        else:
            loss = compute()
            self._take_own_step(lambda: loss)
        if self.loss_scale is not None:
            self.loss_scale.update()
        return predictions[0]

    # Not a function inside of __call__, whose variables a traceback would keep alive.
    def _compute_gradients(
        self,
        predictions: list[torch.Tensor],
        x: torch.Tensor,
        targets: torch.Tensor,
        weights: torch.Tensor | None,
        batch: ReportedBatch | None,
    ) -> torch.Tensor:
        """Compute the gradients, append ``loss.link`` of the outputs, and return the loss."""
        gradient = self._gradient or self._whole_gradient  # not an attribute: that would be a cycle
        loss, predicted = gradient(x, targets, weights)
        predictions.append(predicted)
        if self.loss_scale is not None:
            self.loss_scale.unscale(self.net.module_.parameters())
        if batch is not None:
            self.net.notify_gradients(batch)
        return loss

    def _whole_gradient(
        self, x: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        net = self.net
        net.optimizer_.zero_grad()
        with net.autocast(), self._explain_errors(x):
            outputs = net.module_(x)
        if outputs.shape != targets.shape:
            raise ValueError(
                "The module must return one output for each class, of shape "
                f"{tuple(targets.shape)}, for a batch of shape {tuple(x.shape)}. Got outputs "
                f"of shape {tuple(outputs.shape)} instead."
            )
        if self._is_first_batch and net.config.loss == "cross_entropy":
            warn_on_bounded_outputs(outputs)
        self._is_first_batch = False
        predicted = self.loss.link(outputs.to(targets.dtype))
        losses = self.loss.per_sample(predicted, targets)
        loss = losses.mean() if weights is None else losses @ weights / weights.sum()
        (loss if self.loss_scale is None else loss * self.loss_scale.scale).backward()
        return loss, predicted.detach()

    def _explain_errors(self, x: torch.Tensor) -> contextlib.AbstractContextManager[None]:
        if not self._is_first_batch:
            return contextlib.nullcontext()
        return explain_shape_error(tuple(x.shape), self.net.config.image_shape)


class ManualBackwardStep(_Step):
    """A step by the manual forward and backward pass, see ``_networks/backpropagation.py``.

    It is called like an :class:`AutogradStep`.

    Parameters
    ----------
    net : Net
    manual_mlp : ManualMLP
        The passes through the net's module.
    generator : torch.Generator or None
        Draws the dropout masks, if there is dropout.
    sparse : bool
        Whether each batch is a ``SparseBatch``, see ``_networks/sparse_input.py``.
    """

    def __init__(
        self, net: Net, manual_mlp: ManualMLP, generator: torch.Generator | None, sparse: bool
    ) -> None:
        super().__init__(net)
        self.manual_mlp = manual_mlp
        self.generator = generator
        self.sparse = sparse
        self._inverses: dict[int, torch.Tensor] = {}

    @contextlib.contextmanager
    def context(self) -> Iterator[None]:
        """Prepare for the batches of an epoch, all of which must be in this context."""
        module, optimizer = self.net.module_, self.net.optimizer_
        with contextlib.ExitStack() as stack:
            if self.sparse and isinstance(module, MLP):
                weight: Any = module.layers[0].weight
                stack.enter_context(column_major(weight, optimizer, self.net.average_))
                manual_mlp: Any = module.backpropagation()  # with views of the weights' new memory
                # The product itself becomes the gradient: to copy it takes as long as to multiply.
                manual_mlp.write_first_weight_grad = lambda product: setattr(
                    weight, "grad", product.t()
                )
                self.manual_mlp = manual_mlp
            stack.enter_context(torch.inference_mode())
            yield

    def _inverse_batch_size(self, targets: torch.Tensor) -> torch.Tensor:
        """Return 1 / n as a cached tensor: multiplying by one is faster than by a number."""
        n = targets.size(-2)
        if n not in self._inverses:
            self._inverses[n] = targets.new_full((), 1 / n)
        return self._inverses[n]

    def __call__(
        self,
        x: torch.Tensor | SparseBatch,
        targets: torch.Tensor,
        weights: torch.Tensor | None,
        batch: ReportedBatch | None = None,
    ) -> torch.Tensor:
        """Train on one batch, see :meth:`AutogradStep.__call__`."""
        predicted = self.loss.link(self.manual_mlp.forward(x, self.generator))
        grad = self.loss.grad(predicted, targets)
        grad.mul_(
            self._inverse_batch_size(targets)
            if weights is None
            else (weights / weights.sum(-1, keepdim=True)).unsqueeze(-1)
        )
        self.manual_mlp.backward(grad)
        if batch is not None:
            self.net.notify_gradients(batch)
        self.update()
        return predicted
