"""Base class of the results of studies: arrays and their provenance."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, get_type_hints

import numpy as np

from ._jsonable import from_jsonable, to_jsonable

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class StudyResult:
    """Base class of the results of studies. It is frozen, and its arrays are read-only.

    Parameters
    ----------
    settings : dict
        The estimator, its parameters, the number of samples and the arguments of the study.
    seed : int or None
        The `random_state` of the estimator, if it is an integer.
    versions : dict of str to str
        Versions of Python and of the libraries.
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
        """Convert the result to a dict that JSON can represent.

        Returns
        -------
        dict
            One key for each field. NaN is converted to None.
        """
        values = {field.name: to_jsonable(getattr(self, field.name)) for field in fields(self)}
        return {"study": type(self).__name__} | values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Create a result from the dict returned by :meth:`to_dict`.

        Parameters
        ----------
        values : dict
            The dict returned by :meth:`to_dict`.

        Returns
        -------
        result : object of this class

        Raises
        ------
        ValueError
            If the dict is from another study, or its keys are not those of :meth:`to_dict`.
        """
        hints = get_type_hints(cls)
        expected = [field.name for field in fields(cls)]
        got = {name for name in values if name != "study"}
        if values.get("study") != cls.__name__ or got != set(expected):
            raise ValueError(
                f"The 'values' parameter of {cls.__name__}.from_dict must be a dict returned by "
                f"{cls.__name__}.to_dict(), with the keys 'study' and {expected}. Got a dict of "
                f"the study {values.get('study')!r} with the keys {sorted(got)} instead."
            )
        return cls(**{name: from_jsonable(values[name], hints[name]) for name in expected})
