"""Base of every study's result: arrays, and what made them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, get_type_hints

import numpy as np

from ._jsonable import from_jsonable, to_jsonable

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class StudyResult:
    """Base of the results: frozen, with read-only arrays.

    Parameters
    ----------
    settings : dict
        The estimator, its parameters, the number of samples and how the study was made.
    seed : int or None
        The estimator's `random_state`, if it is an integer.
    versions : dict of str to str
        Of Python and the libraries.
    """

    settings: dict[str, Any]
    seed: int | None
    versions: dict[str, str]

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                value = value.copy()
                value.flags.writeable = False
                object.__setattr__(self, name, value)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as a dict of what JSON can hold.

        Returns
        -------
        dict
            A key for each field; NaN is None.
        """
        values = {field.name: to_jsonable(getattr(self, field.name)) for field in fields(self)}
        return {"study": type(self).__name__} | values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the result that :meth:`to_dict` was called on.

        Parameters
        ----------
        values : dict
            What :meth:`to_dict` returned.

        Returns
        -------
        result : object of this class

        Raises
        ------
        ValueError
            If it isn't such a dict.
        """
        hints = get_type_hints(cls)
        expected = [field.name for field in fields(cls)]
        got = {name for name in values if name != "study"}
        if values.get("study") != cls.__name__ or got != set(expected):
            raise ValueError(
                f"A dict made by {cls.__name__}.to_dict() is wanted, with 'study' and {expected}; "
                f"this one is of study {values.get('study')!r} and holds {sorted(got)}."
            )
        return cls(**{name: from_jsonable(values[name], hints[name]) for name in expected})
