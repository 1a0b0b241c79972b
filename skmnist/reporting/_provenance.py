"""Describe the model, the data, the seed and the versions for a report."""

from __future__ import annotations

import hashlib
import math
import os
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy.sparse

from skmnist._utils.own_version import own_version
from skmnist.studies._jsonable import to_jsonable
from skmnist.studies._metrics import n_weights

if TYPE_CHECKING:
    from collections.abc import Iterable

_LIBRARIES = ("torch", "skorch", "scikit-learn", "numpy", "scipy", "pandas")
_MAX_VALUE_LENGTH = 300  # characters; longer parameter values are truncated
_CHUNK_SIZE = 1000  # samples per hash update


def describe_model(estimator: Any, unavailable: dict[str, str]) -> dict[str, Any]:
    """Describe a fitted classifier; store the reasons for missing parts in `unavailable`."""
    best = getattr(estimator, "best_estimator_", estimator)
    steps = getattr(best, "steps", None)
    last = steps[-1][1] if steps else best  # the classifier of a pipeline
    name = type(last).__name__
    parameters = {key: _parameter(value) for key, value in best.get_params().items()}
    return {
        "name": type(best).__name__ if last is best else f"{type(best).__name__}, {name}",
        "model": repr(best),
        "chosen_by": None if best is estimator else type(estimator).__name__,
        "parameters": parameters,
        "n_weights": _n_weights(last, unavailable),
        "n_parameters": getattr(last, "n_parameters_", None),
        "training": _training(last, unavailable),
        "best_epoch": getattr(last, "best_epoch_", None),
        "times": _times(estimator, last, unavailable),
        "seed": _seed(parameters, name, unavailable),
        "device": getattr(last, "device_", None),
    }


def _parameter(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, (bool, int, type(None))) or (
        isinstance(value, float) and math.isfinite(value)
    ):
        return value
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _MAX_VALUE_LENGTH else text[: _MAX_VALUE_LENGTH - 1] + "…"


def _n_weights(model: Any, unavailable: dict[str, str]) -> int | None:
    n = n_weights(model)
    if math.isfinite(n):
        return int(n)
    unavailable["n_weights"] = f"{type(model).__name__} does not provide it."
    return None


def _training(model: Any, unavailable: dict[str, str]) -> dict[str, list[Any]] | None:
    """Return the columns of ``history_``, or the loss curve of an MLPClassifier of scikit-learn."""
    table = getattr(model, "history_", None)
    if not isinstance(table, pd.DataFrame):
        losses = getattr(model, "loss_curve_", None)
        table = {"epoch": range(1, len(losses) + 1), "train_loss": losses} if losses else {}
        if table and getattr(model, "validation_scores_", None):
            table["validation_score"] = model.validation_scores_
    if not len(table):
        unavailable["training"] = f"{type(model).__name__} does not store a training history."
        return None
    return {column: to_jsonable(_finite(table[column])) for column in table}


def _finite(values: Iterable[Any]) -> list[Any]:
    """Return the values as a list, with None instead of NaN and infinity."""
    return [
        None if isinstance(v, (float, np.floating)) and not math.isfinite(v) else v for v in values
    ]


def _times(estimator: Any, model: Any, unavailable: dict[str, str]) -> dict[str, float | None]:
    fit_time = getattr(model, "fit_time_", getattr(estimator, "refit_time_", None))
    if fit_time is None:
        unavailable["fit_time"] = f"{type(model).__name__} does not measure it."
    epoch_times = getattr(model, "epoch_times_", None) or []
    return to_jsonable(
        {
            "fit_time": fit_time,
            "epoch_time_mean": np.mean(epoch_times) if epoch_times else None,
            "epoch_time_median": np.median(epoch_times) if epoch_times else None,
        }
    )


def _seed(parameters: dict[str, Any], name: str, unavailable: dict[str, str]) -> dict[str, Any]:
    seeds = {key: v for key, v in parameters.items() if key.split("__")[-1] == "random_state"}
    if not seeds:
        unavailable["seed"] = f"{name} has no random_state."
    elif all(value is None for value in seeds.values()):
        unavailable["seed"] = "random_state=None, so another fit may give different results."
    return seeds


def describe_data(X: Any, y: np.ndarray) -> dict[str, Any]:
    """Return the shape, the dtype and the hash of the test data.

    The hash depends on the dtype and the values, but not on the shape of the images.
    """
    X = X if scipy.sparse.issparse(X) or hasattr(X, "iloc") else np.asarray(X)
    sha256 = hashlib.sha256()
    dtypes = set()
    for start in range(0, X.shape[0], _CHUNK_SIZE):
        part = slice(start, start + _CHUNK_SIZE)
        chunk = X.iloc[part] if hasattr(X, "iloc") else X[part]
        chunk = np.asarray(chunk.toarray() if scipy.sparse.issparse(chunk) else chunk)
        dtypes.add(str(chunk.dtype))
        sha256.update(str(chunk.dtype).encode())
        if chunk.dtype.kind in "buifc":
            sha256.update(np.ascontiguousarray(chunk).data)
        else:
            # The bytes of an object array are addresses, so hash the strings instead.
            sha256.update("\0".join(map(str, chunk.flat)).encode(errors="surrogatepass"))
    sha256.update("\0".join(map(str, to_jsonable(y))).encode(errors="surrogatepass"))
    return {
        "shape": list(X.shape),
        "dtype": ", ".join(sorted(dtypes)),
        "sha256": sha256.hexdigest(),
    }


def versions() -> dict[str, Any]:
    """Return the versions of the libraries, of Python and of the operating system."""
    return {
        "skmnist": own_version(),
        **{name: version(name) for name in _LIBRARIES},
        "Python": platform.python_version(),
        "system": platform.platform(),
        "CPU cores": os.cpu_count(),
    }
