"""The one message for a parameter whose value is not among the choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


def check_choice(name: str, value: object, choices: Collection[object]) -> None:
    """Raise ValueError unless `value` is one of `choices`."""
    # By type as well: 1 is not True, and an array is never compared.
    if not any(
        value is choice or (isinstance(value, str) and value == choice) for choice in choices
    ):
        expected = ", ".join(map(repr, choices))
        raise ValueError(f"{name}={value!r}: wanted is one of {expected}.")
