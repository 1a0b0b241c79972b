"""The fits of one candidate on several training sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ._stacking import StackedFit

_N_SAMPLES = 50  # of a training set, to tell it from others


class FoldFits:
    """The fits of one candidate, by the training set.

    scikit-learn calls ``fit`` with the samples of a training set, not with its number.

    Parameters
    ----------
    fits : mapping
        From the key of a training set to its fit.
    key : callable
        Returns the key for X and y.
    """

    def __init__(self, fits: Mapping[str, StackedFit], key: Callable[[Any, Any], str]) -> None:
        self._fits = fits
        self._key = key

    def get(self, X: Any, y: Any) -> StackedFit:
        """Return the fit on a training set."""
        return self._fits[self._key(X, y)]

    def __deepcopy__(self, memo: object) -> FoldFits:
        # scikit-learn clones the parameters of a candidate for each fit.
        return self


def choose_key(
    load: Callable[[int], tuple[Any, Any]], n_folds: int
) -> tuple[Callable[[Any, Any], str], list[str]]:
    """Return a function that tells training sets apart, and its value for each of them.

    ``load(i)`` returns X and y of training set i.
    """
    keys = [sample_key(*load(fold)) for fold in range(n_folds)]
    if len(set(keys)) == n_folds:
        return sample_key, keys
    return whole_key, [whole_key(*load(fold)) for fold in range(n_folds)]


def sample_key(X: Any, y: Any) -> str:
    """Return a key made of all labels and some samples of a training set."""
    some = np.linspace(0, _num_samples(X) - 1, _N_SAMPLES).astype(int)
    return joblib.hash((y, _safe_indexing(X, some)))


def whole_key(X: Any, y: Any) -> str:
    """Return a key made of all of a training set."""
    return joblib.hash((y, X))
