"""The state of a fitted classifier as plain values, and the methods that save and load it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import torch
from sklearn.utils.validation import check_is_fitted
from torch.overrides import TorchFunctionMode

from skmnist._files.model_file import read_model_file, reraise_as_model_error, write_model_file
from skmnist._training.optimizers import to_torch_class
from skmnist._utils.device import default_device_cpu, resolve_device
from skmnist.exceptions import ModelFileError

from .net_builder import make_net
from .parameters import check_parameters
from .state_schema import FITTED, set_fitted
from .training_state import check_weights, get_training_state, restore_training_state

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from torch import nn
    from typing_extensions import Self

    from skmnist._training.net import Net

_T = TypeVar("_T")

# What the state of a classifier consists of.
_ENTRIES = (
    "class",
    "params",
    "module",
    "architecture",
    "training_params",
    "fitted",
    "history",
    "weights",
    "optimizer",
)

# Parameters that hold code and that predicting does not need.
_CODE_PARAMS = ("augment", "callbacks")

# Parameters that the net keeps from its last training until the next one compares them.
_TRAINING_PARAMS = ("loss", "lr", "optimizer", "momentum", "nesterov", "weight_decay")


class SerializationMixin:
    """`save` and `load` of a classifier with a `net_`."""

    def save(self, path: str | os.PathLike[str], *, optimizer_state: bool = True) -> None:
        """Save the fitted classifier to a file of numbers and text, see :func:`skmnist.save`.

        Parameters
        ----------
        path : str or path
        optimizer_state : bool, default=True
            Whether to save the state of the optimizer, so that further training continues as if
            there had been no file. Without it the file is about a third as large for Adam.
        """
        write_model_file(path, get_state(self, optimizer_state=optimizer_state))

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        module: nn.Module | Callable[..., nn.Module] | None = None,
        device: str | torch.device | None = None,
    ) -> Self:
        """Load a classifier that :meth:`save` wrote, see :func:`skmnist.load`.

        Parameters
        ----------
        path : str or path
        module : torch.nn.Module, class or function, default=None
            For a :class:`TorchClassifier` with a module of your own: that module.
        device : str, default=None
            Replaces the parameter `device` of the file.

        Returns
        -------
        object of this class

        Raises
        ------
        ModelFileError
            If the file is damaged, holds something else or makes no sense.
        """
        state = read_model_file(path)
        name = state.get("class")
        if name != cls.__name__:
            raise ModelFileError(
                f"{path} holds a {name!r:.100}, not a {cls.__name__}. Use skmnist.load(path)."
            )
        with reraise_as_model_error(path):
            return from_state(cls, state, module=module, device=device)


def get_state(estimator: Any, *, optimizer_state: bool = True) -> dict[str, Any]:
    """Return the state of a fitted classifier as plain values, arrays and tensors.

    Raises
    ------
    ValueError, TypeError
        If a parameter holds code, which a file can't hold.
    """
    check_is_fitted(estimator)
    check_parameters(estimator)
    net, params = estimator.net_, estimator.get_params(deep=False)
    del params["checkpoint_dir"]  # a folder of this machine; no other fit may write to it
    _check_serializable(params)
    architecture, module = dict(estimator._fitted_architecture), None
    if estimator._custom_module:
        module = params.pop("module")
        if architecture.pop("module") is not module:
            raise ValueError("module was changed after the fit: call fit, and then save.")
        module = getattr(module, "__name__", type(module).__name__)
    training = get_training_state(net)
    next_optimizer, _ = estimator._optimizer(torch.device(net.device))
    if not optimizer_state or net.optimizer is not next_optimizer:
        training["optimizer"] = None  # the next training wouldn't use it
    attributes = vars(estimator)
    return {
        "class": type(estimator).__name__,
        "params": params,
        "module": module,
        "architecture": architecture,
        "training_params": _training_params(net, params),
        "fitted": {name: attributes[name] for name in FITTED if name in attributes},
        **training,
    }


@default_device_cpu()
def from_state(
    cls: type[_T],
    state: dict[str, Any],
    *,
    module: nn.Module | Callable[..., nn.Module] | None = None,
    device: str | torch.device | None = None,
) -> _T:
    """Return the classifier of the class `cls` whose state :func:`get_state` returned.

    Parameters
    ----------
    cls : type
    state : dict
        Not to be trusted: anybody may have written it.
    module, device
        As for :meth:`SerializationMixin.load`.

    Raises
    ------
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError
        If the state makes no sense.
    """
    if set(state) != set(_ENTRIES):
        raise ValueError(f"its entries are {sorted(state)}; {sorted(_ENTRIES)} are wanted")
    params, architecture = dict(state["params"]), dict(state["architecture"])
    if "checkpoint_dir" in {*params, *architecture}:
        raise ValueError("it names a folder to write to")
    if device is not None:
        params["device"] = device
    if (module is None) != (state["module"] is None):
        raise ModelFileError(_module_message(cls, state["module"]))
    if module is not None:
        params["module"] = architecture["module"] = module

    # The net is made with the parameters that it was trained with; some may have changed since.
    training_params = state["training_params"]
    if not set(training_params) <= set(_TRAINING_PARAMS):
        raise ValueError(f"it was trained with {sorted(training_params)}")
    estimator: Any = cls(**{**params, **architecture, **training_params})
    check_parameters(estimator)
    weights = state["weights"]
    _check_lengths(architecture, n_tensors=len(weights))
    if not {*estimator._architecture_params, "precision"} <= set(architecture):
        raise ValueError("it doesn't say what its network was built from")
    set_fitted(estimator, state["fitted"])
    estimator._resolve_architecture()
    if module is None:
        check_weights(_meta_module(estimator, len(weights)), weights)
    net = make_net(estimator, resolve_device(estimator.device))
    estimator.net_, estimator._fitted_architecture = net, architecture
    restore_training_state(net, state)
    for name, value in params.items():
        setattr(estimator, name, value)
    check_parameters(estimator)
    return estimator


def _check_serializable(params: dict[str, Any]) -> None:
    for name in _CODE_PARAMS:
        value = params.get(name)
        if value is not None and not isinstance(value, str) and value != []:
            raise TypeError(
                f"{name}={value!r} is code, which a model file doesn't hold. Predicting doesn't "
                f"need it: save after set_params({name}=None), and set it again before you train "
                "further."
            )


def _training_params(net: Net, params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of the last training that may have been changed since."""
    # The net doesn't know of later changes of its optimizer's settings; of `lr` it does.
    used = net.optimizer_.param_groups[0] | {
        "loss": net.config.loss,
        "lr": net.lr,
        "optimizer": to_torch_class(net.optimizer),
    }
    return {name: used[name] for name in _TRAINING_PARAMS if name in used and name in params}


def _check_lengths(architecture: dict[str, Any], n_tensors: int) -> None:
    # Each layer has a tensor; resolving a million layers would take long.
    for name, value in architecture.items():
        if isinstance(value, (tuple, list)) and len(value) > 10 + n_tensors:
            raise ValueError(f"{name} has {len(value)} entries, but there are {n_tensors} tensors")


def _module_message(cls: type, name: str | None) -> str:
    if name is None:
        return f"The file needs no module: its {cls.__name__} describes its own. Leave module out."
    return (
        f"The file holds the weights of a module of your own, {name!r:.100}, but no code: pass the "
        "module that the classifier had, as load(path, module=...)."
    )


class _MetaDeviceMode(TorchFunctionMode):
    """Build modules on the meta device, without memory for their weights, and only few layers."""

    def __init__(self, max_calls: int) -> None:
        super().__init__()
        self.calls_left = max_calls

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.calls_left -= 1
        if self.calls_left < 0:
            raise ValueError("it describes more layers than it has weights for")
        kwargs = dict(kwargs or {})
        if "device" in kwargs:
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


def _meta_module(estimator: Any, n_tensors: int) -> nn.Module:
    """Return the network that the parameters describe, without its weights.

    A file that claims a network of a terabyte is thus rejected before that is built.
    """
    with _MetaDeviceMode(100 * (n_tensors + 10)), torch.device("meta"):
        return estimator._build_module(len(estimator.classes_), None).to(estimator._dtype)
