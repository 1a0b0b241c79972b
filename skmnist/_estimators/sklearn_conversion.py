"""scikit-learn's MLPClassifier in our parameters and weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from skmnist._utils.device import resolve_device
from skmnist._utils.random_state import resolve_seed
from skmnist.exceptions import InvalidParameterError

from .net_builder import make_net
from .parameters import check_parameters

if TYPE_CHECKING:
    from sklearn import neural_network

    from .mlp import MLPClassifier

_ACTIVATIONS = {"identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}

# Parameters with the same meaning, and our names for them.
_RENAMED = {
    "hidden_layer_sizes": "hidden_layer_sizes",
    "learning_rate_init": "lr",
    "max_iter": "max_epochs",
    "shuffle": "shuffle",
    "random_state": "random_state",
    "tol": "tol",
    "warm_start": "warm_start",
    "early_stopping": "early_stopping",
    "validation_fraction": "validation_fraction",
    "n_iter_no_change": "n_iter_no_change",
}

# Parameters of scikit-learn's Adam that have no counterpart here, with torch's values.
_ADAM_DEFAULTS = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}


def convert_params(
    estimator: neural_network.MLPClassifier, params: dict[str, Any]
) -> dict[str, Any]:
    """Convert the parameters of scikit-learn's MLPClassifier to ours.

    Parameters
    ----------
    estimator : sklearn.neural_network.MLPClassifier
    params : dict
        Parameters of ours that replace the converted ones.

    Raises
    ------
    InvalidParameterError
        If a parameter has no counterpart and `params` doesn't replace it.
    """
    theirs = estimator.get_params(deep=False)
    sgd, adam = theirs["solver"] == "sgd", theirs["solver"] == "adam"
    checks = {
        "solver": ("optimizer", theirs["solver"] == "lbfgs"),
        "learning_rate": ("lr_schedule", sgd and theirs["learning_rate"] != "constant"),
    }
    for name, default in _ADAM_DEFAULTS.items():
        checks[name] = ("optimizer", adam and theirs[name] != default)
    for name, (ours, is_unmatched) in checks.items():
        if is_unmatched and ours not in params:
            raise InvalidParameterError(
                f"scikit-learn's {name}={theirs[name]!r} has no exact counterpart here. Say what "
                f"to take instead: from_sklearn(estimator, {ours}=...)."
            )
    batch_size = 200 if theirs["batch_size"] == "auto" else theirs["batch_size"]
    return {
        **{ours: theirs[name] for name, ours in _RENAMED.items()},
        "activation": _ACTIVATIONS[theirs["activation"]],
        "optimizer": theirs["solver"],
        "momentum": theirs["momentum"] if sgd else 0.0,
        "nesterov": sgd and theirs["nesterovs_momentum"] and theirs["momentum"] > 0,
        # scikit-learn divides the penalty by the batch size.
        "weight_decay": theirs["alpha"] / batch_size,
        "batch_size": batch_size,
        "weight_init": "glorot",
        "verbose": int(theirs["verbose"]),
        **params,
    }


def copy_weights(fitted: neural_network.MLPClassifier, clf: MLPClassifier) -> None:
    """Copy the weights, the classes and the history of scikit-learn's classifier to `clf`.

    Raises
    ------
    ValueError
        If it was fitted on several labels for each sample, or on one class.
    """
    kind = fitted._label_binarizer.y_type_
    if kind.startswith("multilabel") or len(fitted.classes_) < 2:
        raise ValueError(
            f"The MLPClassifier was fitted on {kind} labels, of classes "
            f"{np.asarray(fitted.classes_).tolist()}; one label for each row, of two classes or "
            "more, is wanted. Pass an estimator that is not fitted to carry its parameters only."
        )
    check_parameters(clf)
    for name in ("classes_", "n_features_in_", "feature_names_in_"):
        if hasattr(fitted, name):
            setattr(clf, name, getattr(fitted, name))
    # scikit-learn's classifier does not scale pixels, and their range is not known.
    clf.pixel_scale_, clf.pixel_range_, clf._mean_abs_pixel = 1.0, (0.0, 0.0), 0.0
    clf._input_image_shape = None
    clf._resolve_architecture()
    clf._seed = resolve_seed(clf.random_state)
    clf._dtype = torch.from_numpy(fitted.coefs_[0]).dtype
    clf.net_ = make_net(clf, resolve_device(clf.device))
    coefs, intercepts = list(fitted.coefs_), list(fitted.intercepts_)
    if len(fitted.classes_) == 2:
        # Its one logit is the second class's minus the first class's.
        coefs[-1], intercepts[-1] = (
            np.concatenate([np.zeros_like(a), a], -1) for a in (coefs[-1], intercepts[-1])
        )
    for layer, coef, intercept in zip(clf._layers(), coefs, intercepts, strict=True):
        layer.load_state_dict(
            {"weight": torch.from_numpy(coef.T), "bias": torch.from_numpy(intercept)}
        )
    clf.net_.module_.eval()
    clf.best_epoch_ = _copy_history(clf.net_.history, fitted)


def _copy_history(
    history: list[dict[str, Any]], fitted: neural_network.MLPClassifier
) -> int | None:
    """Fill skorch's history; return the best epoch, or None without validation scores."""
    scores = getattr(fitted, "validation_scores_", None)
    for epoch, loss in enumerate(getattr(fitted, "loss_curve_", [])):
        row = {"batches": [], "epoch": epoch + 1, "train_loss": float(loss)}
        if scores is not None:
            row["valid_acc"] = float(scores[epoch])
        # The time of an epoch is not known.
        history.append({**row, "lr": float(fitted.learning_rate_init), "dur": np.nan})
    return None if scores is None else int(np.argmax(scores)) + 1
