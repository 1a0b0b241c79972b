"""Validation of parameters, with messages in scikit-learn's form."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import TYPE_CHECKING

from .messages import describe_choices, did_you_mean, invalid_parameter_message

if TYPE_CHECKING:
    from collections.abc import Collection


def check_choice(owner: str, name: str, value: object, choices: Collection[str | None]) -> None:
    """Raise a ValueError unless `value` is one of `choices`.

    Parameters
    ----------
    owner : str
        Name of the class or function.
    name : str
        Name of the parameter.
    value : object
        Value of the parameter.
    choices : collection of str or None
        The allowed values, in the order of the message.
    """
    # Only strings are compared with ==, because arrays cannot be compared like this.
    if any(value is choice or (isinstance(value, str) and value == choice) for choice in choices):
        return
    names = [choice for choice in choices if isinstance(choice, str)]
    or_none = " or None" if None in choices else ""
    expected = describe_choices(names) + or_none
    message = invalid_parameter_message(name, owner, expected, value)
    raise ValueError(message + did_you_mean(value, names))


def check_int(owner: str, name: str, value: object, minimum: int) -> None:
    """Raise a ValueError unless `value`, a parameter of `owner`, is an int >= `minimum`."""
    if not isinstance(value, Integral) or int(value) < minimum:
        expected = f"an int in the range [{minimum}, inf)"
        raise ValueError(invalid_parameter_message(name, owner, expected, value))


def check_real(
    owner: str,
    name: str,
    value: object,
    low: float,
    high: float = math.inf,
    *,
    or_none: bool = False,
) -> None:
    """Raise a ValueError unless `value`, a parameter of `owner`, is a number in (low, high)."""
    if or_none and value is None:
        return
    if not isinstance(value, Real) or not low < float(value) < high:
        expected = f"{'None or ' * or_none}a float in the range ({float(low)}, {float(high)})"
        raise ValueError(invalid_parameter_message(name, owner, expected, value))
