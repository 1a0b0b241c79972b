"""The optimizers, as classes that load quickly, and their settings."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

import torch

from skmnist._networks.backpropagation import sgd_step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
    "nadam": torch.optim.NAdam,
    "adagrad": torch.optim.Adagrad,
}

# Optimizers that have fused kernels, but not for CUDA in each supported version of torch.
_FUSED_DEVICES: dict[type, tuple[str, ...]] = {torch.optim.Adagrad: ("cpu",)}

# torch wraps these methods for its compiler. The first call of a wrapped method loads the compiler:
# a second or two and 120 MB in each process, and nothing here uses it.
_WRAPPED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")


def _skip_compile(cls: type[torch.optim.Optimizer]) -> type[torch.optim.Optimizer]:
    """Return a subclass of one of torch's optimizers that doesn't load torch's compiler.

    Its methods are the functions that torch wrapped; in a torch that wraps none, they are torch's.
    """
    methods = {name: inspect.unwrap(getattr(cls, name)) for name in _WRAPPED}
    methods["step"] = torch.no_grad()(inspect.unwrap(cls.step))
    # Under its own name in this module, where pickle looks for it.
    methods |= {"__module__": __name__, "__doc__": f"torch's {cls.__name__}, quick to load."}
    metaclass: Any = type(cls)
    return metaclass(cls.__name__, (cls,), methods)


_LIGHT_CLASSES = {cls: _skip_compile(cls) for cls in OPTIMIZERS.values()}
_TORCH_CLASSES = {light: cls for cls, light in _LIGHT_CLASSES.items()}
Adam, AdamW, SGD, RMSprop, NAdam, Adagrad = _LIGHT_CLASSES.values()


def to_torch_class(cls: type) -> type:
    """Return torch's class for one that :func:`optimizer_settings` returned."""
    return _TORCH_CLASSES.get(cls, cls)


class GradientDescent(torch.optim.Optimizer):
    """Plain gradient descent: each parameter -= lr times its gradient."""

    add_param_group, zero_grad, state_dict, load_state_dict = (
        inspect.unwrap(getattr(torch.optim.Optimizer, name)) for name in _WRAPPED
    )

    def __init__(self, params: Any, lr: float) -> None:
        super().__init__(params, {"lr": lr})

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step."""
        loss = None if closure is None else closure()
        self.update()
        return loss

    def update(self) -> None:
        """Take one step, without what torch wraps around :meth:`step`."""
        for group in self.param_groups:
            sgd_step(group["params"], group["lr"])


@functools.cache  # inspecting takes longer than a small batch, and is done for each epoch
def arguments(function: Callable) -> Mapping[str, inspect.Parameter]:
    """Return the arguments of a function or a class by name."""
    return inspect.signature(function).parameters


def needs_closure(optimizer: torch.optim.Optimizer) -> bool:
    """Return whether `optimizer` evaluates the loss itself, as LBFGS does."""
    closure = arguments(type(optimizer).step).get("closure")
    return closure is not None and closure.default is inspect.Parameter.empty


def optimizer_class(optimizer: str | type) -> Any:
    """Return torch's class for the value of the `optimizer` parameter."""
    return OPTIMIZERS[optimizer] if isinstance(optimizer, str) else optimizer


def optimizer_settings(
    optimizer: str | type,
    device: torch.device,
    optimizer_params: Mapping[str, Any] | None = None,
    **settings: Any,
) -> tuple[type, dict[str, Any]]:
    """Return the class and the keyword arguments of an optimizer.

    Parameters
    ----------
    optimizer : str or type
        A name in ``OPTIMIZERS`` or a ``torch.optim.Optimizer`` class.
    device : torch.device
        torch has fused kernels for the CPU and CUDA, see ``_FUSED_DEVICES`` for exceptions.
    optimizer_params : mapping or None
        Additional arguments of the class.
    **settings
        Those for which the class has no argument are dropped: Adam has no momentum.
    """
    cls = optimizer_class(optimizer)
    known = arguments(cls)
    accepted = {name: value for name, value in settings.items() if name in known}
    if "fused" in known and device.type in _FUSED_DEVICES.get(cls, ("cpu", "cuda")):
        accepted["fused"] = True
    accepted |= optimizer_params or {}
    return _LIGHT_CLASSES.get(cls, cls), accepted
