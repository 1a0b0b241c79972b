"""Conversion of the parameters and weights of scikit-learn's MLPClassifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from skmnist._utils.device import resolve_device
from skmnist._utils.random_state import resolve_seed
from skmnist._utils.torch_defaults import torch_defaults
from skmnist.exceptions import InvalidParameterError

from .net_builder import make_net
from .parameters import check_parameters

if TYPE_CHECKING:
    from sklearn import neural_network

    from .mlp import MLPClassifier

_ACTIVATIONS = {"identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}

# Parameters with the same meaning: scikit-learn's name -> our name.
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

# Parameters of Adam whose default values are the same in scikit-learn and torch.
_ADAM_DEFAULTS = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}


def convert_params(
    estimator: neural_network.MLPClassifier, params: dict[str, Any]
) -> dict[str, Any]:
    """Convert the parameters of scikit-learn's MLPClassifier to ours.

    Parameters
    ----------
    estimator : sklearn.neural_network.MLPClassifier
    params : dict
        Parameters of our class that replace the converted ones.

    Raises
    ------
    InvalidParameterError
        If a parameter has no counterpart and `params` does not replace it.
    """
    theirs = estimator.get_params(deep=False)
    sgd = theirs["solver"] == "sgd"
    uses_adam = params.get("optimizer", theirs["solver"]) == theirs["solver"] == "adam"
    checks = {
        "solver": ("optimizer", theirs["solver"] == "lbfgs"),
        "learning_rate": ("lr_schedule", sgd and theirs["learning_rate"] != "constant"),
    }
    for name, (ours, is_unmatched) in checks.items():
        if is_unmatched and ours not in params:
            raise InvalidParameterError(
                f"scikit-learn's {name}={theirs[name]!r} has no exact counterpart in skmnist. Pass "
                f"a replacement: from_sklearn(estimator, {ours}=...)."
            )
    batch_size = 200 if theirs["batch_size"] == "auto" else theirs["batch_size"]
    return {
        **{ours: theirs[name] for name, ours in _RENAMED.items()},
        "activation": _ACTIVATIONS[theirs["activation"]],
        "optimizer": theirs["solver"],
        "optimizer_params": _adam_params(theirs) if uses_adam else None,
        "momentum": theirs["momentum"] if sgd else 0.0,
        "nesterov": sgd and theirs["nesterovs_momentum"] and theirs["momentum"] > 0,
        # scikit-learn divides the L2 penalty by the batch size.
        "weight_decay": theirs["alpha"] / batch_size,
        "batch_size": batch_size,
        "weight_init": "glorot",
        "average": False,
        "verbose": int(theirs["verbose"]),
        **params,
    }


def _adam_params(theirs: dict[str, Any]) -> dict[str, Any] | None:
    """Return the arguments of torch's Adam, or None for its defaults."""
    if all(theirs[name] == default for name, default in _ADAM_DEFAULTS.items()):
        return None
    return {"betas": (theirs["beta_1"], theirs["beta_2"]), "eps": theirs["epsilon"]}


@torch_defaults()
def copy_weights(fitted: neural_network.MLPClassifier, clf: MLPClassifier) -> None:
    """Copy the weights, the classes and the history of scikit-learn's classifier to `clf`.

    Raises
    ------
    ValueError
        If it was fitted on multilabel targets or on a single class.
    """
    kind = fitted._label_binarizer.y_type_
    if kind.startswith("multilabel") or len(fitted.classes_) < 2:
        raise ValueError(
            "Expected an MLPClassifier fitted on one label per sample and at least two classes. "
            f"Got one fitted on {kind} labels of the classes "
            f"{np.asarray(fitted.classes_).tolist()}. Pass an estimator that is not fitted to "
            "convert its parameters only."
        )
    check_parameters(clf)
    for name in ("classes_", "n_features_in_", "feature_names_in_"):
        if hasattr(fitted, name):
            setattr(clf, name, getattr(fitted, name))
    # scikit-learn's classifier does not scale pixels, and their range is unknown.
    clf.pixel_scale_, clf.pixel_range_, clf._mean_abs_pixel = 1.0, (0.0, 0.0), 0.0
    clf._input_image_shape = None
    clf._resolve_architecture()
    clf._seed = resolve_seed(clf.random_state)
    clf._dtype = torch.tensor(fitted.coefs_[0]).dtype
    clf.net_ = make_net(clf, resolve_device(clf.device))
    coefs, intercepts = list(fitted.coefs_), list(fitted.intercepts_)
    if len(fitted.classes_) == 2:
        # Its single logit is the difference of two logits; set the first one to zero.
        coefs[-1], intercepts[-1] = (
            np.concatenate([np.zeros_like(a), a], -1) for a in (coefs[-1], intercepts[-1])
        )
    for layer, coef, intercept in zip(clf._layers(), coefs, intercepts, strict=True):
        # Copies, because the arrays of a memory-mapped estimator are read-only.
        layer.load_state_dict({"weight": torch.tensor(coef.T), "bias": torch.tensor(intercept)})
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
        # The duration of an epoch is unknown.
        history.append({**row, "lr": float(fitted.learning_rate_init), "dur": np.nan})
    return None if scores is None else int(np.argmax(scores)) + 1
