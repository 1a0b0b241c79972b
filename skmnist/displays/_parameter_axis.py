"""Axis of a hyperparameter in the plots of a search."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any

import numpy as np

from ._style import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_TICKS = 8  # on a numeric axis
_MAX_LABELS = 20  # on a categorical axis
_MIN_LOG_RATIO = 20  # the axis is logarithmic if max / min is at least this


class ParameterAxis:
    """Numeric or categorical axis of a hyperparameter.

    Parameters
    ----------
    name : str
        Name of the hyperparameter.
    values : list
        Its value in each candidate.
    as_numbers : bool, default=False
        Whether the axis is numeric even if there are few distinct values.

    Attributes
    ----------
    labels : list of str
        Labels of the distinct values, in the order of the axis.
    indices : ndarray of int of shape (n_candidates,)
        Index of each candidate's value in `labels`.
    positions : ndarray of float of shape (n_candidates,)
        Position of each candidate's value on the axis.
    ordered : bool
        Whether all values are numbers, so that a line may connect the scores.
    """

    def __init__(self, name: str, values: Sequence[Any], as_numbers: bool = False) -> None:
        self.name = name
        # Compare texts, because values need not be hashable or comparable.
        keys = [value if isinstance(value, numbers.Real) else repr(value) for value in values]
        distinct = dict(zip(keys, values, strict=True))
        numeric = all(isinstance(value, numbers.Real) for value in distinct.values())
        self.ordered = not any(isinstance(value, bool) for value in values) and numeric
        ordered = list(distinct)
        if numeric:
            ordered.sort(key=distinct.__getitem__)
        elif all(isinstance(value, tuple) for value in distinct.values()):  # layer sizes
            ordered.sort(key=lambda key: (len(distinct[key]), distinct[key]))
        self.labels = [shorten(format_tick(distinct[key])) for key in ordered]
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
        """Return tick positions and labels of the values, or of every n-th if there are many."""
        positions = np.arange(0, len(self.labels), -(-len(self.labels) // _MAX_LABELS))
        return positions, [self.labels[i] for i in positions]

    def ticks(self) -> tuple[np.ndarray, list[str]]:
        """Return tick positions and labels."""
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
        return positions, [format_tick(10**x if self.logarithmic else x) for x in positions]

    def to_unit(self, positions: np.ndarray) -> np.ndarray:
        """Scale positions so that the axis ranges from 0 to 1."""
        low, high = float(np.nanmin(self.positions)), float(np.nanmax(self.positions))
        return (positions - low) / (high - low) if high > low else np.full(len(positions), 0.5)


def format_tick(value: Any) -> str:
    """Format a value of a hyperparameter as a tick label."""
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        return f"{value:.3g}" if abs(float(value)) < 1000 else f"{value:g}"
    return getattr(value, "__name__", None) or str(value)
