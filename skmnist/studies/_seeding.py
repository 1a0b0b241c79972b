"""Set the seeds of any estimator, also inside pipelines and meta-estimators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


def random_state_params(estimator: BaseEstimator) -> list[str]:
    """Return the names of all parameters ``random_state``, such as ``"clf__random_state"``.

    Those of a FrozenEstimator are left out: it is not fitted again.
    """
    params = estimator.get_params(deep=True)
    frozen = tuple(f"{n}__" for n, value in params.items() if isinstance(value, FrozenEstimator))
    return [
        name
        for name in sorted(params)
        if name.rpartition("__")[2] == "random_state" and not name.startswith(frozen)
    ]


def clone_with_seed(estimator: BaseEstimator, seed: int) -> BaseEstimator:
    """Return a clone whose parameters ``random_state`` are all `seed`."""
    cloned = clone(estimator)
    cloned.set_params(**dict.fromkeys(random_state_params(cloned), seed))
    return cloned
