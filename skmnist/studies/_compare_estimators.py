"""Several classifiers side by side."""

import time

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import _num_samples

from ._metrics import loss, n_weights
from ._result import provenance
from ._staged import last_step


def compare_estimators(estimators, X, y, X_test, y_test):
    """Train classifiers on the same rows and compare them.

    Parameters
    ----------
    estimators : dict of str to estimator
        Classifiers by the names to show. They are cloned.
    X : array-like of shape (n, ...)
        Pictures to train with, in a form that the estimators accept.
    y : array-like of shape (n,)
        Labels.
    X_test, y_test : array-like
        Rows to test on. They are looked at after each epoch and nothing else: no epoch is chosen
        by them, and the classifiers don't see them.

    Returns
    -------
    table : DataFrame
        A row for each classifier, by its name. The columns:

        - the parameters that are not the same for all; empty where a classifier has none of
          that name
        - "n_weights": number of weights, without biases
        - "train_loss", "test_loss": cross-entropy of the predicted probabilities, in nats
        - "train_accuracy", "test_accuracy"
        - "min_train_loss", "min_test_loss", "max_test_accuracy": the best of any epoch
        - "fit_time": what the training took
        - "mean_epoch_time", "median_epoch_time"
        - "evaluated": "each epoch", or "at the end" for the classifiers that don't show their
          epochs, such as scikit-learn's. The best of any epoch and the seconds of an epoch are
          NaN there.

        Its ``attrs`` hold the settings, seeds and versions that made it.

        ``max_test_accuracy`` was found by looking at the test rows, so it is no estimate of
        what a classifier reaches on new ones; ``test_accuracy`` is.

    Raises
    ------
    TypeError
        If `estimators` is no dict.

    See Also
    --------
    skmnist.displays.TrainingCurveDisplay : Losses against epochs of several classifiers.

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
    linear                          7840  at the end
    """
    if not hasattr(estimators, "items"):
        raise TypeError(
            f"estimators is {type(estimators).__name__}; a dict such as {{'wide': "
            "MLPClassifier((256,)), 'narrow': MLPClassifier((16,))}} is wanted."
        )
    train, test = (X, y), (X_test, y_test)
    rows = {name: _measure(clone(one), train, test) for name, one in estimators.items()}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table = pd.concat([differences(estimators), table], axis=1)
    table.attrs = describe(estimators, X, X_test)
    return table


def describe(estimators, X, X_test):
    """Return `settings`, `seeds` and `versions` of a comparison."""
    how = {"study": "compare_estimators", "n_test_samples": _num_samples(X_test)}
    made = {name: provenance(one, X, **how) for name, one in estimators.items()}
    return {
        "settings": {name: one["settings"] for name, one in made.items()},
        "seeds": {name: one["seed"] for name, one in made.items()},
        "versions": next((one["versions"] for one in made.values()), {}),
    }


def differences(estimators):
    """Return a table of the parameters that are not the same for all."""
    parameters = {name: _own_parameters(one) for name, one in estimators.items()}
    names = dict.fromkeys(name for values in parameters.values() for name in values)
    columns = {}
    for name in names:
        column = [values.get(name, "") for values in parameters.values()]
        if len({repr(value) for value in column}) > 1:
            columns[name] = pd.Series(column, index=list(estimators), dtype=object)
    return pd.DataFrame(columns, index=list(estimators))


def _own_parameters(estimator):
    """Return the parameters, and the class; of a pipeline those of its last step."""
    last, _ = last_step(estimator)
    return {"estimator": type(last).__name__} | last.get_params(deep=False)


def _measure(estimator, train, test):
    """Train; return the figures of a row."""
    seen = {"train_loss": [], "test_loss": [], "test_accuracy": []}
    reading = 0.0

    def look(_):
        nonlocal reading
        start = time.perf_counter()
        seen["train_loss"].append(loss(estimator, *train))
        seen["test_loss"].append(loss(estimator, *test))
        seen["test_accuracy"].append(_accuracy(estimator, *test))
        reading += time.perf_counter() - start

    last, _ = last_step(estimator)
    shows_epochs = hasattr(last, "_on_epoch_end")
    start = time.perf_counter()
    if shows_epochs:
        with last._on_epoch_end(look):
            estimator.fit(*train)
    else:
        estimator.fit(*train)
    seconds = time.perf_counter() - start - reading
    epochs = last.epoch_times_ if shows_epochs else [np.nan]
    return {
        "n_weights": n_weights(estimator),
        "train_loss": loss(estimator, *train),
        "test_loss": loss(estimator, *test),
        "train_accuracy": _accuracy(estimator, *train),
        "test_accuracy": _accuracy(estimator, *test),
        "min_train_loss": min(seen["train_loss"], default=np.nan),
        "min_test_loss": min(seen["test_loss"], default=np.nan),
        "max_test_accuracy": max(seen["test_accuracy"], default=np.nan),
        "fit_time": seconds,
        "mean_epoch_time": np.mean(epochs),
        "median_epoch_time": np.median(epochs),
        "evaluated": "each epoch" if shows_epochs else "at the end",
    }


def _accuracy(estimator, X, y):
    return accuracy_score(y, estimator.predict(X))
