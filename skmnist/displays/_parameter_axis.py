"""The axis of a parameter in the plots of a search."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any

import numpy as np

from ._style import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_TICKS = 8  # of a numeric axis
_MAX_LABELS = 20  # of a categorical axis
_MIN_LOG_RATIO = 20  # between the largest and the smallest value on a logarithmic axis


class ParameterAxis:
    """The values of a parameter on an axis, numeric or categorical.

    Parameters
    ----------
    name : str
    values : list
        Of each candidate.
    as_numbers : bool
        Whether the axis is numeric although it has few values.

    Attributes
    ----------
    labels : list of str
        Of the distinct values, in their order.
    indices : ndarray of int
        The index of each candidate's value among them.
    positions : ndarray of float
        The position of each candidate's value on the axis.
    """

    def __init__(self, name: str, values: Sequence[Any], as_numbers: bool = False) -> None:
        self.name = name
        # By their texts, because values may be neither hashable nor comparable.
        keys = [value if isinstance(value, numbers.Real) else repr(value) for value in values]
        distinct = dict(zip(keys, values, strict=True))
        numeric = all(isinstance(value, numbers.Real) for value in distinct.values())
        ordered = list(distinct)
        if numeric:
            ordered.sort(key=distinct.__getitem__)
        elif all(isinstance(value, tuple) for value in distinct.values()):  # sizes of layers
            ordered.sort(key=lambda key: (len(distinct[key]), distinct[key]))
        self.labels = [shorten(_format_value(distinct[key])) for key in ordered]
        self.indices = np.array([ordered.index(key) for key in keys])
        self.positions = self.indices.astype(float)
        self.numeric = numeric and (as_numbers or len(ordered) > _MAX_TICKS)
        if self.numeric:
            self.positions = np.array(values, dtype=float)
            self.integer = not as_numbers and bool((self.positions % 1 == 0).all())
            low, high = np.nanmin(self.positions), np.nanmax(self.positions)
            self.logarithmic = (
                not (as_numbers or self.integer) and low > 0 and high / low >= _MIN_LOG_RATIO
            )
            if self.logarithmic:
                self.positions = np.log10(self.positions)

    def categorical_ticks(self) -> tuple[np.ndarray, list[str]]:
        """Return positions and labels of the distinct values, or of every n-th of many."""
        positions = np.arange(0, len(self.labels), -(-len(self.labels) // _MAX_LABELS))
        return positions, [self.labels[i] for i in positions]

    def ticks(self) -> tuple[np.ndarray, list[str]]:
        """Return positions on the axis and their labels."""
        from matplotlib.ticker import MaxNLocator

        if not self.numeric:
            return self.categorical_ticks()
        low, high = float(np.nanmin(self.positions)), float(np.nanmax(self.positions))
        if self.logarithmic:
            minor = (0, np.log10(3)) if high - low < 4 else (0,)
            decades = np.arange(np.floor(low), np.ceil(high) + 1)
            positions = np.add.outer(decades, minor).ravel()
        else:
            locator = MaxNLocator(_MAX_TICKS - 2, integer=self.integer)
            positions = np.asarray(locator.tick_values(low, high))
        margin = 1e-9 * (high - low)
        positions = positions[(positions >= low - margin) & (positions <= high + margin)]
        return positions, [_format_value(10**x if self.logarithmic else x) for x in positions]

    def to_unit(self, positions: np.ndarray) -> np.ndarray:
        """Return positions scaled so that the axis goes from 0 to 1."""
        low, high = float(np.nanmin(self.positions)), float(np.nanmax(self.positions))
        return (positions - low) / (high - low) if high > low else np.full(len(positions), 0.5)


def _format_value(value: Any) -> str:
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        return f"{value:.3g}" if abs(float(value)) < 1000 else f"{value:g}"
    return getattr(value, "__name__", None) or str(value)
