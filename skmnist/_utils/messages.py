"""Error messages in scikit-learn's form."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable


def repr_value(value: Any) -> str:
    """Return ``repr(value)``, but NumPy scalars as users write them: ``0``, not ``np.int64(0)``."""
    if isinstance(value, np.str_):
        return repr(str(value))
    if isinstance(value, (np.number, np.bool_)):
        return str(value)
    return repr(value)


def invalid_parameter_message(name: str, owner: str | None, expected: str, value: Any) -> str:
    """Return the message for a parameter with an invalid value.

    Parameters
    ----------
    name : str
        Name of the parameter.
    owner : str or None
        Name of its class or function; None leaves it out.
    expected : str
        The values that are allowed, for example ``"a float in the range (0.0, inf)"``.
    value : object
        The invalid value.

    Examples
    --------
    >>> expected = "a float in the range (0.0, inf)"
    >>> invalid_parameter_message("lr", "MLPClassifier", expected, -1)
    "The 'lr' parameter of MLPClassifier must be a float in the range (0.0, inf). Got -1 instead."
    """
    of_owner = "" if owner is None else f" of {owner}"
    return f"The {name!r} parameter{of_owner} must be {expected}. Got {repr_value(value)} instead."


def describe_choices(names: Iterable[str]) -> str:
    """Return the description of a parameter that is one of some names."""
    return f"a str among {{{', '.join(map(repr, names))}}}"


def did_you_mean(value: Any, choices: Iterable[str]) -> str:
    """Return a hint with the choice that is closest to `value`, or "" if none is similar."""
    closest = difflib.get_close_matches(str(value), choices, n=1, cutoff=0.5)
    closest = closest or difflib.get_close_matches(str(value).lower(), choices, n=1, cutoff=0.5)
    return f" Did you mean {closest[0]!r}?" if closest else ""
