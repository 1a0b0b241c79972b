"""One step of training on one batch: by autograd, or by the hand-written passes."""

import contextlib

import torch

from skmnist._networks.losses import LOSSES
from skmnist._networks.mlp import MLP

from .optimizers import has_quick_step, quick_step, stored_by_columns


class _Step:
    def __init__(self, net):
        self.net = net
        self.loss = LOSSES[net.recipe.loss]
        self.update = self._update_first

    def _update_first(self):
        """Take the optimizer's own step where it has yet to make the state for the quick one."""
        optimizer = self.net.optimizer_
        # As plain tensors: those of inference mode can't be changed outside of it.
        with torch.inference_mode(False), torch.no_grad():
            has_state = bool(optimizer.state)
            if not has_state:
                optimizer.step()
            self.update = quick_step(optimizer)
        if has_state:
            self.update()


class AutogradStep(_Step):
    """A step by autograd, for any module and any optimizer."""

    mode = torch.enable_grad  # the context that it is to be called in
    sparse = False

    def __init__(self, net):
        super().__init__(net)
        # Not every batch has to reach every weight of a module that isn't ours.
        self._quick = has_quick_step(net.optimizer_) and not net.recipe.foreign

    def __call__(self, x, targets, weights, batch=None):
        """Train on one batch.

        Parameters
        ----------
        x, targets : tensors
        weights : tensor or None
            Of each row.
        batch : tuple or None
            What callbacks are told once the gradients are there; None tells none.

        Returns
        -------
        tensor
            ``loss.link`` of the outputs.
        """
        net = self.net
        first = []  # an optimizer such as LBFGS calls the closure several times

        def closure():
            net.optimizer_.zero_grad()
            with net.autocast():
                outputs = net.module_(x)
            if outputs.shape != targets.shape:
                raise ValueError(
                    f"The module returned outputs of shape {tuple(outputs.shape)} for a batch of "
                    f"shape {tuple(x.shape)}; {tuple(targets.shape)} is wanted: one output for "
                    "each class."
                )
            linked = self.loss.link(outputs.to(targets.dtype))
            rows = self.loss.per_sample(linked, targets)
            loss = rows.mean() if weights is None else rows @ weights / weights.sum()
            loss.backward()
            first.append(linked.detach())
            if batch is not None:
                net.notify_gradients(batch)
            return loss

        if self._quick:
            closure()
            with torch.no_grad():
                self.update()
        else:
            net.optimizer_.step(closure)
        return first[0]


class HandWrittenStep(_Step):
    """A step by the hand-written passes, see ``gradients.py``; called like the other.

    Parameters
    ----------
    net : Net
    passes : ManualMLP
        Through the net's module.
    generator : torch.Generator or None
        Draws the dropout, where there is any.
    sparse : bool
        Whether each batch is a ``SparseBatch``, see ``sparse.py``.
    """

    def __init__(self, net, passes, generator, sparse):
        super().__init__(net)
        self.passes = passes
        self.generator = generator
        self.sparse = sparse
        self._shares = {}

    @contextlib.contextmanager
    def mode(self):
        """Get ready for the batches of an epoch, which are to come in this context."""
        module, optimizer = self.net.module_, self.net.optimizer_
        with contextlib.ExitStack() as stack:
            if self.sparse and isinstance(module, MLP):
                weight = module.layers[0].weight
                stack.enter_context(stored_by_columns(weight, optimizer))
                self.passes = module.backpropagation()  # by views of where the weights lie now
                # The product itself becomes the gradient: to copy it takes as long as to multiply.
                self.passes.write_first_weight_grad = lambda product: setattr(
                    weight, "grad", product.t()
                )
            stack.enter_context(torch.inference_mode())
            yield

    def _share(self, targets):
        """Return 1 / n as a tensor, kept: multiplying by one is quicker than by a number."""
        n = targets.size(0)
        if n not in self._shares:
            self._shares[n] = targets.new_tensor(1 / n)
        return self._shares[n]

    def __call__(self, x, targets, weights, batch=None):
        """Train on one batch, see :meth:`AutogradStep.__call__`."""
        linked = self.loss.link(self.passes.forward(x, self.generator))
        d = self.loss.grad(linked, targets)
        d.mul_(self._share(targets) if weights is None else (weights / weights.sum())[:, None])
        self.passes.backward(d)
        if batch is not None:
            self.net.notify_gradients(batch)
        self.update()
        return linked
