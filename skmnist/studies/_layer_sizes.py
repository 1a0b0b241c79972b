"""Distribution of layer sizes for randomized searches."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import overload

import numpy as np
from sklearn.utils import check_random_state

from skmnist._utils.messages import repr_value


@dataclass(frozen=True)
class LayerSizes:
    """Distribution of `hidden_layer_sizes` for a randomized search.

    The number of layers is uniform. The number of units in each layer is log-uniform: a size from
    16 to 32 is as likely as a size from 256 to 512.

    Parameters
    ----------
    min_units, max_units : int, default=16, 512
        Bounds of the number of units in a layer, inclusive.
    min_layers, max_layers : int, default=1, 3
        Bounds of the number of layers, inclusive.
    decreasing : bool, default=False
        Whether the layer sizes are non-increasing.

    Raises
    ------
    ValueError
        If the bounds are not integers with 1 <= min <= max.

    See Also
    --------
    sklearn.model_selection.RandomizedSearchCV : Random search over distributions of parameters.
    sklearn.model_selection.HalvingRandomSearchCV : Random search that gives more samples or epochs
        to the best candidates.

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
                    f"The {low!r} and {high!r} parameters of LayerSizes must be int with "
                    f"1 <= {low} <= {high}. Got {low}={repr_value(bounds[0])} and "
                    f"{high}={repr_value(bounds[1])} instead."
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
        """Draw random layer sizes.

        Parameters
        ----------
        size : int, default=None
            Number of draws. If None, a single tuple is returned instead of a list.
        random_state : int, RandomState instance or None, default=None
            Seed or random number generator.

        Returns
        -------
        layer_sizes : tuple of int, or list of tuple of int
        """
        generator = check_random_state(random_state)
        if size is not None:
            return [self._draw(generator) for _ in range(size)]
        return self._draw(generator)

    def _draw(self, generator: np.random.RandomState) -> tuple[int, ...]:
        n_layers = generator.randint(self.min_layers, self.max_layers + 1)
        logarithms = generator.uniform(np.log(self.min_units), np.log(self.max_units + 1), n_layers)
        units = [min(int(u), self.max_units) for u in np.exp(logarithms)]
        units = [max(u, self.min_units) for u in units]  # rounding: exp(log(n)) may be just below n
        return tuple(sorted(units, reverse=True) if self.decreasing else units)
