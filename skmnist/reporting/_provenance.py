"""First step of a report, too: which model, data, seed and software made the numbers."""

import hashlib
import math
import os
import platform
from importlib.metadata import version

import numpy as np
import pandas as pd
import scipy.sparse

from skmnist.studies._jsonable import to_jsonable
from skmnist.studies._metrics import n_weights

_LIBRARIES = ("skmnist", "torch", "skorch", "scikit-learn", "numpy", "scipy", "pandas")
_LONGEST_VALUE = 300  # characters of a parameter; a longer one is cut
_CHUNK = 1000  # rows that are hashed at once


def describe_model(estimator, left_out):
    """Return what is known about a fitted classifier; say in `left_out` what isn't."""
    chosen = getattr(estimator, "best_estimator_", estimator)
    steps = getattr(chosen, "steps", None)
    last = steps[-1][1] if steps else chosen  # a pipeline's training is its last step's
    name = type(last).__name__
    parameters = {key: _parameter(value) for key, value in chosen.get_params().items()}
    return {
        "name": type(chosen).__name__ if last is chosen else f"{type(chosen).__name__}, {name}",
        "model": repr(chosen),
        "chosen_by": None if chosen is estimator else type(estimator).__name__,
        "parameters": parameters,
        "n_weights": _n_weights(last, left_out),
        "n_parameters": getattr(last, "n_parameters_", None),
        "training": _training(last, left_out),
        "best_epoch": getattr(last, "best_epoch_", None),
        "times": _times(estimator, last, left_out),
        "seed": _seed(parameters, name, left_out),
        "device": getattr(last, "device_", None),
    }


def _parameter(value):
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, (bool, int, type(None))) or (
        isinstance(value, float) and math.isfinite(value)
    ):
        return value
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _n_weights(model, left_out):
    n = n_weights(model)
    if math.isfinite(n):
        return int(n)
    left_out["n_weights"] = f"{type(model).__name__} doesn't tell them."
    return None


def _training(model, left_out):
    """Return the columns of `history_`, or what scikit-learn's MLPClassifier keeps in its place."""
    table = getattr(model, "history_", None)
    if not isinstance(table, pd.DataFrame):
        losses = getattr(model, "loss_curve_", None)
        table = {"epoch": range(1, len(losses) + 1), "train_loss": losses} if losses else {}
        if table and getattr(model, "validation_scores_", None):
            table["validation_score"] = model.validation_scores_
    if not len(table):
        left_out["training"] = f"{type(model).__name__} keeps no record of its epochs."
        return None
    return {column: to_jsonable(_finite(table[column])) for column in table}


def _finite(values):
    """Return the values as a list, with None for the numbers that are not finite."""
    return [
        None if isinstance(v, (float, np.floating)) and not math.isfinite(v) else v for v in values
    ]


def _times(estimator, model, left_out):
    seconds = getattr(model, "fit_time_", getattr(estimator, "refit_time_", None))
    if seconds is None:
        left_out["fit_seconds"] = f"{type(model).__name__} doesn't measure it."
    epochs = getattr(model, "epoch_times_", None) or []
    return to_jsonable(
        {
            "fit_seconds": seconds,
            "epoch_seconds_mean": np.mean(epochs) if epochs else None,
            "epoch_seconds_median": np.median(epochs) if epochs else None,
        }
    )


def _seed(parameters, name, left_out):
    seeds = {key: v for key, v in parameters.items() if key.split("__")[-1] == "random_state"}
    if not seeds:
        left_out["seed"] = f"{name} has no random_state."
    elif all(value is None for value in seeds.values()):
        left_out["seed"] = (
            "none was given: where training is random, the next one gives other numbers."
        )
    return seeds


def describe_data(X, y):
    """Return the size of the test data and a hash by which to know them again.

    The hash is about type and values; pictures have the same whether they come as rows or not.
    """
    X = X if scipy.sparse.issparse(X) or hasattr(X, "iloc") else np.asarray(X)
    digest = hashlib.sha256()
    dtypes = set()
    for start in range(0, X.shape[0], _CHUNK):
        rows = slice(start, start + _CHUNK)
        chunk = X.iloc[rows] if hasattr(X, "iloc") else X[rows]
        chunk = np.asarray(chunk.toarray() if scipy.sparse.issparse(chunk) else chunk)
        dtypes.add(str(chunk.dtype))
        # The bytes of objects are where they lie in the memory, so their texts are taken.
        values = chunk if chunk.dtype.kind in "buifc" else "\0".join(map(str, chunk.flat)).encode()
        digest.update(str(chunk.dtype).encode())
        digest.update(np.ascontiguousarray(values) if values is chunk else values)
    digest.update("\0".join(map(str, to_jsonable(y))).encode())
    return {
        "shape": list(X.shape),
        "dtype": ", ".join(sorted(dtypes)),
        "sha256": digest.hexdigest(),
    }


def versions():
    """Return the versions of what takes part, and the machine."""
    return {
        **{name: version(name) for name in _LIBRARIES},
        "Python": platform.python_version(),
        "system": platform.platform(),
        "CPU cores": os.cpu_count(),
    }
