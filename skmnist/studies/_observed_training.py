"""Train copies of a classifier and record what a diagnosis needs."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse
import torch
from sklearn import neural_network
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.preprocessing import label_binarize
from sklearn.utils.validation import _num_samples

from skmnist._estimators.hidden_layers import sklearn_activations
from skmnist._estimators.net_classifier import BaseNetClassifier
from skmnist._training.convergence import INITIAL_LOSS
from skmnist._training.image_dataset import prepare_inputs
from skmnist._training.probe import (
    LayerActivity,
    TrainingProbe,
    equal_units,
    layer_activity,
    network_activity,
)
from skmnist._utils.torch_defaults import torch_defaults
from skmnist.exceptions import DivergenceError

from ._diagnosis_data import Split

if TYPE_CHECKING:
    from collections.abc import Callable

    from sklearn.base import BaseEstimator

_MAX_SCORED = 2000  # samples on which a trained classifier is scored
_MAX_ACTIVE = 500  # samples on which the activity of the units is computed
_N_EARLY = 5  # steps
MIN_FEW_ACCURACY = 0.95
_FEW_STEPS = (100, 400, 1600)  # each only if the one before is not enough, but helped
# scikit-learn's name of an activation function -> its bounds.
_SKLEARN_BOUNDS = {"logistic": (0.0, 1.0), "tanh": (-1.0, 1.0)}
# The same name -> its derivative, as a function of the activations.
_SKLEARN_DERIVATIVES: dict[str, Callable[[Any], Any]] = {
    "identity": np.ones_like,
    "logistic": lambda a: a * (1 - a),
    "tanh": lambda a: 1 - a**2,
    "relu": lambda a: a > 0,
}
# Attributes of the classifiers for which the scale of the inputs matters.
_WEIGHTS = ("coefs_", "coef_", "dual_coef_")
# Parameters of the networks of skmnist and of scikit-learn.
_LR_PARAMS = ("lr", "learning_rate_init")


@dataclass
class ObservedTraining:
    """What was observed in one training. Values that are not available are None or empty.

    The losses and accuracies at the end are those of the fitted classifier, on at most 2,000
    samples: the loss is the log loss of the probabilities.
    """

    failure: str | None = None
    n_epochs: int | None = None
    n_steps: int | None = None
    lr: float | None = None
    train_loss: float = np.inf
    train_accuracy: float = 0.0
    validation_loss: float = np.inf
    validation_accuracy: float = 0.0
    n_validation: int = 0
    depends_on_scale: bool = True
    initial_loss: float | None = None
    expected_initial_loss: float | None = None
    equal_units: bool | None = None
    output_function: str | None = None
    initial_activity: list[LayerActivity] = field(default_factory=list)
    final_activity: list[LayerActivity] = field(default_factory=list)
    loss_curve: list[float] = field(default_factory=list)
    validation_loss_curve: list[float] = field(default_factory=list)
    batch_losses: list[float] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    gradients: list[dict[str, float]] = field(default_factory=list)
    update_ratios: list[dict[str, float]] = field(default_factory=list)

    @property
    def typical_update(self) -> float | None:
        """Median update-to-weight ratio of all observed steps and layers."""
        return _median(self.update_ratios)

    @property
    def early_update(self) -> float | None:
        """Median update-to-weight ratio of the first steps, when the gradients are large."""
        return _median(self.update_ratios[:_N_EARLY])


def _median(ratios: list[dict[str, float]]) -> float | None:
    values = [value for step in ratios for value in step.values()]
    return float(np.median(values)) if values else None


def get_lr(estimator: BaseEstimator) -> float | None:
    """Return the learning rate, or None if the estimator has none."""
    name = _lr_param(estimator)
    return None if name is None else float(estimator.get_params()[name])


def with_lr(estimator: BaseEstimator, factor: float) -> BaseEstimator:
    """Return an unfitted copy whose learning rate is multiplied by a factor."""
    lr = get_lr(estimator)
    if lr is None:
        raise ValueError(f"{type(estimator).__name__} has no learning rate.")
    return clone(estimator).set_params(**{str(_lr_param(estimator)): factor * lr})


def _lr_param(estimator: BaseEstimator) -> str | None:
    params = estimator.get_params(deep=False)
    if params.get("solver") == "lbfgs":
        return None
    return next((name for name in _LR_PARAMS if name in params), None)


def observe(estimator: BaseEstimator, split: Split) -> ObservedTraining:
    """Train a copy of a classifier on the training samples."""
    n_validation = min(len(split.y_val), _MAX_SCORED)
    found = ObservedTraining(lr=get_lr(estimator), n_validation=n_validation)
    copied = clone(estimator)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the findings say more
        try:
            _OBSERVERS.get(_kind(copied), _observe_other)(copied, split, found)
        except (DivergenceError, FloatingPointError) as error:
            found.failure = str(error).split(" Use a smaller")[0]
            return found
        except ValueError as error:
            if "non-finite" not in str(error):
                raise
            found.failure = str(error).partition(". ")[0] + "."
            return found
        found.depends_on_scale = any(hasattr(copied, name) for name in _WEIGHTS)
        found.train_loss, found.train_accuracy = _score(copied, split.X, split.y)
        found.validation_loss, found.validation_accuracy = _score(copied, split.X_val, split.y_val)
    return found


def _kind(estimator: BaseEstimator) -> type | None:
    kinds = (BaseNetClassifier, neural_network.MLPClassifier)
    return next((kind for kind in kinds if isinstance(estimator, kind)), None)


def _score(estimator: Any, X: Any, y: np.ndarray) -> tuple[float, float]:
    """Return the log loss and the accuracy on a part of the samples."""
    step = -(-_num_samples(X) // _MAX_SCORED)
    X, y = X[::step], y[::step]
    accuracy = float((np.asarray(estimator.predict(X)) == y).mean())
    if not hasattr(estimator, "predict_proba"):
        return np.nan, accuracy
    proba = np.asarray(estimator.predict_proba(X), dtype=np.float64)
    if not np.isfinite(proba).all():
        return np.inf, accuracy
    return float(log_loss(y, proba, labels=estimator.classes_)), accuracy


def _observe_network(clf: Any, split: Split, found: ObservedTraining) -> None:
    """Train a network of skmnist with a probe."""
    probe = TrainingProbe()
    clf.set_params(
        callbacks=[*(clf.callbacks or []), probe], verbose=0, warm_start=False, checkpoint_dir=None
    )
    try:
        clf.fit(split.X, split.y, X_val=split.X_val, y_val=split.y_val)
    finally:
        record = probe.record
        found.initial_loss = record.initial_loss
        found.expected_initial_loss = INITIAL_LOSS[clf.loss](len(np.unique(split.y)))
        found.initial_activity, found.equal_units = record.initial_activity, record.equal_units
        found.output_function = record.output_function
        found.batch_losses, found.n_steps = record.batch_losses, len(record.batch_losses)
        found.steps = record.steps
        found.gradients, found.update_ratios = record.gradients, record.update_ratios
    found.n_epochs = clf.n_iter_
    found.loss_curve = clf.loss_curve_
    found.validation_loss_curve = clf.validation_loss_curve_ or []
    with torch_defaults():
        some = clf._check_data(split.X[:_MAX_ACTIVE], reset=False)
        pixels = torch.tensor(clf._network_order(some))
        device = torch.device(clf.device_)
        x = prepare_inputs(pixels, clf.pixel_scale_, clf._dtype, device)
        found.final_activity = network_activity(
            clf.module_, x.view(len(x), *clf._module_input_shape())
        )


def _observe_sklearn(clf: Any, split: Split, found: ObservedTraining) -> None:
    """Train an MLP of scikit-learn."""
    if clf.solver != "lbfgs":
        # An epoch with almost no learning rate shows the untrained network.
        untrained = clone(clf).set_params(
            max_iter=1, learning_rate_init=1e-12, early_stopping=False, verbose=False
        )
        untrained.fit(split.X, split.y)
        found.initial_loss, _ = _score(untrained, split.X, split.y)
        found.expected_initial_loss = float(np.log(len(untrained.classes_)))
        found.equal_units = any(
            equal_units(torch.from_numpy(coef.T)) for coef in untrained.coefs_[:-1]
        )
        found.initial_activity = _sklearn_activity(untrained, split.X)
        found.gradients = [_sklearn_gradients(untrained, split.X, split.y)]
    clf.set_params(verbose=False, warm_start=False).fit(split.X, split.y)
    found.n_epochs = clf.n_iter_
    found.final_activity = _sklearn_activity(clf, split.X)
    if clf.solver != "lbfgs":
        found.loss_curve = list(map(float, clf.loss_curve_))
        n_train = len(split.y) * (1 - clf.validation_fraction * bool(clf.early_stopping))
        batch_size = min(200, n_train) if clf.batch_size == "auto" else clf.batch_size
        found.n_steps = clf.n_iter_ * int(np.ceil(n_train / batch_size))


def _sklearn_activity(clf: Any, X: Any) -> list[LayerActivity]:
    if clf.activation == "identity":
        return []
    bounds = _SKLEARN_BOUNDS.get(clf.activation)
    hidden = sklearn_activations(clf, X[:_MAX_ACTIVE])[:-1]
    return [layer_activity(torch.from_numpy(a), bounds) for a in hidden]


def _sklearn_gradients(clf: Any, X: Any, y: np.ndarray) -> dict[str, float]:
    """Return the norm of the gradient of the log loss with respect to the weights of each layer."""
    X, y = X[:_MAX_ACTIVE], y[:_MAX_ACTIVE]
    targets = label_binarize(y, classes=clf.classes_)  # one column for two classes
    derivative = _SKLEARN_DERIVATIVES[clf.activation]
    hidden = sklearn_activations(clf, X)[:-1]
    delta = (clf.predict_proba(X)[:, -targets.shape[1] :] - targets) / len(y)
    norms = {}
    for i in reversed(range(1, len(clf.coefs_))):
        norms[f"coefs_[{i}]"] = float(np.linalg.norm(hidden[i - 1].T @ delta))
        delta = (delta @ clf.coefs_[i].T) * derivative(hidden[i - 1])
    flat = X if scipy.sparse.issparse(X) else np.asarray(X)
    norms["coefs_[0]"] = float(np.linalg.norm(flat.T @ delta))
    return dict(reversed(norms.items()))


def _observe_other(clf: Any, split: Split, found: ObservedTraining) -> None:
    """Train any other classifier."""
    clf.fit(split.X, split.y)


_OBSERVERS: dict[type | None, Any] = {
    BaseNetClassifier: _observe_network,
    neural_network.MLPClassifier: _observe_sklearn,
}


def fit_few(estimator: BaseEstimator, X: Any, y: np.ndarray) -> float:
    """Return the training accuracy of a copy that is trained for long on a few samples."""
    best = 0.0
    for n_steps in _FEW_STEPS:
        accuracy = _fit_few(estimator, X, y, n_steps)
        if accuracy >= MIN_FEW_ACCURACY or accuracy <= best:
            return max(accuracy, best)
        best = accuracy
    return best


def _fit_few(estimator: BaseEstimator, X: Any, y: np.ndarray, n_steps: int) -> float:
    params = estimator.get_params(deep=False)
    # Without what makes it harder.
    changes: dict[str, Any] = {"early_stopping": False, "augment": None, "dropout": 0.0}
    changes |= {"lr_schedule": None, "callbacks": None, "checkpoint_dir": None, "verbose": 0}
    batch_size = params.get("batch_size")
    batch_size = min(batch_size, len(y)) if isinstance(batch_size, int) else len(y)
    n_epochs = -(-n_steps // -(-len(y) // batch_size))
    if _lr_param(estimator) is not None:
        changes |= {"max_epochs": n_epochs, "max_iter": n_epochs, "n_iter_no_change": n_epochs}
    copied = clone(estimator).set_params(**{k: v for k, v in changes.items() if k in params})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            predicted = copied.fit(X, y).predict(X)
        except (DivergenceError, FloatingPointError):
            return 0.0
        except ValueError as error:
            if "non-finite" not in str(error):
                raise
            return 0.0
    return float((np.asarray(predicted) == y).mean())
