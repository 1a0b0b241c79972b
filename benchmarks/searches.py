"""Measure the cost of hyperparameter searches: ``python -m benchmarks.searches``.

The program counts the epochs that each search trains in cross-validation, measures its CPU time
without the final fit, and prints a Markdown table. It stops with an error if a search of skmnist
and its counterpart in scikit-learn have different scores.
"""

import argparse
import time
from unittest import mock

import numpy as np
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV

from skmnist import MLPClassifier
from skmnist._training.net import Net
from skmnist.datasets import load_mnist_sample
from skmnist.studies import EpochGridSearchCV, EpochHalvingSearchCV, EpochRandomizedSearchCV

GRID = {
    "lr": [0.0003, 0.001, 0.003],
    "batch_size": [32, 64, 128],
    "hidden_layer_sizes": [(32,), (64,), (128,)],
}


def searches(max_epochs):
    """Return a list of (settings, classes of scikit-learn and of skmnist, arguments of both)."""
    grid = {**GRID, "max_epochs": [max_epochs // 9, max_epochs // 3, max_epochs]}
    halving = {"max_resources": max_epochs, "return_train_score": False}
    return [
        ("81 candidates", (GridSearchCV, EpochGridSearchCV), grid, {}),
        (
            "27 random candidates of 81",
            (RandomizedSearchCV, EpochRandomizedSearchCV),
            grid,
            {"n_iter": 27, "random_state": 0},
        ),
        *(
            (
                f"27 candidates, factor {factor}",
                (HalvingGridSearchCV, EpochHalvingSearchCV),
                GRID,
                {**halving, "factor": factor},
            )
            for factor in (3, 2)
        ),
    ]


def measure(search, X, y):
    """Return the fitted search, the number of epochs that it trained, and its CPU seconds."""
    n_epochs, train_epoch = 0, Net._train_epoch

    def counted(net, *args):
        nonlocal n_epochs
        n_epochs += 1
        return train_epoch(net, *args)

    with mock.patch.object(Net, "_train_epoch", counted):
        start = time.process_time()
        search.fit(X, y)
    return search, n_epochs, time.process_time() - start


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.searches", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="use few images, as a check")
    args = parser.parse_args(argv)
    X, y = load_mnist_sample(return_X_y=True)
    step = 25 if args.quick else 2
    X, y = X[::step], y[::step]
    print(f"{len(X):,} images of the bundled sample, three folds, one thread\n")
    estimator = MLPClassifier(n_threads=1, random_state=0)
    print("| Search | Candidates | Epochs | CPU seconds | Best accuracy |")
    print("| --- | --- | --- | --- | --- |")
    for settings, classes, space, params in searches(9 if args.quick else 27):
        scores = []
        for cls in classes:
            resource = {"resource": "max_epochs"} if cls is HalvingGridSearchCV else {}
            search = cls(estimator, space, cv=3, refit=False, **params, **resource)
            search, n_epochs, seconds = measure(search, X, y)
            scores.append(search.cv_results_["mean_test_score"])
            print(
                f"| `{cls.__name__}` | {settings} | {n_epochs:,} | {seconds:.1f} | "
                f"{search.best_score_:.1%} |",
                flush=True,
            )
        if not np.array_equal(*scores):
            raise SystemExit(f"The scores of the two searches differ ({settings}).")


if __name__ == "__main__":
    main()
