"""Test accuracy of the classifiers over several seeds: ``python -m benchmarks.accuracy``.

The README's table shows these results. Each run replaces ``benchmarks/accuracy.json``.
"""

import argparse
import json
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from sklearn.base import clone

from benchmarks.data import load_digits, load_sample
from benchmarks.options import add_data_home
from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier

PATH = Path(__file__).parent / "accuracy.json"
LIBRARIES = ("skmnist", "torch", "scikit-learn", "numpy")

CLASSES = {cls.__name__: cls for cls in (BackpropClassifier, CNNClassifier, MLPClassifier)}

# Training set, number of seeds, code of the classifier; the slowest come last.
RUNS = [
    ("Sample", 10, "MLPClassifier(early_stopping=True, max_epochs=50)"),
    ("MNIST", 10, "MLPClassifier()"),
    ("Sample", 5, "CNNClassifier.from_preset('fast', augment='light', max_epochs=30)"),
    ("MNIST", 2, "BackpropClassifier(hidden_layer_sizes=(256, 128, 64))"),
    ("MNIST", 5, "CNNClassifier()"),
]


def measure(clf, data, n_seeds):
    """Return the test accuracies in percent for the seeds 0, 1, 2, ..."""
    scores = []
    for seed in range(n_seeds):
        seeded = clone(clf).set_params(random_state=seed, n_threads=1, device="cpu")
        seeded.fit(data.X, data.y)
        scores.append(round(100 * seeded.score(data.X_test, data.y_test), 2))
        print(f"  seed {seed}: {scores[-1]}%", flush=True)
    return scores


def summarize(name, code, n_train, scores):
    """Return one entry of the results, without a standard deviation for few seeds."""
    return {
        "training_set": name,
        "n_train": n_train,
        "classifier": code,
        "mean": round(float(np.mean(scores)), 1),
        "std": round(float(np.std(scores, ddof=1)), 1) if len(scores) >= 5 else None,
        "accuracies": scores,
    }


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    add_data_home(parser)
    args = parser.parse_args()

    torch.set_num_threads(1)
    mnist = load_digits(args.data_home)
    if mnist.why_not_full:
        raise SystemExit(mnist.why_not_full)
    data = {"Sample": load_sample(), "MNIST": mnist}
    results = {
        "date": date.today().isoformat(),
        "versions": {"Python": platform.python_version()}
        | {library: version(library) for library in LIBRARIES},
        "results": [],
    }
    for name, n_seeds, code in RUNS:
        print(f"{code}, trained on {name}", flush=True)
        scores = measure(eval(code, CLASSES), data[name], n_seeds)
        results["results"].append(summarize(name, code, len(data[name]), scores))
        PATH.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
