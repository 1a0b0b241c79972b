"""Validation of parameters, with scikit-learn's messages."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from .messages import invalid_parameter_message

if TYPE_CHECKING:
    from collections.abc import Collection


def check_choice(owner: str, name: str, value: object, choices: Collection[str | None]) -> None:
    """Raise a ValueError unless `value` is one of `choices`.

    Parameters
    ----------
    owner : str
        The name of the class or function that has the parameter.
    name : str
        The name of the parameter.
    value : object
        Its value.
    choices : collection of str or None
        The allowed values, in the order of the message.
    """
    # Compared by type as well: 1 does not equal True, and an array is never compared.
    if any(value is choice or (isinstance(value, str) and value == choice) for choice in choices):
        return
    names = [choice for choice in choices if isinstance(choice, str)]
    nearest = difflib.get_close_matches(str(value).lower(), names, n=1, cutoff=0.5)
    hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
    expected = f"one of {{{', '.join(map(repr, choices))}}}"
    raise ValueError(invalid_parameter_message(name, owner, expected, value) + hint)
