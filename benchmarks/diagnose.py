"""Does ``diagnose`` name the right cause? ``python -m benchmarks.diagnose``.

40 trainings are broken on purpose in 12 ways, and 20 are healthy: nothing was broken, and at least
90% of the predictions for other images are right. Their classifiers, parameters and samples are
drawn at random. The limits of the checks were chosen with the seeds 0, 100, ..., 1200, 11100 and
11400, so use other ones. The broken trainings count as right if the right cause is the first
problem, the others if there is no problem.
"""

import argparse
import time
import warnings

import numpy as np
import torch
from sklearn import neural_network
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from torch import nn

from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier, TorchClassifier
from skmnist.datasets import load_mnist_sample
from skmnist.studies import diagnose

N_BROKEN, N_HEALTHY = 40, 20
MIN_HEALTHY_ACCURACY = 0.9
MIN_RIGHT = 36


def draw_data(rng, n=None):
    """Return n shuffled training images of one of two data sets, and 400 other images."""
    if rng.random() < 0.7:
        X, y = load_mnist_sample(return_X_y=True)
        default = 1000
    else:
        X, y = load_digits(return_X_y=True)
        X, default = X / 16, 1000
    order = rng.permutation(len(X))
    X, y = X[order], y[order]
    n = default if n is None else n
    return X[:n], y[:n], X[n : n + 400], y[n : n + 400]


def choose(rng, *values):
    return values[rng.integers(len(values))]


def draw_classifier(rng, **params):
    """Return a network that works well with its default parameters."""
    seed = {"random_state": int(rng.integers(1000))}
    cls, extra = choose(
        rng,
        (MLPClassifier, {}),
        (MLPClassifier, {"hidden_layer_sizes": (128,)}),
        (MLPClassifier, {"hidden_layer_sizes": (64, 64, 32), "activation": "tanh"}),
        (CNNClassifier, {"channels": (8, 16), "hidden_layer_sizes": (32,)}),
    )
    return cls(**{**seed, **extra, **params})


# -- broken trainings: functions from a random generator to the arguments of diagnose -----------


def lr_too_high(rng):
    X, y, X_val, y_val = draw_data(rng)
    clf = choose(
        rng,
        draw_classifier(rng, lr=choose(rng, 0.3, 1.0, 10.0)),
        draw_classifier(rng, optimizer="sgd", momentum=0.9, lr=choose(rng, 3.0, 30.0)),
        make_pipeline(
            MinMaxScaler(),
            neural_network.MLPClassifier((64,), learning_rate_init=1.0, max_iter=20),
        ),
    )
    return clf, X, y, X_val, y_val


def lr_too_low(rng):
    clf = choose(
        rng,
        draw_classifier(rng, lr=choose(rng, 1e-6, 1e-5, 3e-5)),
        draw_classifier(rng, optimizer="sgd", lr=choose(rng, 1e-5, 1e-4)),
        make_pipeline(
            MinMaxScaler(),
            neural_network.MLPClassifier((64,), learning_rate_init=1e-6, max_iter=20),
        ),
    )
    return clf, *draw_data(rng)


def zero_initialization(rng):
    return draw_classifier(rng, weight_init="zeros"), *draw_data(rng)


def shuffled_labels(rng):
    X, y, X_val, y_val = draw_data(rng)
    return draw_classifier(rng), X, rng.permutation(y), X_val, y_val


def unscaled_pixels(rng):
    X, y, X_val, y_val = draw_data(rng)
    top = 255.0 / X.max()
    X, X_val = top * X.astype(float), top * X_val.astype(float)
    factor = choose(rng, 1.0, 257.0, 1 / 255**2)
    return draw_classifier(rng), factor * X, y, factor * X_val, y_val


def too_few_epochs(rng):
    X, y, X_val, y_val = draw_data(rng)
    return draw_classifier(rng, max_epochs=1, batch_size=256), X, y, X_val, y_val


def with_duplicates(rng):
    X, y, X_val, y_val = draw_data(rng)
    n_different = int(len(X) * rng.uniform(0.3, 0.9))
    chosen = np.r_[0:n_different, rng.integers(0, n_different, len(X) - n_different)]
    return draw_classifier(rng), X[chosen], y[chosen], X_val, y_val


class DeadReLU(nn.Sequential):
    """A network whose biases are so negative that most units are never active."""

    def __init__(self, n_features, n_classes, bias=-20.0):
        hidden = nn.Linear(n_features, 64)
        nn.init.constant_(hidden.bias, bias)
        super().__init__(hidden, nn.ReLU(), nn.Linear(64, n_classes))


def with_dead_units(rng):
    bias = choose(rng, -10.0, -100.0)
    clf = TorchClassifier(
        DeadReLU, module_params={"bias": bias}, random_state=int(rng.integers(1000))
    )
    return clf, *draw_data(rng)


def imbalanced_classes(rng):
    X, y, X_val, y_val = draw_data(rng)
    rare = rng.choice(10, choose(rng, 1, 3, 5), replace=False)
    keep = ~np.isin(y, rare) | (rng.random(len(y)) < rng.uniform(0.03, 0.12))
    return draw_classifier(rng), X[keep], y[keep], X_val, y_val


def noisy_labels(rng):
    X, y, X_val, y_val = draw_data(rng)
    wrong = rng.random(len(y)) < rng.uniform(0.15, 0.4)
    y = np.where(wrong, (y + rng.integers(1, 10, len(y))) % 10, y)
    return draw_classifier(rng), X, y, X_val, y_val


def leaked_validation_set(rng):
    X, y, X_val, y_val = draw_data(rng)
    n = int(rng.uniform(0.1, 1) * len(X_val))
    X_val = np.concatenate([X[:n], X_val[n:]])
    return draw_classifier(rng), X, y, X_val, np.concatenate([y[:n], y_val[n:]])


def overfitted(rng):
    sizes = choose(rng, (256,), (512, 256))
    clf = MLPClassifier(sizes, max_epochs=60, random_state=int(rng.integers(1000)))
    X, y = load_mnist_sample(return_X_y=True)
    order = rng.permutation(len(X))
    n = int(rng.integers(80, 200))
    train, val = order[:n], order[n : n + 400]
    return clf, X[train], y[train], X[val], y[val]


# Way to break a training -> function, the check that should be first, a word of its evidence.
WAYS = {
    "learning rate too high": (lr_too_high, "learning rate", ("too high", "diverged")),
    "learning rate too low": (lr_too_low, "learning rate", ("too low",)),
    "zero initialization": (zero_initialization, "initialization", ("same weights",)),
    "shuffled labels": (shuffled_labels, "labels", ("",)),
    "unscaled pixels": (unscaled_pixels, "pixel range", ("",)),
    "too few epochs": (too_few_epochs, "epochs", ("",)),
    "duplicates": (with_duplicates, "duplicates", ("",)),
    "dead units": (with_dead_units, "dead units", ("",)),
    "class imbalance": (imbalanced_classes, "class imbalance", ("",)),
    "label noise": (noisy_labels, "label noise", ("",)),
    "leakage": (leaked_validation_set, "leakage", ("",)),
    "overfitting": (overfitted, "overfitting", ("",)),
}


def draw_healthy(rng):
    """Return the arguments of diagnose for a training that works."""
    while True:
        clf, X, y, X_val, y_val = draw_unbroken(rng)
        if clone(clf).fit(X, y).score(X_val, y_val) >= MIN_HEALTHY_ACCURACY:
            # Without a validation set, a part of the training set is held out.
            return clf, X, y, choose(rng, {"X_val": X_val, "y_val": y_val}, {})


def draw_unbroken(rng):
    seed = {"random_state": int(rng.integers(1000))}
    clf = choose(
        rng,
        draw_classifier(rng),
        draw_classifier(rng, dropout=0.2, max_epochs=15),
        draw_classifier(rng, optimizer="sgd", lr=0.1, momentum=0.9),
        draw_classifier(rng, early_stopping=True, max_epochs=30),
        MLPClassifier(batch_norm=True, **seed),
        MLPClassifier(activation="sigmoid", max_epochs=20, **seed),
        MLPClassifier(loss="mse", max_epochs=40, **seed),
        BackpropClassifier(**seed),
        TorchClassifier(max_epochs=30, **seed),
        make_pipeline(StandardScaler(), MLPClassifier(max_epochs=5, **seed)),
        make_pipeline(MinMaxScaler(), neural_network.MLPClassifier((64,), max_iter=40, **seed)),
        make_pipeline(MinMaxScaler(), LogisticRegression(max_iter=500)),
    )
    return clf, *draw_data(rng)


def show(right, result, n_samples, clf, diagnosis):
    """Print one line, and the diagnosis if it is wrong."""
    text = " ".join(str(clf).split())[:90]
    print(f"{'right' if right else 'WRONG'}: {result}; {n_samples} samples, {text}", flush=True)
    if not right:
        print(diagnosis, flush=True)


def run_broken(seed, number):
    """Diagnose a broken training; return whether the first problem is the cause."""
    way, (draw, check, words) = list(WAYS.items())[number % len(WAYS)]
    clf, X, y, X_val, y_val = draw(np.random.default_rng([seed, number]))
    diagnosis = diagnose(clf, X, y, X_val=X_val, y_val=y_val)
    problems = diagnosis.problems
    found = problems[0].check if problems else "no problem"
    right = found == check and any(word in problems[0].evidence for word in words)
    show(right, f"{way} -> {found}", len(X), clf, diagnosis)
    return right


def run_healthy(seed, number):
    """Diagnose a training that works; return whether there is no problem."""
    clf, X, y, validation = draw_healthy(np.random.default_rng([seed, 1000 + number]))
    diagnosis = diagnose(clf, X, y, **validation)
    right = not diagnosis.problems
    names = [problem.check for problem in diagnosis.problems]
    show(right, f"healthy -> {names}", len(X), clf, diagnosis)
    return right


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diagnose", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=12100, help="seed of the cases (default: %(default)s)"
    )
    parser.add_argument("--only", choices=[*WAYS, "healthy"], help="only these cases")
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ConvergenceWarning)  # of scikit-learn's 40 epochs
    start = time.perf_counter()
    names = list(WAYS)
    broken = [
        run_broken(args.seed, number)
        for number in range(N_BROKEN)
        if args.only in (None, names[number % len(WAYS)])
    ]
    healthy = [
        run_healthy(args.seed, number)
        for number in range(N_HEALTHY)
        if args.only in (None, "healthy")
    ]
    print(f"\nright cause first: {sum(broken)} of {len(broken)} (at least {MIN_RIGHT} of 40)")
    print(f"no problem: {sum(healthy)} of {len(healthy)} healthy trainings")
    print(f"{time.perf_counter() - start:.0f} s")
    raise SystemExit(args.only is None and (sum(broken) < MIN_RIGHT or not all(healthy)))


if __name__ == "__main__":
    main()
