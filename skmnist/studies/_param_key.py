"""Keys of values of parameters."""

from __future__ import annotations

from typing import Any


def param_key(value: Any) -> Any:
    """Return a key that is equal for equal values of the same type.

    Values need not be hashable; then only the same object has the same key.
    """
    if isinstance(value, tuple):
        return tuple, tuple(map(param_key, value))
    try:
        hash(value)
    except TypeError:
        return id(value)
    return type(value), value
