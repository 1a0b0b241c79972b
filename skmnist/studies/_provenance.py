"""Provenance of a study: estimator, settings, seed and versions."""

from __future__ import annotations

import platform
from importlib.metadata import version
from numbers import Integral
from typing import TYPE_CHECKING, Any

from sklearn.utils.validation import _num_samples

from skmnist._utils.own_version import own_version

from ._jsonable import to_jsonable
from ._staged import last_step

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator

_LIBRARIES = ("numpy", "scikit-learn", "torch")


def provenance(estimator: BaseEstimator, X: ArrayLike, **settings: Any) -> dict[str, Any]:
    """Return the `settings`, `seed` and `versions` of a study."""
    last, _ = last_step(estimator)
    seed = getattr(last, "random_state", None)
    return {
        "settings": {
            "estimator": type(estimator).__name__,
            "parameters": to_jsonable(estimator.get_params()),
            "n_samples": _num_samples(X),
            **to_jsonable(settings),
        },
        "seed": int(seed) if isinstance(seed, Integral) else None,
        "versions": {"python": platform.python_version(), "skmnist": own_version()}
        | {name: version(name) for name in _LIBRARIES},
    }
