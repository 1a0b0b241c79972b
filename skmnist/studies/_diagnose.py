"""Find out what is wrong with a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from skmnist._estimators.array_conversion import as_numpy, images_as_numpy
from skmnist._estimators.net_classifier import BaseNetClassifier
from skmnist._utils.torch_defaults import torch_defaults

from ._data_facts import DataFacts, find_facts, find_label_issues
from ._diagnosis import Diagnosis
from ._diagnosis_checks import run_checks
from ._observations import BETTER, Observations, has_other_cause, is_poor, is_slow
from ._observed_training import (
    N_FEW,
    ObservedTraining,
    Split,
    fit_few,
    get_lr,
    observe,
    with_lr,
)
from ._provenance import provenance
from ._staged import epochs_param

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_VALIDATION_FRACTION = 0.2  # of X, if no validation set was passed
_LONGER = 4  # times as many epochs, to see whether the training ended too early
_MIN_STEPS = 300  # of this longer training
# Factors of the learning rate to try if the size of the updates is not known.
_LOWER, _HIGHER = (0.1, 0.01, 0.001), (10.0, 100.0, 1000.0, 10_000.0)
_GOOD_UPDATE = 1e-2  # update-to-weight ratio of the first steps of a training that works


@torch_defaults()
def diagnose(
    estimator: BaseEstimator,
    X: ArrayLike,
    y: ArrayLike,
    *,
    X_val: ArrayLike | None = None,
    y_val: ArrayLike | None = None,
    random_state: int = 0,
) -> Diagnosis:
    """Check the data and the training of a classifier, and name what is wrong.

    The classifier is trained at least twice: with its own parameters, and for long on 100 samples.
    If it does not fit its training set, it is trained again with other learning rates and for more
    epochs, to find the cause.

    Parameters
    ----------
    estimator : estimator
        Any classifier. It is cloned, so a fitted one is not changed. Of a Pipeline, the last step
        is diagnosed, on the samples as it receives them. More can be checked for the networks of
        skmnist, less for :class:`sklearn.neural_network.MLPClassifier`, and least for classifiers
        that do not train in epochs. The result lists what was not checked, with the reason.
    X : array-like of shape (n_samples, n_features), (n_samples, height, width) or \
            (n_samples, channels, height, width)
        Training images.
    y : array-like of shape (n_samples,)
        Training labels.
    X_val : array-like, default=None
        Validation images in the same format as `X`. If None, a fifth of `X` is held out, and
        duplicates in the training and the validation set are not looked for.
    y_val : array-like, default=None
        Labels of `X_val`.
    random_state : int, default=0
        Seed of the choice of samples: the held-out ones, the 100, and at most 4,000 whose labels
        are checked.

    Returns
    -------
    diagnosis : Diagnosis

    Raises
    ------
    TypeError
        If `estimator` is not a classifier.
    ValueError
        If the data are invalid, or only one of `X_val` and `y_val` is passed.

    See Also
    --------
    skmnist.displays.TrainingCurveDisplay : Loss and accuracy of each epoch.

    Notes
    -----
    The checks, in the order in which problems are listed:

    - pixel range: the root mean square of the inputs
    - labels: whether the nearest other images have the same label more often than by chance
    - leakage: validation samples that are also in the training set
    - duplicates: equal training samples
    - label noise: labels that contradict the out-of-fold prediction, by confident learning [1]_
    - class imbalance: the largest class divided by the smallest
    - initialization: the loss before the training against log(n_classes), and equal units
    - dead units: units whose output is the same for all samples
    - learning rate: whether a higher or a lower one gives a much lower training loss
    - epochs: whether four times as many give a much lower training loss
    - saturated units: outputs of sigmoid and tanh units near their bounds
    - gradients: the norm of the gradient of the first layer against that of the last
    - update size: the norm of an update divided by that of the weights, usually about 1e-3 [2]_
    - loss curve: whether the loss falls, oscillates or diverges
    - 100 samples: whether 100 samples can be fitted [3]_
    - overfitting: the gap between the training and the validation accuracy
    - underfitting: the training accuracy against the accuracy of the nearest neighbors

    The out-of-fold predictions are those of the 10 nearest neighbors in at most 4,000 samples, and
    not of `estimator`, so that they do not depend on what is wrong with its training.

    The limits of the checks were chosen on MNIST and small images like it.

    References
    ----------
    .. [1] C. Northcutt, L. Jiang, I. Chuang, "Confident learning: estimating uncertainty in dataset
       labels", Journal of Artificial Intelligence Research 70 (2021).
    .. [2] A. Karpathy, "Convolutional neural networks for visual recognition", lecture notes of
       CS231n, Stanford (2016).
    .. [3] A. Karpathy, "A recipe for training neural networks" (2019).

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.studies import diagnose
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = MLPClassifier(lr=1.0, max_epochs=5, random_state=0)
    >>> diagnosis = diagnose(clf, X[::5], y[::5])
    >>> diagnosis.problems[0].check
    'learning rate'
    >>> diagnosis.problems[0].remedy
    'Use a learning rate of about ...'
    """
    if not is_classifier(estimator):
        raise TypeError(
            "The 'estimator' parameter of diagnose must be a classifier. Got "
            f"{type(estimator).__name__} instead."
        )
    if (X_val is None) != (y_val is None):
        raise ValueError("X_val and y_val must be passed together. Pass both, or neither.")
    last, split, facts = _prepare(estimator, X, y, X_val, y_val, random_state)
    training = observe(last, split)
    few = _choose_few(split, random_state)
    trials, longer = _run_trials(last, split, training, facts)
    seen = Observations(
        name=type(last).__name__,
        data=facts,
        training=training,
        few_accuracy=fit_few(last, split.X[few], split.y[few]),
        trials=trials,
        longer=longer,
    )
    rows = run_checks(seen)
    columns: dict[str, Any] = {
        name: tuple(row[key] for row in rows)
        for name, key in (
            ("checks", "check"),
            ("severities", "severity"),
            ("evidence", "evidence"),
            ("remedies", "remedy"),
        )
    }
    issues = find_label_issues(facts.neighbor_labels, facts.neighbor_proba)
    return Diagnosis(
        **columns,
        label_issues=facts.indices[issues],
        history=_history(training),
        layers=_layers(training),
        **provenance(
            estimator, X, study="diagnose", random_state=random_state, held_out=X_val is None
        ),
    )


def _prepare(
    estimator: BaseEstimator, X: Any, y: Any, X_val: Any, y_val: Any, seed: int
) -> tuple[BaseEstimator, Split, DataFacts]:
    """Return the last step, the samples as it receives them, and the facts about them."""
    X, y = images_as_numpy(X), column_or_1d(as_numpy(y))
    check_consistent_length(X, y)
    check_classification_targets(y)
    has_validation_set = X_val is not None
    if has_validation_set:
        X_val, y_val = images_as_numpy(X_val), column_or_1d(as_numpy(y_val))
        check_consistent_length(X_val, y_val)
        X_fit, y_fit = X, y
    else:
        classes, counts = np.unique(y, return_counts=True)
        n_val = int(np.ceil(_VALIDATION_FRACTION * len(y)))
        stratify = y if counts.min() >= 2 and n_val >= len(classes) else None
        indices = np.arange(len(y))
        fit, val = train_test_split(indices, test_size=n_val, stratify=stratify, random_state=seed)
        X_fit, y_fit, X_val, y_val = _take(X, fit), y[fit], _take(X, val), y[val]
    steps = []
    last = clone(estimator)
    while isinstance(last, Pipeline):
        steps += [step for _, step in last.steps[:-1] if step not in (None, "passthrough")]
        last = last.steps[-1][1]
    for step in steps:
        X_fit = step.fit_transform(X_fit, y_fit)
        X, X_val = step.transform(X), step.transform(X_val)
    split = Split(X_fit, y_fit, X_val, y_val)
    classes, encoded = np.unique(y, return_inverse=True)
    scale = 1.0
    flat = _flat(X)
    if isinstance(last, BaseNetClassifier) and flat.dtype.kind in "iu":
        # As in fit: integers in 0..255 are divided by 255.
        scale = 255.0 if 1 < flat.max() <= 255 and flat.min() >= 0 else 1.0
    facts = find_facts(
        flat, encoded, _flat(X_val) if has_validation_set else None, len(classes), scale, seed
    )
    return last, split, facts


def _take(X: Any, indices: np.ndarray) -> Any:
    return X.iloc[indices] if hasattr(X, "iloc") else X[indices]


def _flat(X: Any) -> np.ndarray:
    """Return samples as a dense array of shape (n_samples, n_features)."""
    X = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
    return X.reshape(len(X), -1)


def _choose_few(split: Split, seed: int) -> np.ndarray:
    """Return the indices of a few training samples, of all classes if possible."""
    if len(split.y) <= N_FEW:
        return np.arange(len(split.y))
    classes, counts = np.unique(split.y, return_counts=True)
    n_smaller_part = min(N_FEW, len(split.y) - N_FEW)
    stratify = split.y if counts.min() >= 2 and len(classes) <= n_smaller_part else None
    few, _ = train_test_split(
        np.arange(len(split.y)), train_size=N_FEW, stratify=stratify, random_state=seed
    )
    return few


def _run_trials(
    estimator: BaseEstimator, split: Split, training: ObservedTraining, facts: DataFacts
) -> tuple[dict[float, ObservedTraining], ObservedTraining | None]:
    """Train with other learning rates and for longer, if the training failed without a cause."""
    trials: dict[float, ObservedTraining] = {}
    if not is_poor(training, facts) or has_other_cause(training, facts):
        return trials, None
    is_explained = training.failure is not None
    if get_lr(estimator) is not None and not is_explained:
        for factors in _choose_factors(training):
            for factor in factors:
                trials[factor] = observe(with_lr(estimator, factor), split)
                if trials[factor].train_loss < BETTER * training.train_loss:
                    is_explained |= factor < 1 or is_slow(training)
                    if len(factors) > 2:  # a search, not the two that should be good
                        break
    if training.n_epochs is None or is_explained:
        return trials, None
    name = epochs_param(estimator)
    factor = max(_LONGER, -(-_MIN_STEPS // max(training.n_steps or 1, 1)))
    longer = clone(estimator).set_params(**{name: factor * training.n_epochs})
    return trials, observe(longer, split)


def _choose_factors(training: ObservedTraining) -> list[tuple[float, ...]]:
    """Return the factors of the learning rate to try; of each tuple until one is better."""
    update = training.early_update
    if not update or not np.isfinite(update):
        return [_LOWER, _HIGHER]
    factor = 10.0 ** float(np.clip(np.round(np.log10(_GOOD_UPDATE / update)), -6, 6))
    if factor > 1 or factor < 0.1:
        return [(10 * factor, factor)]
    return [(0.1,), (10.0,)]


def _history(training: ObservedTraining) -> dict[str, list[float]]:
    columns = {
        "train_loss": training.loss_curve,
        "validation_loss": training.validation_loss_curve,
        "batch_loss": training.batch_losses,
        "initial_loss": [] if training.initial_loss is None else [training.initial_loss],
    }
    return {name: [float(value) for value in values] for name, values in columns.items()}


def _layers(training: ObservedTraining) -> dict[str, list[Any]]:
    rows = [
        (step, layer, gradients.get(layer, np.nan), ratio)
        for step, gradients, ratios in zip(
            training.steps, training.gradients, training.update_ratios, strict=False
        )
        for layer, ratio in ratios.items()
    ]
    names = ("step", "layer", "gradient", "update_ratio")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}
