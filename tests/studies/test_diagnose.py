"""diagnose: representative trainings. benchmarks/diagnose.py has many more."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn import neural_network
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from torch import nn

from skmnist import (
    BackpropClassifier,
    CNNClassifier,
    MLPClassifier,
    RejectClassifier,
    TorchClassifier,
)
from skmnist.studies import Diagnosis, diagnose
from skmnist.studies._data_facts import find_facts, find_label_issues
from skmnist.studies._diagnosis_checks import CHECKS
from skmnist.studies._observations import Observations
from skmnist.studies._observed_training import ObservedTraining, _sklearn_gradients
from skmnist.studies._training_checks import learning_rate
from tests.helpers import digits, same_network


@pytest.fixture(scope="module")
def images():
    """1,000 training and 250 validation images, of which every other pixel is left out."""
    X, y = digits(4)
    X = X.reshape(-1, 28, 28)[:, ::2, ::2]
    order = np.random.default_rng(0).permutation(len(X))
    return {
        "X": X[order[:1000]],
        "y": y[order[:1000]],
        "X_val": X[order[1000:]],
        "y_val": y[order[1000:]],
    }


def mlp(**params):
    return MLPClassifier((32,), **{"max_epochs": 8, "random_state": 0, **params})


@pytest.fixture(scope="module")
def healthy(images):
    return diagnose(mlp(), **images)


class NeverActive(nn.Sequential):
    def __init__(self, n_features, n_classes):
        hidden = nn.Linear(n_features, 32)
        nn.init.constant_(hidden.bias, -50)
        super().__init__(nn.Flatten(), hidden, nn.ReLU(), nn.Linear(32, n_classes))


class EndsInSoftmax(nn.Sequential):
    def __init__(self, n_features, n_classes):
        super().__init__(nn.Flatten(), nn.Linear(n_features, n_classes), nn.Softmax(1))


class ManySigmoids(nn.Sequential):
    def __init__(self, n_features, n_classes):
        sizes = [n_features, *[24] * 7]
        layers = [
            (nn.Linear(n_in, n_out), nn.Sigmoid())
            for n_in, n_out in zip(sizes, sizes[1:], strict=False)
        ]
        super().__init__(nn.Flatten(), *sum(layers, ()), nn.Linear(24, n_classes))


def repeat(images):
    some = np.arange(len(images["X"])) % 500
    return images | {"X": images["X"][some], "y": images["y"][some]}


def shuffle(images):
    return images | {"y": np.random.default_rng(1).permutation(images["y"])}


def unscale(images):
    return images | {name: images[name].astype(float) for name in ("X", "X_val")}


def leak(images):
    return images | {"X_val": images["X"][:100], "y_val": images["y"][:100]}


def make_rare(images):
    keep = (images["y"] != 3) | (np.arange(1000) % 12 == 0)
    return images | {"X": images["X"][keep], "y": images["y"][keep]}


def leave_out(images):
    keep = images["y"] != 3
    return images | {"X": images["X"][keep], "y": images["y"][keep]}


def add_noise(images):
    y = images["y"].copy()
    y[::4] = (y[::4] + 1 + np.arange(len(y[::4])) % 9) % 10
    return images | {"y": y}


def confuse(images):
    """Give 30% of the samples the label of the next class."""
    y = images["y"].copy()
    wrong = np.arange(len(y)) % 10 < 3
    return images | {"y": np.where(wrong, (y + 1) % 10, y)}


def shuffle_validation_labels(images):
    return images | {"y_val": np.random.default_rng(1).permutation(images["y_val"])}


def unscale_validation_set(images):
    return images | {"X": images["X"] / 255.0, "X_val": images["X_val"].astype(float)}


def blank(images):
    return images | {name: np.full_like(images[name], 7) for name in ("X", "X_val")}


def few(images):
    return images | {"X": images["X"][:120], "y": images["y"][:120]}


def unchanged(images):
    return images


BROKEN = {
    "learning rate": (mlp(lr=1.0), unchanged, "too high"),
    "learning rate, SGD": (mlp(optimizer="sgd", lr=100.0), unchanged, "too high|diverged"),
    "learning rate, low": (mlp(lr=1e-6), unchanged, "too low"),
    "initialization": (mlp(weight_init="zeros"), unchanged, "same weights"),
    "labels": (mlp(), shuffle, "nothing to do with"),
    "pixel range": (mlp(), unscale, "0 to 255"),
    "epochs": (mlp(max_epochs=1, batch_size=256), unchanged, "too early"),
    "duplicates": (mlp(), repeat, "500 of 1,000"),
    "dead units": (TorchClassifier(NeverActive, max_epochs=2, random_state=0), unchanged, "100%"),
    "class imbalance": (mlp(), make_rare, "training samples"),
    "class imbalance, missing": (mlp(), leave_out, r"labels \[3\] of the validation set"),
    "label noise": (mlp(), add_noise, "contradict"),
    "label noise, one wrong class": (mlp(), confuse, "contradict"),
    "labels, validation set": (mlp(), shuffle_validation_labels, "as a validation image"),
    "pixel range, validation set": (mlp(), unscale_validation_set, "validation sample"),
    "pixel range, blank": (mlp(), blank, "All inputs are the same"),
    "initialization, softmax": (
        TorchClassifier(EndsInSoftmax, lr=0.1, max_epochs=1, batch_size=250, random_state=0),
        unchanged,
        "ends in a softmax",
    ),
    "gradients": (
        TorchClassifier(ManySigmoids, optimizer="sgd", lr=0.1, max_epochs=1, random_state=0),
        few,
        "first layer",
    ),
    "100 samples": (mlp(weight_decay=3.0), unchanged, "trained for long on 100 samples"),
    "leakage": (mlp(), leak, "100.0%"),
    "overfitting": (mlp(max_epochs=60), few, "validation set"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_right_cause_of_a_broken_training_comes_first(case, images):
    clf, change, evidence = BROKEN[case]
    diagnosis = diagnose(clf, **change(images))
    first = diagnosis.problems[0]
    assert first.check == case.partition(",")[0], str(diagnosis)
    assert re.search(evidence, first.evidence)
    assert first.remedy


@pytest.mark.parametrize(
    "clf",
    [
        mlp(activation="tanh"),
        mlp(batch_norm=True, dropout=0.1),
        mlp(early_stopping=True),
        CNNClassifier((8,), max_epochs=10, random_state=0),
        BackpropClassifier((32,), max_epochs=15, random_state=0),
        mlp(optimizer="sgd", lr=0.3, max_epochs=12),  # fits 93% of its training set
        make_pipeline(MinMaxScaler(), neural_network.MLPClassifier((32,), random_state=0)),
        make_pipeline(MinMaxScaler(), LogisticRegression(max_iter=300)),
    ],
    ids=lambda clf: type(clf).__name__,
)
def test_healthy_training_has_no_problem(clf, images):
    if not hasattr(clf, "steps"):
        diagnosis = diagnose(clf, **images)
    else:  # scikit-learn's scalers need flat images
        flat = {k: v.reshape(len(v), -1) if v.ndim > 1 else v for k, v in images.items()}
        diagnosis = diagnose(clf, **flat)
    assert not diagnosis.problems, str(diagnosis)


@pytest.mark.parametrize("n", [101, 105, 110])
def test_few_more_than_100_samples_are_diagnosed(n, images):
    few = images | {"X": images["X"][:n], "y": images["y"][:n]}
    assert len(diagnose(mlp(max_epochs=2), **few).checks) == len(CHECKS)


def test_every_check_is_listed_once_with_problems_first(healthy, images):
    assert sorted(healthy.checks) == sorted(CHECKS)
    assert not healthy.problems
    broken = diagnose(mlp(lr=1.0), **leak(images))
    names = [finding.check for finding in broken.problems]
    assert names[:2] == ["leakage", "learning rate"]
    assert list(broken.checks[: len(names)]) == names
    for finding in broken.findings:
        assert finding.evidence
        assert finding.remedy or finding.severity not in ("error", "warning")


def test_what_cannot_be_checked_is_listed_with_the_reason(images):
    flat = {k: v.reshape(len(v), -1) / 255 if v.ndim > 1 else v for k, v in images.items()}
    frame = diagnose(LogisticRegression(max_iter=300), **flat).to_frame().set_index("check")
    missing = frame[frame["severity"] == "not checked"]["evidence"]
    assert set(missing.index) >= {"learning rate", "initialization", "gradients", "loss curve"}
    assert missing["learning rate"] == "LogisticRegression has no learning rate."
    without_validation = diagnose(mlp(), images["X"], images["y"])
    (leakage,) = [one for one in without_validation.findings if one.check == "leakage"]
    assert leakage.severity == "not checked"
    assert "X_val" in leakage.evidence


def test_report_in_words_names_every_check(healthy, images):
    text = str(healthy)
    assert text.startswith("Diagnosis of MLPClassifier on 1,000 samples: no problem.")
    assert all(f"- {check}: " in text for check in CHECKS)
    broken = diagnose(mlp(lr=1.0), **images)
    assert "\n1. ERROR: learning rate\n" in str(broken)
    assert repr(broken).startswith("Diagnosis(problems=['learning rate'")


def test_result_can_be_restored_from_json(healthy):
    values = json.loads(json.dumps(healthy.to_dict(), allow_nan=False))
    back = Diagnosis.from_dict(values)
    assert back.to_dict() == healthy.to_dict()
    assert back.findings == healthy.findings
    assert str(back) == str(healthy)
    pd.testing.assert_frame_equal(back.to_frame(), healthy.to_frame())


def test_estimator_is_not_changed_and_the_same_seed_gives_the_same_findings(images, healthy):
    clf, other = mlp().fit(images["X"], images["y"]), mlp().fit(images["X"], images["y"])
    again = diagnose(clf, **images)
    assert same_network(clf, other)
    assert clf.callbacks is None
    assert again.to_dict() == healthy.to_dict()


@pytest.mark.parametrize(("end", "severity"), [(0.6, "info"), (2.6, "warning")])
def test_rate_that_is_a_little_too_high_is_a_problem_if_the_loss_rises(end, severity, images):
    X, y = vectors(images, 300)
    facts = find_facts(X, y, None, None, missing=[], scale=1.0, seed=0)
    training = ObservedTraining(
        n_epochs=3,
        lr=0.5,
        initial_loss=2.3,
        loss_curve=[end] * 3,
        train_loss=0.5,
        train_accuracy=0.9,
    )
    facts.neighbor_labels[:] = facts.neighbor_proba.argmax(axis=1)  # the neighbors are always right
    trials = {0.1: ObservedTraining(train_loss=0.1)}
    verdict = learning_rate(Observations("MLPClassifier", facts, training, 1.0, trials))
    assert verdict.severity == severity
    assert "0.5 is too high" in verdict.evidence


def test_estimator_of_a_reject_classifier_is_diagnosed(healthy, images):
    assert diagnose(RejectClassifier(mlp(), threshold=0.9), **images).findings == healthy.findings


def vectors(images, n):
    return images["X"][:n].reshape(n, -1) / 255, images["y"][:n]


def objects(X):
    return pd.DataFrame(X).astype(object)


@pytest.mark.parametrize("container", [pd.DataFrame, objects, sparse.csr_matrix, list])
def test_container_of_the_samples_does_not_matter(container, images):
    X, y = vectors(images, 120)
    clf = mlp(max_epochs=2)
    expected, diagnosis = diagnose(clf, X, y), diagnose(clf, container(X), list(y))
    assert diagnosis.findings == expected.findings


def test_few_samples_of_a_class_are_not_all_held_out(images):
    X, y = vectors(images, 30)
    only = np.r_[np.flatnonzero(y != y[0]), 0]  # one sample of a class
    diagnosis = diagnose(mlp(max_epochs=2), X[only], y[only])
    assert len(diagnosis.checks) == len(CHECKS)
    first = np.unique(y, return_index=True)[1]
    with pytest.raises(ValueError, match=r"samples of \d+ classes instead\. Add samples"):
        diagnose(mlp(), X[first], y[first])


def test_random_differences_between_small_classes_are_no_imbalance(images):
    counts = [2, 3, 4, 5, 5, 6, 7, 8, 8, 10]
    chosen = [np.flatnonzero(images["y"] == k)[:n] for k, n in enumerate(counts)]
    some = np.concatenate(chosen)
    diagnosis = diagnose(mlp(), images["X"][some], images["y"][some])
    (found,) = [one for one in diagnosis.findings if one.check == "class imbalance"]
    assert found.severity == "ok"
    assert found.evidence == "The classes have 2 to 10 training samples."


@pytest.mark.parametrize("n", [1, 4, 7, 250])
def test_other_frequencies_in_the_validation_set_are_no_wrong_labels(n, images):
    """90% of the training samples are zeros; the validation set is balanced."""
    keep = (images["y"] == 0) | (np.arange(1000) % 80 == 0)
    some = images | {"X": images["X"][keep], "y": images["y"][keep]}
    some |= {"X_val": images["X_val"][:n], "y_val": images["y_val"][:n]}
    (labels,) = [one for one in diagnose(mlp(), **some).findings if one.check == "labels"]
    assert labels.severity == "ok"


def test_gradients_and_loss_before_the_training_of_scikit_learn(images):
    X, y = vectors(images, 400)
    params = {"solver": "sgd", "max_iter": 3, "random_state": 0}
    deep = neural_network.MLPClassifier((24,) * 7, activation="logistic", alpha=100.0, **params)
    found = {finding.check: finding for finding in diagnose(deep, X, y).findings}
    assert found["gradients"].severity == "warning"
    assert found["initialization"].severity == "ok"  # alpha is not part of the loss


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("n_classes", [2, 10])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_gradients_of_scikit_learn_are_those_of_autograd(activation, n_classes, images):
    X, y = vectors(images, 200)
    y = y % n_classes
    clf = neural_network.MLPClassifier((9, 7), activation=activation, max_iter=2, random_state=0)
    clf.fit(X, y)
    functions = {"logistic": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}
    weights = [torch.from_numpy(coef).requires_grad_() for coef in clf.coefs_]
    x = torch.from_numpy(X)
    for i, (weight, intercept) in enumerate(zip(weights, clf.intercepts_, strict=True)):
        x = x @ weight + torch.from_numpy(intercept)
        x = functions.get(activation, torch.clone)(x) if i < 2 else x
    x = torch.cat([torch.zeros_like(x), x], dim=1) if n_classes == 2 else x
    expected = torch.autograd.grad(nn.functional.cross_entropy(x, torch.from_numpy(y)), weights)
    found = _sklearn_gradients(clf, X, y)
    assert list(found) == ["coefs_[0]", "coefs_[1]", "coefs_[2]"]
    assert list(found.values()) == pytest.approx([float(one.norm()) for one in expected])


def test_labels_may_be_strings(images):
    names = np.array([f"digit {i}" for i in range(10)])
    named = images | {key: names[images[key]] for key in ("y", "y_val")}
    diagnosis = diagnose(mlp(class_weight={"digit 1": 2.0}), **named)
    assert not diagnosis.problems, str(diagnosis)


def test_label_issues_are_the_wrong_labels(images):
    noisy = add_noise(images)
    wrong = np.flatnonzero(noisy["y"] != images["y"])
    found = diagnose(mlp(), **noisy).label_issues
    assert np.isin(wrong, found).mean() > 0.7
    assert np.isin(found, wrong).mean() > 0.7


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_label_issues_agree_with_cleanlab(noise):
    cleanlab = pytest.importorskip("cleanlab.filter", reason="needs cleanlab, of the test extra")
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.full(4, 0.3), 500)
    y = np.array([rng.choice(4, p=p) for p in proba])
    flipped = rng.random(500) < noise
    y[flipped] = rng.integers(0, 4, flipped.sum())
    theirs = cleanlab.find_label_issues(y, proba, filter_by="confident_learning", n_jobs=1)
    np.testing.assert_array_equal(find_label_issues(y, proba), np.flatnonzero(theirs))


def test_layers_and_history_are_recorded(healthy):
    assert len(healthy.history["train_loss"]) == len(healthy.history["validation_loss"]) == 8
    assert len(healthy.history["batch_loss"]) == 8 * 16
    assert healthy.history["initial_loss"][0] == pytest.approx(np.log(10), abs=0.2)
    assert set(healthy.layers["layer"]) == {"layers.0.weight", "layers.2.weight"}
    assert min(healthy.layers["update_ratio"]) > 0
    assert min(healthy.layers["gradient"]) > 0


def test_wrong_arguments_are_rejected(images):
    with pytest.raises(TypeError, match=r"must be a classifier\. Got LinearRegression"):
        diagnose(LinearRegression(), images["X"], images["y"])
    with pytest.raises(ValueError, match="X_val and y_val must be passed together"):
        diagnose(mlp(), images["X"], images["y"], X_val=images["X"])
    with pytest.raises(TypeError, match="must be a classifier. Got 'mlp' instead"):
        diagnose("mlp", images["X"], images["y"])
    with pytest.raises(TypeError, match="Pass the estimator inside of it"):
        diagnose(FrozenEstimator(mlp()), images["X"], images["y"])
    with pytest.raises(ValueError, match="'random_state' parameter of diagnose must be an int"):
        diagnose(mlp(), images["X"], images["y"], random_state=None)
    with pytest.raises(ValueError, match=r"samples of the shape \(14, 14\), as X does"):
        diagnose(mlp(), **images | {"X_val": images["X_val"][:, :5]})
    with pytest.raises(ValueError, match="y_val must contain at least one of the labels of y"):
        diagnose(mlp(), **images | {"y_val": np.full(250, 77)})
