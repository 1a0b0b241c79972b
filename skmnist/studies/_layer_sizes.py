"""A distribution of layers, for randomized searches."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import overload

import numpy as np
from sklearn.utils import check_random_state


@dataclass(frozen=True)
class LayerSizes:
    """Distribution of `hidden_layer_sizes`: how many layers, and how many units in each.

    The number of layers is uniform. The number of units of each layer is log-uniform, so that 16
    to 32 comes as often as 256 to 512.

    Parameters
    ----------
    min_units, max_units : int, default=16, 512
        Bounds of the number of units of a layer, both included.
    min_layers, max_layers : int, default=1, 3
        Bounds of the number of layers, both included.
    decreasing : bool, default=False
        Whether no layer is wider than the one before it.

    Raises
    ------
    ValueError
        If the bounds are not whole numbers in that order.

    See Also
    --------
    sklearn.model_selection.RandomizedSearchCV : Takes distributions instead of lists.
    sklearn.model_selection.HalvingRandomSearchCV : Gives few rows or epochs to many candidates.

    References
    ----------
    J. Bergstra, Y. Bengio, "Random search for hyper-parameter optimization", Journal of Machine
    Learning Research 13, 281-305 (2012), which draws the units "geometrically".

    Examples
    --------
    >>> from skmnist.studies import LayerSizes
    >>> sizes = LayerSizes(16, 256, max_layers=2)
    >>> all(16 <= units <= 256 for units in sizes.rvs(random_state=0))
    True
    >>> from scipy.stats import loguniform
    >>> from sklearn.model_selection import ParameterSampler
    >>> space = {"hidden_layer_sizes": sizes, "lr": loguniform(1e-4, 1e-1)}
    >>> sorted(next(iter(ParameterSampler(space, 1, random_state=0))))
    ['hidden_layer_sizes', 'lr']
    """

    min_units: int = 16
    max_units: int = 512
    min_layers: int = 1
    max_layers: int = 3
    decreasing: bool = False

    def __post_init__(self) -> None:
        for low, high in (("min_units", "max_units"), ("min_layers", "max_layers")):
            bounds = getattr(self, low), getattr(self, high)
            if not all(isinstance(b, Integral) for b in bounds) or not 1 <= bounds[0] <= bounds[1]:
                raise ValueError(
                    f"{low}={bounds[0]!r}, {high}={bounds[1]!r}: whole numbers are wanted, with "
                    f"1 <= {low} <= {high}."
                )

    @overload
    def rvs(
        self, size: None = None, random_state: int | np.random.RandomState | None = None
    ) -> tuple[int, ...]: ...

    @overload
    def rvs(
        self, size: int, random_state: int | np.random.RandomState | None = None
    ) -> list[tuple[int, ...]]: ...

    def rvs(
        self,
        size: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> tuple[int, ...] | list[tuple[int, ...]]:
        """Draw.

        Parameters
        ----------
        size : int, default=None
            How many to draw. If None, one, which isn't in a list.
        random_state : int, RandomState instance or None, default=None
            Where the randomness comes from.

        Returns
        -------
        tuple of int, or list of them
        """
        generator = check_random_state(random_state)
        if size is not None:
            return [self._draw(generator) for _ in range(size)]
        return self._draw(generator)

    def _draw(self, generator: np.random.RandomState) -> tuple[int, ...]:
        n_layers = generator.randint(self.min_layers, self.max_layers + 1)
        logarithms = generator.uniform(np.log(self.min_units), np.log(self.max_units + 1), n_layers)
        units = [min(int(u), self.max_units) for u in np.exp(logarithms)]
        units = [max(u, self.min_units) for u in units]  # exp(log(n)) may be just below n
        return tuple(sorted(units, reverse=True) if self.decreasing else units)
