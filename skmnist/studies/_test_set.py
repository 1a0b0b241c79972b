"""Check of the arguments that choose between a test set and cross-validation."""

from __future__ import annotations

from typing import Any


def has_test_set(owner: str, cv: Any, X_test: Any, y_test: Any) -> bool:
    """Return whether the study `owner` got a test set.

    Raises
    ------
    ValueError
        If only one of `X_test` and `y_test` was passed, or both they and `cv`.
    """
    if (X_test is None) != (y_test is None):
        missing = "y_test" if y_test is None else "X_test"
        raise ValueError(
            f"{owner} needs both X_test and y_test, but {missing} is missing. Pass both, or "
            "neither."
        )
    if X_test is not None and cv is not None:
        raise ValueError(
            f"{owner} accepts either cv, or X_test and y_test, but not both. Remove one of them."
        )
    return X_test is not None
