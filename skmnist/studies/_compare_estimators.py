"""Compare several classifiers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import _num_samples

from ._metrics import log_loss_or_nan, n_weights
from ._provenance import provenance
from ._staged import last_step

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator


def compare_estimators(
    estimators: Mapping[str, BaseEstimator],
    X: ArrayLike,
    y: ArrayLike,
    X_test: ArrayLike,
    y_test: ArrayLike,
) -> pd.DataFrame:
    """Train classifiers on the same data and compare their metrics.

    Parameters
    ----------
    estimators : dict of str to estimator
        The classifiers, by the names to show. They are cloned.
    X : array-like of shape (n_samples, ...)
        Training images, in a format that the estimators accept.
    y : array-like of shape (n_samples,)
        Training labels.
    X_test, y_test : array-like
        Test set. It is scored after each epoch, but has no influence on the training.

    Returns
    -------
    table : DataFrame
        One row for each classifier. The columns are:

        - the parameters that differ between the classifiers; empty if a classifier does not have
          the parameter
        - "n_weights": number of weights, without biases
        - "train_loss", "test_loss": log loss of the predicted probabilities
        - "train_accuracy", "test_accuracy"
        - "min_train_loss", "min_test_loss", "max_test_accuracy": the best value of all epochs
        - "fit_time": training time, in seconds
        - "mean_epoch_time", "median_epoch_time": time per epoch, in seconds
        - "evaluated": "each epoch", or "after fit" for classifiers without per-epoch access, such
          as those of scikit-learn. Their best values and times per epoch are NaN.

        The ``attrs`` of the table contain the settings, seeds and versions.

        Use ``test_accuracy`` to estimate the accuracy on new data. ``max_test_accuracy`` is too
        optimistic, because its epoch is selected on the test set.

    Raises
    ------
    TypeError
        If `estimators` is not a dict.

    See Also
    --------
    skmnist.displays.TrainingCurveDisplay : Training curves of several classifiers.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import train_test_split
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.studies import compare_estimators
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> X, X_test, y, y_test = train_test_split(X / 255, y, train_size=500, random_state=0)
    >>> estimators = {
    ...     "narrow": MLPClassifier((8,), max_epochs=3, random_state=0),
    ...     "wide": MLPClassifier((64,), max_epochs=3, random_state=0),
    ...     "linear": LogisticRegression(C=0.01),
    ... }
    >>> table = compare_estimators(estimators, X, y, X_test, y_test)
    >>> table[["hidden_layer_sizes", "n_weights", "evaluated"]]
           hidden_layer_sizes  n_weights   evaluated
    narrow               (8,)       6352  each epoch
    wide                (64,)      50816  each epoch
    linear                          7840   after fit
    """
    if not hasattr(estimators, "items"):
        raise TypeError(
            "The 'estimators' parameter of compare_estimators must be a dict, such as {'wide': "
            "MLPClassifier((256,)), 'narrow': MLPClassifier((16,))}. Got "
            f"{type(estimators).__name__} instead."
        )
    train, test = (X, y), (X_test, y_test)
    rows = {name: _measure(clone(one), train, test) for name, one in estimators.items()}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table = pd.concat([differing_params(estimators), table], axis=1)
    table.attrs = comparison_provenance(estimators, X, X_test)
    return table


def comparison_provenance(
    estimators: Mapping[str, BaseEstimator], X: ArrayLike, X_test: ArrayLike
) -> dict[str, Any]:
    """Return the settings, seeds and versions of a comparison."""
    settings = {"study": "compare_estimators", "n_test_samples": _num_samples(X_test)}
    each = {name: provenance(one, X, **settings) for name, one in estimators.items()}
    return {
        "settings": {name: one["settings"] for name, one in each.items()},
        "seeds": {name: one["seed"] for name, one in each.items()},
        "versions": next((one["versions"] for one in each.values()), {}),
    }


def differing_params(estimators: Mapping[str, BaseEstimator]) -> pd.DataFrame:
    """Return a table of the parameters that differ between the estimators."""
    params = {name: _class_and_params(one) for name, one in estimators.items()}
    names = dict.fromkeys(name for values in params.values() for name in values)
    columns = {}
    for name in names:
        column = [values.get(name, "") for values in params.values()]
        if len({repr(value) for value in column}) > 1:
            columns[name] = pd.Series(column, index=list(estimators), dtype=object)
    return pd.DataFrame(columns, index=list(estimators))


def _class_and_params(estimator: BaseEstimator) -> dict[str, Any]:
    """Return the class and the parameters of an estimator or of the last step of a pipeline."""
    last, _ = last_step(estimator)
    return {"estimator": type(last).__name__} | last.get_params(deep=False)


def _measure(
    estimator: BaseEstimator, train: tuple[Any, Any], test: tuple[Any, Any]
) -> dict[str, Any]:
    """Fit an estimator and return its row of the table."""
    train_losses, test_losses, test_accuracies = [], [], []
    scoring_time = 0.0

    def on_epoch_end(_: int) -> None:
        nonlocal scoring_time
        start = time.perf_counter()
        train_losses.append(log_loss_or_nan(estimator, *train))
        test_losses.append(log_loss_or_nan(estimator, *test))
        test_accuracies.append(_accuracy(estimator, *test))
        scoring_time += time.perf_counter() - start

    last, _ = last_step(estimator)
    has_hook = hasattr(last, "_on_epoch_end")
    start = time.perf_counter()
    if has_hook:
        with last._on_epoch_end(on_epoch_end):
            estimator.fit(*train)
    else:
        estimator.fit(*train)
    fit_time = time.perf_counter() - start - scoring_time
    epoch_times = last.epoch_times_ if has_hook else [np.nan]
    return {
        "n_weights": n_weights(estimator),
        "train_loss": log_loss_or_nan(estimator, *train),
        "test_loss": log_loss_or_nan(estimator, *test),
        "train_accuracy": _accuracy(estimator, *train),
        "test_accuracy": _accuracy(estimator, *test),
        "min_train_loss": min(train_losses, default=np.nan),
        "min_test_loss": min(test_losses, default=np.nan),
        "max_test_accuracy": max(test_accuracies, default=np.nan),
        "fit_time": fit_time,
        "mean_epoch_time": np.mean(epoch_times),
        "median_epoch_time": np.median(epoch_times),
        "evaluated": "each epoch" if has_hook else "after fit",
    }


def _accuracy(estimator: BaseEstimator, X: ArrayLike, y: ArrayLike) -> float:
    return accuracy_score(y, estimator.predict(X))
