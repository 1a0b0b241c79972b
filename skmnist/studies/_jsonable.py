"""Convert values to and from the types of JSON."""

from __future__ import annotations

from typing import Any, get_origin

import numpy as np


def to_jsonable(value: Any) -> Any:
    """Convert a value to types that JSON can represent.

    Arrays become lists and NaN becomes None. Infinity and other objects become strings.
    """
    if isinstance(value, np.ndarray | np.generic | range):
        value = np.asarray(value).tolist()
    if isinstance(value, dict):
        return {str(key): to_jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_jsonable(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None if np.isnan(value) else str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    # Remove the memory address, which differs in each process.
    return getattr(value, "__qualname__", None) or str(value).partition(" at 0x")[0]


def from_jsonable(value: Any, kind: Any) -> Any:
    """Convert the result of :func:`to_jsonable` back to a value of type `kind`."""
    kind = get_origin(kind) or kind
    # From Python 3.12 on, NumPy's NDArray is an alias that refers to the class.
    kind = getattr(kind, "__value__", kind)
    kind = get_origin(kind) or kind
    if kind is np.ndarray:
        array = np.asarray(value)
        return array if array.dtype.kind in "if" else array.astype(float)  # None becomes NaN
    if kind is tuple:
        return tuple(tuple(item) if isinstance(item, list) else item for item in value)
    return value
