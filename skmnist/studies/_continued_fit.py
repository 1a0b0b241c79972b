"""Continue a fit from the state of an earlier fit with fewer epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import joblib

from skmnist._estimators.checkpoints import CheckpointTarget, has_checkpoints
from skmnist.exceptions import CheckpointError

from ._staged import last_step

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator


def continued_fit(
    estimator: BaseEstimator,
    target: CheckpointTarget,
    X: ArrayLike,
    y: ArrayLike | None,
    **fit_params: Any,
) -> bool:
    """Fit, starting from the state of an earlier fit on the same data if there is one.

    The result is that of a fit from scratch.

    Parameters
    ----------
    estimator : estimator
        An estimator for which :func:`supports_staged_fit` is True. It is fitted in place.
    target : CheckpointTarget
        The folder of a candidate. It has a subfolder for each training set.
    X, y, **fit_params
        Passed to ``fit``.

    Returns
    -------
    bool
        Whether the fit started from a state.
    """
    if not target.folder.is_dir():  # of another machine
        estimator.fit(X, y, **fit_params)
        return False
    last, _ = last_step(estimator)
    target = target._replace(folder=target.folder / joblib.hash((X, y)))
    continued = target.resume and has_checkpoints(target.folder)
    try:
        with last._checkpoint_in(target):
            estimator.fit(X, y, **fit_params)
    except CheckpointError:
        # For example, a step of the pipeline is random, so the last step gets other data.
        estimator.fit(X, y, **fit_params)
        return False
    return continued
