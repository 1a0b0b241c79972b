"""Whether a classifier predicts the same on a CPU, and whether one seed gives the same bits."""

import tempfile
from pathlib import Path

import joblib
import numpy as np

import skmnist
from skmnist import CNNClassifier, MLPClassifier

from . import cpu


def classifiers(run):
    """Return {name: classifier}; few epochs are enough for equal bits."""
    epochs = {"max_epochs": run.epochs(3), "random_state": 0}
    return {
        "MLPClassifier()": MLPClassifier(**epochs),
        "CNNClassifier()": CNNClassifier(**epochs),
        'CNNClassifier, preset "fast"': CNNClassifier.from_preset("fast", random_state=0),
        'CNNClassifier, preset "accurate"': CNNClassifier.from_preset(
            "accurate", random_state=0, max_epochs=1
        ),
    }


def bits(run):
    """Train each classifier twice with one seed and count the arrays that differ."""
    found = {}
    for name, clf in classifiers(run).items():
        with run.record.attempt(f"{name} twice"):
            first, second = (_arrays(run.fit(type(clf)(**clf.get_params())).clf) for _ in range(2))
            found[name] = sum(not np.array_equal(a, b) for a, b in zip(first, second, strict=True))
            run.record.measure("bits_differ", list(found.values()), classifiers=list(found))


def labels(run):
    """Save each classifier, and compare its labels with those of a CPU without CUDA."""
    here, paths = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for name, clf in classifiers(run).items():
            with run.record.attempt(f"the labels of {name}"):
                run.fit(clf)
                paths[name] = _save(run, clf, Path(folder), len(paths))
                here[name] = clf.predict(run.data.X_test)
        there = cpu.call(run, "predict", {"paths": paths})
    differ = [int(np.sum(here[name] != np.array(there[name]))) for name in here]
    run.record.measure("labels_differ", differ, classifiers=list(here))


def _arrays(clf):
    return [value.detach().cpu().numpy() for value in clf.module_.state_dict().values()]


def _save(run, clf, folder, number):
    """Save a classifier and return the path; without safetensors, as a pickle."""
    path = folder / f"{number}.safetensors"
    try:
        skmnist.save(clf, path)
    except ModuleNotFoundError as error:
        if number == 0:
            run.record.skip("skmnist.save", f"needs {error.name}; joblib.dump takes its place")
        path = path.with_suffix(".joblib")
        joblib.dump(clf, path)
    return str(path)
