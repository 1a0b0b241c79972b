"""The parameters that the classifiers share: each declared, checked and described once.

A classifier's ``__init__`` names the ones that it has, with its defaults; what is allowed and what
the documentation says comes from the one table here.
"""

from __future__ import annotations

import difflib
import inspect
import os
import textwrap
from collections.abc import Callable, Iterable
from numbers import Integral, Real
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from sklearn.base import BaseEstimator

from skmnist._networks.activations import ACTIVATION_MODULES
from skmnist._networks.losses import LOSSES
from skmnist._networks.weight_init import WEIGHT_INITS
from skmnist._training.optimizers import OPTIMIZERS
from skmnist._training.schedules import SCHEDULES
from skmnist._utils.device import PRECISIONS
from skmnist.exceptions import InvalidParameterError
from skmnist.preprocessing._augmentation import AUGMENTATIONS

from .fitted_attributes import describe_attributes

_Class = TypeVar("_Class", bound=type)


class Constraint(NamedTuple):
    """One kind of value that is allowed."""

    is_satisfied_by: Callable[[Any], bool]
    description: str
    choices: tuple[str, ...] = ()


class Parameter(NamedTuple):
    """What a parameter may be and what it means."""

    constraints: list[Constraint]  # of which one has to be satisfied
    type: str  # as numpydoc shows it
    description: str


def _number(
    number_type: type,
    description: str,
    low: float,
    high: float = np.inf,
    *,
    open_low: bool = False,
    open_high: bool = True,
) -> Constraint:
    def is_satisfied_by(value: Any) -> bool:
        if not isinstance(value, number_type) or isinstance(value, (bool, np.bool_)):
            return False
        try:
            number = float(value)  # type: ignore[arg-type]
        except OverflowError:
            return False
        above = number > low if open_low else number >= low
        return above and (number < high if open_high else number <= high)

    return Constraint(is_satisfied_by, description)


def _instance(types: type | tuple[type, ...], description: str) -> Constraint:
    return Constraint(lambda value: isinstance(value, types), description)


def _choice(table: Iterable[str]) -> Constraint:
    names = tuple(table)
    return Constraint(
        lambda value: isinstance(value, str) and value in names,
        "one of " + ", ".join(map(repr, names)),
        names,
    )


def _names(table: Iterable[str]) -> str:
    return "{" + ", ".join(f'"{name}"' for name in table) + "}"


def _is_size(value: Any, minimum: int = 1) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= minimum


def _are_callbacks(value: Any) -> bool:
    # Each a callback, or a pair (name, callback).
    return isinstance(value, (list, tuple)) and all(
        hasattr(c[-1] if isinstance(c, tuple) and c else c, "on_epoch_end") for c in value
    )


def _is_path(value: Any) -> bool:
    return isinstance(value, os.PathLike) or (isinstance(value, str) and value != "")


def _are_weights(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_NON_NEGATIVE.is_satisfied_by, value.values()))


_NONE = Constraint(lambda value: value is None, "None")
_BOOL = _instance((bool, np.bool_), "True or False")
_SIZES = _instance((tuple, list), "a tuple")
_POSITIVE = _number(Real, "a positive number", 0, open_low=True)
_NON_NEGATIVE = _number(Real, "a number of at least 0", 0)
_FRACTION = _number(Real, "a number in [0, 1)", 0, 1)
_AT_LEAST_1 = _number(Integral, "an integer of at least 1", 1)
_AT_LEAST_0 = _number(Integral, "an integer of at least 0", 0)
_SEED = _number(Integral, "an integer from 0 to 2**32 - 1", 0, 2**32)
_OPTIMIZER = Constraint(
    lambda value: isinstance(value, type) and issubclass(value, torch.optim.Optimizer),
    "a torch.optim.Optimizer class",
)

PARAMETERS = {
    "hidden_layer_sizes": Parameter(
        [_AT_LEAST_1, _SIZES],
        "int or tuple of int",
        "Number of units in each hidden layer; an int is one layer, ``()`` is none.",
    ),
    "channels": Parameter(
        [_AT_LEAST_1, _SIZES],
        "int or tuple of int",
        "Number of channels that each convolution makes; its length is the number of layers.",
    ),
    "kernel_size": Parameter(
        [_AT_LEAST_1, _SIZES],
        "int or tuple",
        "Side of the convolutions' windows in pixels: one value for all layers, or one for each "
        "layer; a value is an int or a pair (height, width).",
    ),
    "stride": Parameter(
        [_AT_LEAST_1, _SIZES],
        "int or tuple",
        "Pixels from one window to the next, given like `kernel_size`.",
    ),
    "padding": Parameter(
        [_AT_LEAST_0, _SIZES],
        "int or tuple",
        "Rows and columns of zeros around the picture, given like `kernel_size`.",
    ),
    "pool_size": Parameter(
        [_NONE, _AT_LEAST_1, _SIZES],
        "int, tuple or None",
        "Side of the max-pooling's windows, given like `kernel_size`; None or 1 is no pooling.",
    ),
    "pool_stride": Parameter(
        [_NONE, _AT_LEAST_1, _SIZES],
        "int, tuple or None",
        "Pixels from one pooling window to the next; None: the windows touch.",
    ),
    "image_shape": Parameter(
        [_choice(["auto"]), _NONE, _SIZES],
        '"auto", tuple (height, width) or tuple (channels, height, width)',
        'Shape of one picture. "auto" is the shape of a 3-D or 4-D `X`, else a square where the '
        "number of features is one, else a strip of 1 x n pixels. Colour is never guessed.",
    ),
    "activation": Parameter(
        [_choice(ACTIVATION_MODULES)],
        _names(ACTIVATION_MODULES),
        "Activation function of the hidden layers.",
    ),
    "dropout": Parameter(
        [_FRACTION],
        "float",
        "Probability with which a hidden unit is left out of a training step, in [0, 1).",
    ),
    "batch_norm": Parameter(
        [_BOOL], "bool", "Whether to normalise each hidden layer over the batch."
    ),
    "weight_init": Parameter(
        [_choice(("auto", *WEIGHT_INITS))],
        _names(("auto", *WEIGHT_INITS)),
        'How the first weights are drawn: "he" normal with std sqrt(2 / fan_in), "glorot" and '
        '"lecun" uniform, the latter with std 1 / sqrt(fan_in), "torch" as torch does by itself, '
        '"auto" as "torch" for a multilayer perceptron and as "lecun" for a convolutional network, '
        "which gets going sooner.",
    ),
    "loss": Parameter(
        [_choice(LOSSES)],
        _names(LOSSES),
        'What training makes small: "mse" is the squared error against one-hot targets, summed '
        "over the outputs, which our own networks then pass through a sigmoid. Both are averaged "
        "over the rows of a batch.",
    ),
    "optimizer": Parameter(
        [_choice(OPTIMIZERS), _OPTIMIZER],
        _names(OPTIMIZERS) + " or a torch.optim.Optimizer class",
        "Rule by which gradients change the weights.",
    ),
    "lr": Parameter([_POSITIVE], "float", "Learning rate."),
    "momentum": Parameter(
        [_FRACTION], "float", 'Momentum of "sgd" and "rmsprop", in [0, 1); the others have none.'
    ),
    "nesterov": Parameter([_BOOL], "bool", 'Nesterov\'s momentum, for "sgd".'),
    "weight_decay": Parameter(
        [_NON_NEGATIVE], "float", 'L2 penalty; "adamw" shrinks the weights directly instead.'
    ),
    "lr_schedule": Parameter(
        [_NONE, _choice(SCHEDULES)],
        _names(SCHEDULES) + " or None",
        'How the learning rate changes over `max_epochs`: "cosine" falls to 0; "step" to a tenth '
        'after each third; "exponential" by a tenth each epoch; "onecycle" rises for 30 % and '
        'falls, batch by batch; "plateau" to a tenth when the loss stalls for three epochs.',
    ),
    "batch_size": Parameter([_AT_LEAST_1], "int", "Rows in one training step."),
    "max_epochs": Parameter(
        [_AT_LEAST_1], "int", "Passes over the training rows; `partial_fit` makes one."
    ),
    "shuffle": Parameter([_BOOL], "bool", "Whether to draw a new order for each epoch."),
    "early_stopping": Parameter(
        [_BOOL],
        "bool",
        "Whether to hold a part of the training rows back (unless `fit` is given `X_val`), stop "
        "when the accuracy on it no longer rises, and return to the best epoch's weights. "
        "Without it nothing is held back.",
    ),
    "validation_fraction": Parameter(
        [_number(Real, "a number in (0, 1)", 0, 1, open_low=True)],
        "float",
        "Share of the rows that `early_stopping` holds back, drawn class by class.",
    ),
    "n_iter_no_change": Parameter(
        [_AT_LEAST_1], "int", "Epochs without an improvement after which `early_stopping` stops."
    ),
    "tol": Parameter(
        [_NON_NEGATIVE], "float", "Rise of the accuracy that counts as an improvement."
    ),
    "class_weight": Parameter(
        [_NONE, Constraint(_are_weights, "a dict of numbers of at least 0"), _choice(["balanced"])],
        'dict, "balanced" or None',
        'Weight of each class\'s rows; "balanced" makes all classes weigh the same.',
    ),
    "augment": Parameter(
        [_NONE, _choice(AUGMENTATIONS), Constraint(callable, "a function of a batch")],
        _names(AUGMENTATIONS) + ", callable or None",
        'Varies the training pictures. "light" turns, moves, scales, slants, thickens and bends '
        "each a little, anew in each epoch; it mirrors none. A function is called with each "
        "training batch, a float tensor on the device of the shape that the network takes, and "
        "returns one of the same shape.",
    ),
    "callbacks": Parameter(
        [_NONE, Constraint(_are_callbacks, "a list of skorch callbacks")],
        "list of skorch callbacks or None",
        "They are copied before use. scikit-learn's own callbacks are set by `set_callbacks`.",
    ),
    "precision": Parameter(
        [_choice(["auto", *PRECISIONS])],
        '{"auto", "float32", "float64", "bfloat16"}',
        'Floating-point type of the arithmetic. "auto" follows scikit-learn on the CPU, where '
        "float64 `X` trains in float64 and all else in float32, and is float32 on an accelerator.",
    ),
    "warm_start": Parameter(
        [_BOOL],
        "bool",
        "Whether `fit` goes on from the last one's weights and optimizer, for `max_epochs` more.",
    ),
    "checkpoint_dir": Parameter(
        [_NONE, Constraint(_is_path, "the name of a folder")],
        "str, path or None",
        "Folder to which `fit` writes a checkpoint after each epoch; the last two stay, and "
        "``fit(..., resume=True)`` goes on from them, in another process too. A fit without "
        "`resume` replaces them. One folder is for one training: in a search or a "
        "cross-validation, whose fits would share it, leave it None. `partial_fit` writes none.",
    ),
    "device": Parameter(
        [_instance((str, torch.device), "the name of a device")],
        "str",
        '"auto" (a GPU where there is one), "cpu", "cuda", "cuda:1", "mps".',
    ),
    "n_threads": Parameter(
        [_NONE, _AT_LEAST_1],
        "int or None",
        "CPU threads for fit and predict. None is 1 where `random_state` is given (the number of "
        "threads changes the last bits), for small networks and in the workers of joblib or "
        "Dask; otherwise it grows with the work in a batch. In a forked process it is always 1.",
    ),
    "deterministic": Parameter(
        [_BOOL],
        "bool",
        "Whether to keep to algorithms that give the same bits each time on a GPU, where quicker "
        "ones may not. A CPU always does. Operations of a module of your own may not have any.",
    ),
    "random_state": Parameter(
        [_NONE, _SEED, _instance(np.random.RandomState, "a RandomState")],
        "int, RandomState instance or None",
        "Seed of the weights, the order of the rows, dropout and the held-back part. The same "
        "integer gives the same bits on one device. No global generator is used or changed.",
    ),
    "verbose": Parameter(
        [_AT_LEAST_0, _BOOL, _choice(["bar"])],
        'int or "bar"',
        "0 is silent, 1 prints a table with a line for each epoch, 2 also the mean loss so far "
        'every 100 batches; "bar" shows a progress bar, in a notebook as a widget.',
    ),
    "module": Parameter(
        [_NONE, Constraint(callable, "a torch.nn.Module, or a class or function that makes one")],
        "torch.nn.Module, class or function",
        "The network, which returns one logit for each class. An instance is copied, its weights "
        "are the start. A class or function is called with those of the keyword arguments "
        "`n_features`, `n_classes` and `image_shape` that its signature names, and with "
        "`module_params`. None is the network of :class:`MLPClassifier`.",
    ),
    "module_params": Parameter(
        [_NONE, _instance(dict, "a dict")],
        "dict or None",
        "More keyword arguments for `module`, if it is called.",
    ),
}


def check_parameters(estimator: BaseEstimator) -> None:
    """Check the parameters of `estimator` against the table.

    Raises
    ------
    InvalidParameterError
        It names the parameter, what came, what is allowed and, where a name was mistyped, the
        nearest one.
    """
    for name, value in estimator.get_params(deep=False).items():
        constraints = PARAMETERS[name].constraints
        if any(constraint.is_satisfied_by(value) for constraint in constraints):
            continue
        expected = " or ".join(constraint.description for constraint in constraints)
        choices = [choice for constraint in constraints for choice in constraint.choices]
        nearest = difflib.get_close_matches(str(value).lower(), choices, n=1, cutoff=0.5)
        hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
        raise InvalidParameterError(
            f"The parameter {name!r} of {type(estimator).__name__} must be {expected}; got "
            f"{value!r}.{hint}"
        )


def check_sizes(name: str, value: Any) -> tuple[int, ...]:
    """Return `value` of the parameter `name`, an int or a sequence, as a tuple of ints >= 1."""
    sizes = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    if not all(map(_is_size, sizes)):
        raise InvalidParameterError(
            f"{name}={value!r}: every size must be an integer of at least 1. Pass an int or a "
            "tuple such as (64, 32)."
        )
    return tuple(map(int, sizes))


def check_pairs(name: str, value: Any, n_layers: int, minimum: int = 1) -> list[tuple[int, int]]:
    """Return `value` of the parameter `name` as one pair (height, width) for each layer.

    An int, or a pair given inside of a tuple, counts for both sides; a tuple has one entry a layer.
    """
    entries = tuple(value) if isinstance(value, (tuple, list)) else (value,) * n_layers
    pairs = [tuple(e) if isinstance(e, (tuple, list)) else (e, e) for e in entries]
    fits = len(pairs) == n_layers and all(
        len(pair) == 2 and all(_is_size(side, minimum) for side in pair) for pair in pairs
    )
    if not fits:
        raise InvalidParameterError(
            f"{name}={value!r} doesn't fit {n_layers} convolutions. Pass one int for all of them, "
            f"or a tuple with one entry for each; an entry is an int of at least {minimum} or a "
            "pair (height, width)."
        )
    return [(int(first), int(second)) for first, second in pairs]


def fill_docstring(cls: _Class) -> _Class:
    """Fill in what a classifier's docstring shares with the others.

    ``{parameters}`` becomes the entries of the table, in the order of the signature and with its
    defaults; ``{attributes}`` those of the fitted attributes.
    """
    parameters: list[str] = []
    attributes: list[str] = []
    for parameter in inspect.signature(cls).parameters.values():
        entry, default = PARAMETERS[parameter.name], parameter.default
        shown = f'"{default}"' if isinstance(default, str) else repr(default)
        head = f"{parameter.name} : {entry.type}, default={shown}"
        parameters += _entry(head, entry.description)
    for name, (kind, text) in describe_attributes(cls).items():
        attributes += _entry(f"{name} : {kind}", text)
    doc = inspect.cleandoc(cls.__doc__ or "")
    doc = doc.replace("{parameters}", "\n".join(parameters))
    cls.__doc__ = doc.replace("{attributes}", "\n".join(attributes))
    return cls


def _entry(head: str, text: str) -> list[str]:
    return [head, *textwrap.wrap(text, 94, initial_indent="    ", subsequent_indent="    ")]
