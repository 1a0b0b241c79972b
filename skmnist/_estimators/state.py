"""State of a fitted classifier, and the methods that save and load it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import torch
from sklearn.utils.validation import check_is_fitted
from torch.overrides import TorchFunctionMode

from skmnist._files.model_file import read_model_file, reraise_as_model_error, write_model_file
from skmnist._training.optimizers import to_torch_class
from skmnist._utils.device import resolve_device
from skmnist._utils.torch_defaults import torch_defaults
from skmnist.exceptions import ModelFileError

from .layer_params import as_tuple
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

# Entries of the state of a classifier.
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
    "average",
)

# Parameters that can contain code. They are not needed for prediction.
_CODE_PARAMS = ("augment", "callbacks")

# Parameters for which the net keeps the values of its last training.
_TRAINING_PARAMS = ("loss", "lr", "optimizer", "momentum", "nesterov", "weight_decay", "average")


class SerializationMixin:
    """The methods `save` and `load` of a classifier with a `net_`."""

    def save(self, path: str | os.PathLike[str], *, optimizer_state: bool = True) -> None:
        """Save the fitted classifier to a file. See :func:`skmnist.save`.

        Parameters
        ----------
        path : str or path
            Path of the file, usually with the suffix ``.safetensors``.
        optimizer_state : bool, default=True
            Whether to save the optimizer state, which is needed to continue training with the same
            result. Without it, the file is about a third as large for Adam.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        TypeError
            If a parameter contains code (`augment`, `callbacks`) or an unsupported type.
        OSError
            If the file cannot be written. An existing file is unchanged.
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
        """Load a classifier that :meth:`save` wrote. See :func:`skmnist.load`.

        Parameters
        ----------
        path : str or path
            Path of the file.
        module : torch.nn.Module, class or function, default=None
            The custom module of a :class:`TorchClassifier`. It is not part of the file.
        device : str, default=None
            Replaces the `device` parameter in the file.

        Returns
        -------
        classifier : object
            A fitted instance of this class.

        Raises
        ------
        ModelFileError
            If the file is damaged, or does not contain a valid classifier of this class.
        OSError
            If the file does not exist or cannot be read.
        """
        state = read_model_file(path)
        name = state.get("class")
        if name != cls.__name__:
            raise ModelFileError(
                f"Expected a file with a {cls.__name__}, but {path} contains a {name!r:.100}. Use "
                "skmnist.load(path)."
            )
        with reraise_as_model_error(path):
            return from_state(cls, state, module=module, device=device)


def get_state(estimator: Any, *, optimizer_state: bool = True) -> dict[str, Any]:
    """Return the state of a fitted classifier as a dict of numbers, strings, arrays and tensors.

    Raises
    ------
    ValueError, TypeError
        If a parameter contains code, or the module was changed after the fit.
    """
    check_is_fitted(estimator)
    check_parameters(estimator)
    net, params = estimator.net_, estimator.get_params(deep=False)
    del params["checkpoint_dir"]  # a folder on this machine, which other fits must not use
    _check_serializable(params)
    architecture, module = dict(estimator._fitted_architecture), None
    if estimator._custom_module:
        module = params.pop("module")
        if architecture.pop("module") is not module:
            raise ValueError(
                "The 'module' parameter was changed after the fit. Call fit before save."
            )
        module = getattr(module, "__name__", type(module).__name__)
    training = get_training_state(net)
    next_optimizer, _ = estimator._optimizer(torch.device(net.device))
    if not optimizer_state or net.optimizer is not next_optimizer:
        training["optimizer"] = None  # the next fit would not use it
    if not optimizer_state:
        training["average"] = None  # training would continue from the averaged weights
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


@torch_defaults()
def from_state(
    cls: type[_T],
    state: dict[str, Any],
    *,
    module: nn.Module | Callable[..., nn.Module] | None = None,
    device: str | torch.device | None = None,
) -> _T:
    """Restore a classifier of the class `cls` from its state.

    Parameters
    ----------
    cls : type
    state : dict
        What :func:`get_state` returned. It is validated, because it may come from a file of an
        unknown source.
    module, device
        As in :meth:`SerializationMixin.load`.

    Raises
    ------
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError
        If the state is invalid.
    """
    if set(state) != set(_ENTRIES):
        raise ValueError(f"expected the entries {sorted(_ENTRIES)}, got {sorted(state)}")
    params, architecture = dict(state["params"]), dict(state["architecture"])
    if "checkpoint_dir" in {*params, *architecture}:
        raise ValueError("it contains the parameter checkpoint_dir, which is never saved")
    if device is not None:
        params["device"] = device
    if (module is None) != (state["module"] is None):
        raise ModelFileError(_module_message(cls, state["module"]))
    if module is not None:
        params["module"] = architecture["module"] = module

    # Build the net with the parameters of its last training; some may have changed since.
    training_params = state["training_params"]
    if not set(training_params) <= set(_TRAINING_PARAMS):
        raise ValueError(f"its training parameters are {sorted(training_params)}")
    estimator: Any = cls(**{**params, **architecture, **training_params})
    check_parameters(estimator)
    weights = state["weights"]
    _check_lengths(architecture, n_tensors=len(weights))
    if not {*estimator._architecture_params, "precision"} <= set(architecture):
        raise ValueError("it lacks parameters of the network's architecture")
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
                f"{name}={value!r} is code, which cannot be saved in a model file. It is not "
                f"needed for prediction: save after set_params({name}=None), and set it again "
                "before you continue training."
            )


def _training_params(net: Net, params: dict[str, Any]) -> dict[str, Any]:
    """Return the values that the parameters in ``_TRAINING_PARAMS`` had in the last training."""
    # `net.lr` follows changes of the parameter; the other values are in the optimizer.
    used = net.optimizer_.param_groups[0] | {
        "loss": net.config.loss,
        "lr": net.lr,
        "optimizer": to_torch_class(net.optimizer),
        "average": net.average_ is not None,
    }
    return {name: used[name] for name in _TRAINING_PARAMS if name in used and name in params}


def _check_lengths(architecture: dict[str, Any], n_tensors: int) -> None:
    # Each layer has at least one tensor. Without this check, a file could claim a million layers.
    for name, value in architecture.items():
        value = as_tuple(value)
        if isinstance(value, tuple) and len(value) > 10 + n_tensors:
            raise ValueError(
                f"{name} has {len(value)} entries, but the file has {n_tensors} tensors"
            )


def _module_message(cls: type, name: str | None) -> str:
    if name is None:
        return f"The {cls.__name__} in the file has no custom module. Do not pass module."
    return (
        f"The file contains the weights of the custom module {name!r:.100}, but not its code. Pass "
        "the module of the classifier: load(path, module=...)."
    )


class _MetaDeviceMode(TorchFunctionMode):
    """Build modules on the meta device, without allocating memory, up to a number of calls."""

    def __init__(self, max_calls: int) -> None:
        super().__init__()
        self.calls_left = max_calls

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.calls_left -= 1
        if self.calls_left < 0:
            raise ValueError("its parameters describe more layers than it has weights for")
        kwargs = dict(kwargs or {})
        if "device" in kwargs:
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


def _meta_module(estimator: Any, n_tensors: int) -> nn.Module:
    """Return the network that the parameters describe, without allocating its weights.

    A file that describes a network of a terabyte is rejected before that is built.
    """
    with _MetaDeviceMode(100 * (n_tensors + 10)), torch.device("meta"):
        return estimator._build_module(len(estimator.classes_), None).to(estimator._dtype)
