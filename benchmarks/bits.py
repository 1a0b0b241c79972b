"""Checksums of a fixed set of fits, to find out whether a change affects any result.

``python -m benchmarks.bits`` prints one line per fit. The checksums of two commits are equal if all
weights, losses and probabilities are equal, bit for bit. Compare them on the same machine and
with the same versions of the libraries.
"""

import hashlib

import numpy as np
from torch import nn

from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier, TorchClassifier
from skmnist.datasets import load_mnist_sample


def small_module(n_features, n_classes):
    return nn.Sequential(nn.Linear(n_features, 20), nn.Tanh(), nn.Linear(20, n_classes))


def fits():
    """Yield the name, the classifier and the keyword arguments of ``fit``."""
    X, y = load_mnist_sample(return_X_y=True)
    X, y = X[::2], y[::2]
    weight = np.random.default_rng(0).uniform(0.5, 2, len(X))
    few = {"max_epochs": 3, "random_state": 0}
    mlp = {
        "default": {},
        "wide": {"hidden_layer_sizes": (256, 128)},
        "dropout and batch_norm": {"dropout": 0.2, "batch_norm": True},
        "early_stopping": {"early_stopping": True, "n_iter_no_change": 1},
        "onecycle": {"lr_schedule": "onecycle"},
        "plateau": {"lr_schedule": "plateau"},
        "augment": {"augment": "light"},
        "mse": {"loss": "mse"},
        "class_weight": {"class_weight": "balanced"},
        "no shuffle": {"shuffle": False},
        "float64": {"precision": "float64"},
        "bfloat16": {"precision": "bfloat16"},
        "float16": {"precision": "float16"},
        "gelu": {"activation": "gelu", "weight_init": "he"},
    }
    optimizers = {
        "sgd": {"momentum": 0.9, "nesterov": True},
        "rmsprop": {"momentum": 0.5},
        "adamw": {"weight_decay": 0.1},
        "nadam": {},
        "adagrad": {"lr": 0.01},
    }
    for name, params in mlp.items():
        yield f"MLP {name}", MLPClassifier(**few, **params), {"X": X, "y": y}
    for name, params in optimizers.items():
        yield f"MLP {name}", MLPClassifier(optimizer=name, **few, **params), {"X": X, "y": y}
    weighted = {"X": X, "y": y, "sample_weight": weight}
    yield "MLP sample_weight", MLPClassifier(**few), weighted
    doubled = {"X": X, "y": y, "sample_weight": np.where(weight > 1, 2, 1)}
    yield "MLP integer sample_weight", MLPClassifier(**few), doubled
    validated = {"X": X[::2], "y": y[::2], "X_val": X[1::2], "y_val": y[1::2]}
    yield "MLP X_val", MLPClassifier(early_stopping=True, **few), validated
    yield "MLP floats", MLPClassifier(**few), {"X": (X / 255).astype(np.float32), "y": y}
    small = {"X": X[::5], "y": y[::5]}
    yield "CNN default", CNNClassifier(**few), small
    wide = {"channels": (32, 64), "pool_size": 4, "dropout": 0.1}
    yield "CNN wide", CNNClassifier(**wide, **few), small
    yield "CNN augment", CNNClassifier((8,), augment="light", **few), small
    yield "Backprop", BackpropClassifier((64, 32), **few), {"X": X, "y": y}
    yield "Torch", TorchClassifier(small_module, optimizer="sgd", **few), {"X": X, "y": y}


def digest(clf, X):
    """Return a checksum of the weights, losses and probabilities of a classifier."""
    found = hashlib.sha256()
    for array in [*clf.module_.state_dict().values()]:
        found.update(array.cpu().numpy().tobytes())
    found.update(np.array(clf.loss_curve_).tobytes())
    found.update(np.ascontiguousarray(clf.predict_proba(X[:100])).tobytes())
    return found.hexdigest()[:16]


def main():
    for name, clf, data in fits():
        clf.fit(**data)
        print(f"{name:28} {digest(clf, data['X'])}", flush=True)
        if name in ("MLP default", "CNN default", "Backprop"):
            clf.partial_fit(data["X"], data["y"])
            print(f"{name + ', partial_fit':28} {digest(clf, data['X'])}")
            clf.set_params(warm_start=True, max_epochs=1).fit(data["X"], data["y"])
            print(f"{name + ', warm_start':28} {digest(clf, data['X'])}", flush=True)


if __name__ == "__main__":
    main()
