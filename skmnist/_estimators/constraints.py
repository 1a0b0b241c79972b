"""Kinds of values that parameters may have."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
import torch

from skmnist._utils.messages import describe_choices


class Constraint(NamedTuple):
    """A kind of value that a parameter may have."""

    is_satisfied_by: Callable[[Any], bool]
    description: str
    choices: tuple[str, ...] = ()


def number(
    number_type: type,
    description: str,
    low: float,
    high: float = np.inf,
    *,
    open_low: bool = False,
    open_high: bool = True,
) -> Constraint:
    """Return the constraint for numbers of a type in a range."""

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


def instance(types: type | tuple[type, ...], description: str) -> Constraint:
    """Return the constraint for instances of some types."""
    return Constraint(lambda value: isinstance(value, types), description)


def choice(table: Iterable[str]) -> Constraint:
    """Return the constraint for one of some names."""
    names = tuple(table)
    return Constraint(
        lambda value: isinstance(value, str) and value in names,
        describe_choices(names) if len(names) > 1 else repr(names[0]),
        names,
    )


def names(table: Iterable[str]) -> str:
    """Return names as numpydoc shows a choice among them."""
    return "{" + ", ".join(f'"{name}"' for name in table) + "}"


def _are_callbacks(value: Any) -> bool:
    # A callback, or a pair (name, callback).
    return isinstance(value, (list, tuple)) and all(
        hasattr(c[-1] if isinstance(c, tuple) and c else c, "on_epoch_end") for c in value
    )


def _is_path(value: Any) -> bool:
    return isinstance(value, os.PathLike) or (isinstance(value, str) and value != "")


def _are_sizes(value: Any) -> bool:
    return isinstance(value, (tuple, list)) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _are_names(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and all(isinstance(name, str) for name in value)


def _are_weights(value: Any) -> bool:
    return isinstance(value, dict) and all(map(NON_NEGATIVE.is_satisfied_by, value.values()))


NONE = Constraint(lambda value: value is None, "None")
BOOL = instance((bool, np.bool_), "a bool")
SIZES = Constraint(_are_sizes, "a tuple")
NAMES = Constraint(_are_names, "a tuple of them")
POSITIVE = number(Real, "a float in the range (0.0, inf)", 0, open_low=True)
NON_NEGATIVE = number(Real, "a float in the range [0.0, inf)", 0)
FRACTION = number(Real, "a float in the range [0.0, 1.0)", 0, 1)
AT_LEAST_1 = number(Integral, "an int in the range [1, inf)", 1)
AT_LEAST_0 = number(Integral, "an int in the range [0, inf)", 0)
SEED = number(Integral, "an int in the range [0, 4294967295]", 0, 2**32)
OPTIMIZER = Constraint(
    lambda value: isinstance(value, type) and issubclass(value, torch.optim.Optimizer),
    "a torch.optim.Optimizer class",
)
CALLBACKS = Constraint(_are_callbacks, "a list of skorch callbacks")
CLASS_WEIGHTS = Constraint(_are_weights, "a dict of floats in the range [0.0, inf)")
FOLDER = Constraint(_is_path, "the path of a folder")
