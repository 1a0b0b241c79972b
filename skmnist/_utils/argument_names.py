"""Suggestions for names of arguments that do not exist."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, TypeVar

from .messages import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_Method = TypeVar("_Method", bound="Callable[..., Any]")

# Names in scikit-learn, Keras, PyTorch and skorch -> our name.
SYNONYMS = {
    "max_iter": "max_epochs",
    "epochs": "max_epochs",
    "n_epochs": "max_epochs",
    "num_epochs": "max_epochs",
    "nb_epoch": "max_epochs",
    "learning_rate": "lr",
    "learning_rate_init": "lr",
    "eta": "lr",
    "solver": "optimizer",
    "optim": "optimizer",
    "alpha": "weight_decay",
    "l2": "weight_decay",
    "nesterovs_momentum": "nesterov",
    "criterion": "loss",
    "objective": "loss",
    "scheduler": "lr_schedule",
    "learning_rate_schedule": "lr_schedule",
    "layers": "hidden_layer_sizes",
    "units": "hidden_layer_sizes",
    "hidden_units": "hidden_layer_sizes",
    "filters": "channels",
    "strides": "stride",
    "input_shape": "image_shape",
    "dropout_rate": "dropout",
    "kernel_initializer": "weight_init",
    "data_augmentation": "augment",
    "transform": "augment",
    "validation_split": "validation_fraction",
    "patience": "n_iter_no_change",
    "dtype": "precision",
    "n_jobs": "n_threads",
    "seed": "random_state",
    "model": "module",
    "net": "module",
    "confidence": "threshold",
    "validation_data": "X_val",
    "eval_set": "X_val",
    "X_valid": "X_val",
    "X_test": "X_val",
    "y_valid": "y_val",
    "y_test": "y_val",
    "sample_weights": "sample_weight",
}


def suggest_argument(name: str, choices: Collection[str]) -> str:
    """Return a hint with the argument that is meant by `name`, or "" if none is similar."""
    prefix, _, nested = name.rpartition("__")
    if prefix == "module" and "module_params" in choices:
        return f" Did you mean 'module_params', with the value {{{nested!r}: ...}}?"
    if nested in choices:
        return f" Did you mean {nested!r}?"
    meant = SYNONYMS.get(name)
    return f" Did you mean {meant!r}?" if meant in choices else did_you_mean(name, choices)


def suggest_arguments(method: _Method) -> _Method:
    """Let a method suggest the name that is meant by an unexpected keyword argument.

    For other methods than ``__init__``, it may be a parameter of the class.
    """
    _, *names = inspect.signature(method).parameters  # without self

    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        unknown = next((name for name in kwargs if name not in names), None)
        if unknown is None:
            return method(self, *args, **kwargs)
        hint = suggest_argument(unknown, names)
        if hint == " Did you mean 'X_val'?":
            hint = " Did you mean 'X_val' and 'y_val'?"
        if method.__name__ != "__init__":
            parameters = inspect.signature(type(self)).parameters.keys()
            meant = SYNONYMS.get(unknown, unknown)
            if meant in parameters:
                hint = f" Pass {meant} to the class: {type(self).__name__}({meant}=...)."
        raise TypeError(
            f"{type(self).__name__}.{method.__name__}() got an unexpected keyword argument "
            f"{unknown!r}.{hint}"
        )

    return wrapper  # type: ignore[return-value]
