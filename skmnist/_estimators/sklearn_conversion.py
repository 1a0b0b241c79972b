"""scikit-learn's MLPClassifier in our parameters and weights."""

import numpy as np
import torch

from skmnist._utils.device import resolve_device
from skmnist._utils.random_state import resolve_seed
from skmnist.exceptions import InvalidParameterError

from .net_builder import make_net
from .parameters import check_parameters

_ACTIVATIONS = {"identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}

# Those that mean the same, under their names here.
_SAME = {
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

# Those of scikit-learn's Adam that have no parameter here, with torch's values.
_FIXED = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}


def convert_params(estimator, given):
    """Return the parameters of scikit-learn's MLPClassifier as ours.

    Parameters
    ----------
    estimator : sklearn.neural_network.MLPClassifier
    given : dict
        Of our parameters, in place of the translated ones.

    Raises
    ------
    InvalidParameterError
        Where one has no counterpart and `given` doesn't replace it.
    """
    theirs = estimator.get_params(deep=False)
    sgd, adam = theirs["solver"] == "sgd", theirs["solver"] == "adam"
    unmatched = {
        "solver": ("optimizer", theirs["solver"] == "lbfgs"),
        "learning_rate": ("lr_schedule", sgd and theirs["learning_rate"] != "constant"),
        **{name: ("optimizer", adam and theirs[name] != value) for name, value in _FIXED.items()},
    }
    for name, (ours, is_unmatched) in unmatched.items():
        if is_unmatched and ours not in given:
            raise InvalidParameterError(
                f"scikit-learn's {name}={theirs[name]!r} has no exact counterpart here. Say what "
                f"to take instead: from_sklearn(estimator, {ours}=...)."
            )
    batch_size = 200 if theirs["batch_size"] == "auto" else theirs["batch_size"]
    return {
        **{ours: theirs[name] for name, ours in _SAME.items()},
        "activation": _ACTIVATIONS[theirs["activation"]],
        "optimizer": theirs["solver"],
        "momentum": theirs["momentum"] if sgd else 0.0,
        "nesterov": sgd and theirs["nesterovs_momentum"] and theirs["momentum"] > 0,
        # Theirs divides the penalty by the rows of a batch.
        "weight_decay": theirs["alpha"] / batch_size,
        "batch_size": batch_size,
        "weight_init": "glorot",
        "verbose": int(theirs["verbose"]),
        **given,
    }


def copy_weights(fitted, clf):
    """Give `clf` the weights, the labels and the history of scikit-learn's fitted classifier.

    Raises
    ------
    ValueError
        Where it was fitted on several labels for each row, or on one class.
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
    # It took pixels as they came, and doesn't know of which range they were.
    clf.pixel_scale_, clf.pixel_range_, clf._mean_abs_pixel = 1.0, (0.0, 0.0), 0.0
    clf._input_image_shape = None
    clf._resolve_architecture()
    clf._seed = resolve_seed(clf.random_state)
    clf._dtype = torch.from_numpy(fitted.coefs_[0]).dtype
    clf.net_ = make_net(clf, resolve_device(clf.device))
    coefs, intercepts = list(fitted.coefs_), list(fitted.intercepts_)
    if len(fitted.classes_) == 2:
        # Their one logit is the second's minus the first's.
        coefs[-1], intercepts[-1] = (
            np.concatenate([np.zeros_like(a), a], -1) for a in (coefs[-1], intercepts[-1])
        )
    with torch.no_grad():
        for layer, coef, intercept in zip(clf._layers(), coefs, intercepts, strict=True):
            layer.weight.copy_(torch.from_numpy(coef.T))
            layer.bias.copy_(torch.from_numpy(intercept))
    clf.net_.module_.eval()
    clf.best_epoch_ = _note_history(clf.net_.history, fitted)


def _note_history(history, fitted):
    """Fill skorch's history; return the best epoch, or None where nothing was held back."""
    scores = getattr(fitted, "validation_scores_", None)
    for epoch, loss in enumerate(getattr(fitted, "loss_curve_", [])):
        row = {"batches": [], "epoch": epoch + 1, "train_loss": float(loss)}
        if scores is not None:
            row["valid_acc"] = float(scores[epoch])
        # The time is not known.
        history.append({**row, "lr": float(fitted.learning_rate_init), "dur": np.nan})
    return None if scores is None else int(np.argmax(scores)) + 1
