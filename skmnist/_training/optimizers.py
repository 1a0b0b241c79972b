"""The optimizers, and a quicker way through the ones that take most of a small net's time."""

import contextlib
import functools
import inspect

import torch

from skmnist._networks.backpropagation import sgd_step

OPTIMIZERS = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
    "nadam": torch.optim.NAdam,
    "adagrad": torch.optim.Adagrad,
}

# torch wraps these methods for its compiler, and the first call of one loads that: a second or two
# and 120 MB in each process, for nothing that is used here.
_WRAPPED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")


def _without_compiler(cls):
    """Return a subclass of one of torch's optimizers that leaves torch's compiler unloaded.

    Its methods are what torch wrapped; where a torch wraps nothing, they are torch's.
    """
    methods = {name: inspect.unwrap(getattr(cls, name)) for name in _WRAPPED}
    methods["step"] = torch.no_grad()(inspect.unwrap(cls.step))
    # Under its own name in this module, where pickle looks for it.
    methods |= {"__module__": __name__, "__doc__": f"torch's {cls.__name__}, quick to load."}
    return type(cls)(cls.__name__, (cls,), methods)


Adam, AdamW, SGD, RMSprop, NAdam, Adagrad = map(_without_compiler, OPTIMIZERS.values())
_QUICK_TO_LOAD = {cls.__base__: cls for cls in (Adam, AdamW, SGD, RMSprop, NAdam, Adagrad)}


def as_torchs(cls):
    """Return torch's class for one that :func:`optimizer_settings` returned."""
    return cls.__base__ if cls in _QUICK_TO_LOAD.values() else cls


class GradientDescent(torch.optim.Optimizer):
    """Plain gradient descent, written by hand: each parameter -= lr times its gradient."""

    add_param_group, zero_grad, state_dict, load_state_dict = (
        inspect.unwrap(getattr(torch.optim.Optimizer, name)) for name in _WRAPPED
    )

    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})

    def step(self, closure=None):
        """Take one step."""
        loss = None if closure is None else closure()
        self.update()
        return loss

    def update(self):
        """Take one step, without what torch wraps around :meth:`step`."""
        for group in self.param_groups:
            sgd_step(group["params"], group["lr"])


@functools.cache  # looking takes longer than a small batch, and is done for each epoch
def _arguments(function):
    return inspect.signature(function).parameters


def needs_closure(optimizer):
    """Return whether `optimizer` evaluates the loss by itself, as LBFGS does."""
    closure = _arguments(type(optimizer).step).get("closure")
    return closure is not None and closure.default is inspect.Parameter.empty


def optimizer_settings(optimizer, device, **settings):
    """Return the class and the keyword arguments of an optimizer.

    Parameters
    ----------
    optimizer : str or type
        A name in ``OPTIMIZERS`` or a ``torch.optim.Optimizer`` class.
    device : torch.device
        torch has fused kernels for the CPU and CUDA.
    **settings
        Of these the ones are kept that the class has an argument for: Adam has no momentum.
    """
    cls = OPTIMIZERS.get(optimizer, optimizer)
    accepted = _arguments(cls)
    kept = {name: value for name, value in settings.items() if name in accepted}
    if "fused" in accepted and device.type in ("cpu", "cuda"):
        kept["fused"] = True
    return _QUICK_TO_LOAD.get(cls, cls), kept


def has_quick_step(optimizer):
    """Return whether :func:`quick_step` may know more than ``optimizer.step``."""
    return isinstance(optimizer, GradientDescent) or as_torchs(type(optimizer)) in _QUICK


@contextlib.contextmanager
def stored_by_columns(weight, optimizer):
    """Store a matrix of weights, and what the optimizer keeps about each, column by column.

    Only in the block: much code wants parameters that are stored row by row.
    """

    def store(arranged):
        kept = optimizer.state.get(weight, {}).values()
        for tensor in (weight, *(t for t in kept if t.shape == weight.shape)):
            tensor.data = arranged(tensor.data)

    store(lambda matrix: matrix.t().contiguous().t())
    try:
        yield
    finally:
        store(torch.Tensor.contiguous)
        # A copy, for autograd could not add to a gradient that was made in inference mode.
        weight.grad = weight.grad.clone(memory_format=torch.contiguous_format)


def _as_stored(tensor):
    """Return the numbers of a dense tensor in the order in which they lie in memory.

    The fused optimizers would copy a tensor whose order is another: a transposed matrix, say.
    """
    if tensor.is_contiguous():
        return tensor
    return tensor.as_strided((tensor.numel(),), (1,))


def _layout(tensor):
    return [step for n, step in zip(tensor.shape, tensor.stride(), strict=True) if n > 1]


def _adam(fused, group, states):
    """Return an update of Adam's by torch's kernel, for its settings and its parameters' states."""
    first, second = ([_as_stored(s[name]) for s in states] for name in ("exp_avg", "exp_avg_sq"))
    # The counts of steps become views of one tensor, so that one addition moves them all.
    count = torch.stack([state["step"] for state in states])
    steps = list(count.unbind())
    for state, step in zip(states, steps, strict=True):
        state["step"] = step
    one = torch.ones_like(count)  # adding a tensor takes a third of the time of adding a number
    beta1, beta2 = group["betas"]

    def update(params, grads):
        count.add_(one)
        fused(
            params,
            grads,
            first,
            second,
            [],
            steps,
            lr=group["lr"],
            beta1=beta1,
            beta2=beta2,
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=False,
            maximize=group["maximize"],
        )

    return update


def _sgd(group, states):
    """Return an update of SGD's for its settings and its parameters' states."""
    names = ("lr", "weight_decay", "momentum", "dampening", "nesterov", "maximize")
    momenta = [_as_stored(s["momentum_buffer"]) for s in states] if group["momentum"] else []

    def update(params, grads):
        settings = {name: group[name] for name in names}
        torch._fused_sgd_(params, grads, momenta, **settings, is_first_step=False)

    return update


_QUICK = {
    torch.optim.Adam: functools.partial(_adam, torch._fused_adam_),
    torch.optim.AdamW: functools.partial(_adam, torch._fused_adamw_),
    torch.optim.SGD: _sgd,
}


def quick_step(optimizer):
    """Return a function that does what ``optimizer.step()`` does, with less Python around it.

    It is to be called without gradients being recorded, after a first step of the optimizer's own.

    For a network of 50,000 weights three quarters of the time in ``Adam.step`` is spent on
    regrouping tensors and checking flags that don't change between two batches. The state stays
    where the optimizer keeps it, so that both ways can be mixed. Where there is no shortcut, the
    optimizer's own ``step`` comes back.
    """
    if isinstance(optimizer, GradientDescent):
        return optimizer.update
    make = _QUICK.get(as_torchs(type(optimizer)))
    group = optimizer.param_groups[0]
    params = group["params"]
    states = [optimizer.state.get(p, {}) for p in params]
    plain = (
        make is not None
        and len(optimizer.param_groups) == 1
        and group["fused"]
        and not any(group.get(flag) for flag in ("amsgrad", "capturable", "differentiable"))
        and isinstance(group["lr"], float)
        and all(p.grad is not None for p in params)
        and (all(states) or not group.get("momentum", True))
        and len({(p.device, p.dtype) for p in params}) == 1
        and all(
            _layout(kept) == _layout(p)
            for p, state in zip(params, states, strict=True)
            for kept in (p.grad, *state.values())
            if torch.is_tensor(kept) and kept.shape == p.shape
        )
        and not (optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks)
    )
    if not plain:
        return optimizer.step
    update = make(group, states)
    stored = [_as_stored(p) for p in params]
    # The gradients are looked up each time: autograd makes new ones for each batch.
    return lambda: update(stored, [_as_stored(p.grad) for p in params])
