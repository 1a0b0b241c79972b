"""Find out what is wrong with a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.utils import _safe_indexing

from skmnist._utils.messages import invalid_parameter_message
from skmnist._utils.torch_defaults import torch_defaults
from skmnist._utils.validation import check_int

from ._diagnosis import Diagnosis
from ._diagnosis_checks import run_checks
from ._diagnosis_data import Split, choose_few, prepare
from ._observations import BETTER, Observations, has_other_cause, is_poor, is_slow
from ._observed_training import ObservedTraining, fit_few, get_lr, observe, with_lr
from ._provenance import provenance
from ._staged import epochs_param

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

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
        is diagnosed, on the samples as it receives them; of a RejectClassifier, its estimator. More
        can be checked for the networks of skmnist, less for
        :class:`sklearn.neural_network.MLPClassifier`, and least for classifiers that do not train
        in epochs. The result lists what was not checked, with the reason.
    X : array-like or sparse matrix of shape (n_samples, n_features), \
            (n_samples, height, width) or (n_samples, channels, height, width)
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
        If `estimator` is not a classifier, or is a FrozenEstimator, which can't be trained.
    ValueError
        If the data or `random_state` are invalid, or only one of `X_val` and `y_val` is passed.

    See Also
    --------
    skmnist.displays.TrainingCurveDisplay : Loss and accuracy of each epoch.

    Notes
    -----
    The checks, in the order in which problems are listed:

    - pixel range: the root mean square of the inputs, also of the validation set
    - labels: whether the nearest other images have the same label more often than by chance, also
      in the validation set
    - leakage: validation samples that are also in the training set
    - duplicates: equal training samples
    - label noise: labels that contradict the out-of-fold prediction, by confident learning [1]_
    - class imbalance: the largest class divided by the smallest
    - initialization: the loss before the training against log(n_classes), equal units, and a
      softmax at the end of the network, where logits are needed
    - dead units: units whose output is the same for all samples, so that they get no gradient
    - learning rate: whether a higher or a lower one gives a much lower training loss
    - epochs: whether four times as many give a much lower training loss
    - saturated units: outputs of sigmoid and tanh units near their bounds
    - gradients: the norm of the gradient of the first layer against that of the last
    - update size: the norm of an update divided by that of the weights, usually about 1e-3 [2]_
    - 100 samples: whether 100 samples can be fitted [3]_
    - loss curve: whether the loss falls, oscillates or diverges
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
    if not (hasattr(estimator, "fit") and is_classifier(estimator)):
        expected = "a classifier"
        raise TypeError(invalid_parameter_message("estimator", "diagnose", expected, estimator))
    check_int("diagnose", "random_state", random_state, minimum=0)
    last, split, facts = prepare(estimator, X, y, X_val, y_val, random_state)
    few = choose_few(split, random_state)
    seen = Observations(
        name=type(last).__name__,
        data=facts,
        training=observe(last, split),
        few_accuracy=fit_few(last, _safe_indexing(split.X, few), split.y[few]),
    )
    if is_poor(seen) and not has_other_cause(seen):
        _run_trials(last, split, seen)
    checks, severities, evidence, remedies = zip(*run_checks(seen), strict=True)
    return Diagnosis(
        checks=checks,
        severities=severities,
        evidence=evidence,
        remedies=remedies,
        label_issues=facts.indices[facts.label_issues],
        history=_history(seen.training),
        layers=_layers(seen.training),
        **provenance(
            estimator, X, study="diagnose", random_state=random_state, held_out=X_val is None
        ),
    )


def _run_trials(estimator: BaseEstimator, split: Split, seen: Observations) -> None:
    """Train with other learning rates and for longer, to find out why the training failed."""
    training = seen.training
    is_explained = training.failure is not None
    if get_lr(estimator) is not None and not is_explained:
        for factors in _choose_factors(training):
            for factor in factors:
                trial = seen.trials[factor] = observe(with_lr(estimator, factor), split)
                if trial.train_loss < BETTER * training.train_loss:
                    is_explained |= factor < 1 or is_slow(training)
                    if len(factors) > 2:  # a search, not the two that should be good
                        break
    if training.n_epochs is None or is_explained:
        return
    name = epochs_param(estimator)
    factor = max(_LONGER, -(-_MIN_STEPS // max(training.n_steps or 1, 1)))
    longer = clone(estimator).set_params(**{name: factor * training.n_epochs})
    seen.longer = observe(longer, split)


def _choose_factors(training: ObservedTraining) -> list[tuple[float, ...]]:
    """Return the factors of the learning rate to try; of each tuple until one is better."""
    update = training.early_update
    if not update or not np.isfinite(update):
        return [_LOWER, _HIGHER]
    # The factor and ten times as much, which lie on both sides of the good one.
    factor = 10.0 ** float(np.clip(np.floor(np.log10(_GOOD_UPDATE / update)), -6, 6))
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
