"""Parameters with one value per layer: sizes, and pairs (height, width)."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from skmnist._utils.messages import describe_choices, invalid_parameter_message
from skmnist.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable


def as_tuple(value: Any) -> Any:
    """Return a list or an array as a tuple, and anything else unchanged."""
    if isinstance(value, np.ndarray) and value.ndim:
        value = value.tolist()
    return tuple(value) if isinstance(value, list) else value


def check_sizes(owner: str, name: str, value: Any) -> tuple[int, ...]:
    """Return an int or a sequence of ints >= 1 as a tuple.

    Parameters
    ----------
    owner, name : str
        The names of the class and of the parameter, for the error message.
    value : int, tuple, list or ndarray
    """
    sizes = _per_layer(value, 1)
    if not all(map(_is_size, sizes)):
        expected = "an int in the range [1, inf) or a tuple of such ints, for example (64, 32)"
        raise InvalidParameterError(invalid_parameter_message(name, owner, expected, value))
    return tuple(map(int, sizes))


def check_pairs(
    owner: str, name: str, value: Any, n_layers: int, minimum: int = 1
) -> list[tuple[int, int]]:
    """Return one pair (height, width) for each layer.

    Parameters
    ----------
    owner, name : str
        The names of the class and of the parameter, for the error message.
    value : int, tuple, list or ndarray
        An int for all layers, or a tuple with one entry per layer: an int or a pair.
    n_layers : int
    minimum : int, default=1
        The smallest allowed int.
    """
    entries = _per_layer(value, n_layers)
    pairs = [e if isinstance(e, tuple) else (e, e) for e in map(as_tuple, entries)]
    is_valid = len(pairs) == n_layers and all(
        len(pair) == 2 and all(_is_size(side, minimum) for side in pair) for pair in pairs
    )
    if not is_valid:
        expected = (
            f"an int in the range [{minimum}, inf) for all layers, or a tuple with one entry per "
            f"layer ({n_layers} in total), each an int or a pair (height, width)"
        )
        raise InvalidParameterError(invalid_parameter_message(name, owner, expected, value))
    return [(int(first), int(second)) for first, second in pairs]


def check_choices(
    owner: str, name: str, value: Any, n_layers: int, choices: Iterable[str]
) -> list[str]:
    """Return one name for each layer.

    Parameters
    ----------
    owner, name : str
        The names of the class and of the parameter, for the error message.
    value : str, tuple or list
        A name for all layers, or a tuple with one name per layer.
    n_layers : int
    choices : iterable of str
        The allowed names.
    """
    entries = _per_layer(value, n_layers)
    if len(entries) != n_layers or not set(entries) <= set(choices):
        expected = (
            f"{describe_choices(choices)} for all layers, or a tuple with one of them per layer "
            f"({n_layers} in total)"
        )
        raise InvalidParameterError(invalid_parameter_message(name, owner, expected, value))
    return list(entries)


def _per_layer(value: Any, n_layers: int) -> tuple[Any, ...]:
    """Return the entries of a tuple, list or array, or `value` for each layer."""
    entries = as_tuple(value)
    return entries if isinstance(entries, tuple) else (entries,) * n_layers


def _is_size(value: Any, minimum: int = 1) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= minimum
