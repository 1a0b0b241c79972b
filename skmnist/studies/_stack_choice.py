"""Which classifiers of a search or study are fitted in stacks."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from joblib import effective_n_jobs
from joblib.parallel import get_active_backend
from sklearn.utils._param_validation import StrOptions

from skmnist._estimators.layer_params import as_tuple
from skmnist._estimators.stacked_fit import stacking_obstacle
from skmnist._training.stacked.plan import MIN_SAME_BATCHES
from skmnist._utils.device import resolve_device
from skmnist._utils.messages import invalid_parameter_message
from skmnist.exceptions import InvalidParameterError

from ._param_key import param_key
from ._staged import last_step

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

Stack: TypeAlias = Literal["auto"] | bool

STACK_CONSTRAINTS: dict[str, list[Any]] = {"stack": [StrOptions({"auto"}), "boolean"]}

# Parameters that may differ between classifiers that train on the same batches.
_FREE = {
    *("lr", "weight_decay", "momentum", "nesterov", "optimizer", "optimizer_params"),
    *("lr_schedule", "max_epochs", "weight_init", "n_threads", "deterministic"),
}

# "auto" stacks at least MIN_SAME_BATCHES classifiers that train on the same batches, on the CPU, if
# the first layer has at most so many weights. `python -m benchmarks.stacked` measured, in parts of
# the time of separate epochs, with 13,000 to 100,000 weights: 0.75 to 0.91 for 4 such classifiers
# and 0.56 to 0.76 for 8 or 16. With 160,000 to 200,000 weights it was 0.84 to 1.05, and for batches
# of their own 0.81 to 1.15.
_MAX_WEIGHTS = 110_000

_LOCAL_BACKENDS = {"LokyBackend", "MultiprocessingBackend", "ThreadingBackend", "SequentialBackend"}


def choose_stacked(
    owner: str,
    stack: Any,
    estimators: Sequence[BaseEstimator],
    X: Any,
    *,
    folds: Sequence[int] | None = None,
    n_folds: int = 1,
    n_jobs: int | None,
) -> list[bool]:
    """Return for each classifier whether to fit it in a stack.

    Parameters
    ----------
    owner : str
        Name of the search or study.
    stack : bool or "auto"
        Value of its parameter.
    estimators : list of estimators
    X : array-like of shape (n_samples, ...)
    folds : list of int or None
        The training set of each classifier. None: each is fitted on the same training sets.
    n_folds : int, default=1
        The number of these training sets.
    n_jobs : int or None

    Raises
    ------
    InvalidParameterError
        If `stack` is not "auto" or a bool, or is True and a classifier can't be stacked.
    """
    if not (isinstance(stack, bool | np.bool_) or (isinstance(stack, str) and stack == "auto")):
        message = invalid_parameter_message("stack", owner, "'auto' or a bool", stack)
        raise InvalidParameterError(message)
    if not stack:
        return [False] * len(estimators)
    obstacles = [stacking_obstacle(last_step(one)[0]) for one in estimators]
    if not isinstance(stack, str):
        problem = next((one for one in obstacles if one is not None), None)
        if problem is not None:
            raise InvalidParameterError(
                f"The 'stack' parameter of {owner} must be 'auto' or False for classifiers that "
                f"can't be stacked. Got True instead, with {problem}. Use stack='auto', "
                "which fits such classifiers separately."
            )
        return [True] * len(estimators)
    if not _workers_are_local():
        return [False] * len(estimators)
    keys = [None if o else _batches_key(e) for o, e in zip(obstacles, estimators, strict=True)]
    if folds is not None:
        keys = [key and (key, fold) for key, fold in zip(keys, folds, strict=True)]
    chosen = [
        key is not None and _is_faster(one, keys.count(key), X)
        for key, one in zip(keys, estimators, strict=True)
    ]
    n_workers = effective_n_jobs(n_jobs)
    if n_workers > 1 and sum(chosen) * n_folds < 2 * MIN_SAME_BATCHES * n_workers:
        return [False] * len(estimators)  # rather no idle workers
    return chosen


def _workers_are_local() -> bool:
    """Return whether joblib starts its workers on this machine, unlike Dask."""
    backend, _ = get_active_backend()
    return type(backend).__name__ in _LOCAL_BACKENDS


def _batches_key(estimator: BaseEstimator) -> Any:
    """Return a key that is equal for classifiers that train on the same batches."""
    last, prefix = last_step(estimator)
    params = estimator.get_params(deep=True)
    if not isinstance(last.random_state, Integral):
        params[f"{prefix}random_state"] = object()  # a new seed for each fit
    free = {f"{prefix}{name}" for name in _FREE}
    return frozenset(
        (name, param_key(value))
        for name, value in params.items()
        # The parameters of steps are among the others.
        if name not in free and not name.endswith("steps") and not hasattr(value, "get_params")
    )


def _is_faster(estimator: BaseEstimator, n_same_batches: int, X: Any) -> bool:
    """Return whether a stack was measured to be faster than separate fits."""
    last: Any = last_step(estimator)[0]
    # Nothing was measured on a GPU. An invalid device or size is an error of the fit.
    is_cpu = str(last.device) in ("cpu", "auto") and resolve_device(last.device).type == "cpu"
    sizes = as_tuple(last.hidden_layer_sizes)
    n_units = sizes[0] if isinstance(sizes, tuple) and sizes else sizes
    if n_same_batches < MIN_SAME_BATCHES or not is_cpu or not isinstance(n_units, Integral):
        return False
    shape = X.shape if hasattr(X, "shape") else np.asarray(X).shape
    return int(np.prod(shape[1:])) * int(n_units) <= _MAX_WEIGHTS
