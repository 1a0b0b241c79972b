"""Data frames as of ``fetch_openml("mnist_784")``: integer columns, categories as labels."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import cross_val_score, train_test_split

from skmnist import CNNClassifier, MLPClassifier, RejectClassifier, datasets, displays, load, save
from skmnist.backprop import NeuralNetwork
from skmnist.reporting import EvaluationReport
from skmnist.studies import (
    EpochGridSearchCV,
    compare_estimators,
    epoch_curve,
    learning_curve,
    robustness_curve,
    validation_curve,
)
from tests.helpers import every_classifier, same_network, small_digits, tiny

pytestmark = pytest.mark.usefixtures("small_figures")


@pytest.fixture(scope="module")
def arrays():
    X, y = small_digits()
    return X, y.astype(str)


@pytest.fixture(scope="module")
def frames(arrays):
    """The digits as OpenML returns them: int64 pixels, and strings in a categorical Series."""
    X = pd.DataFrame(arrays[0].astype(np.int64), columns=[f"pixel{i + 1}" for i in range(196)])
    y = pd.Series(arrays[1], name="class", dtype="category")
    return X, y


@pytest.fixture(scope="module")
def split(frames):
    """Training and test sets whose indices are not 0, 1, 2, ..."""
    return train_test_split(*frames, stratify=frames[1], random_state=0)


@pytest.fixture(scope="module")
def fitted(split):
    X, _, y, _ = split
    return MLPClassifier(16, max_epochs=3, random_state=0).fit(X, y)


@every_classifier
def test_frames_and_arrays_give_the_same_network(cls, arrays, frames):
    X, y = frames
    a, b = tiny(cls).fit(*arrays), tiny(cls).fit(X, y)
    assert same_network(a, b)
    np.testing.assert_array_equal(a.predict(arrays[0]), b.predict(X))
    np.testing.assert_array_equal(b.classes_, list("0123456789"))
    assert b.feature_names_in_[0] == "pixel1"
    assert b.score(X, y) == a.score(*arrays)


def test_early_stopping_partial_fit_and_weights(frames):
    X, y = frames
    clf = MLPClassifier(8, max_epochs=2, early_stopping=True, class_weight="balanced")
    clf.fit(X, y, sample_weight=pd.Series(np.ones(len(X))))
    clf.fit(X, y, X_val=X, y_val=y)
    clf.set_params(early_stopping=False).partial_fit(X, y)
    assert set(RejectClassifier(clf, 0.5).fit(X, y).predict(X)) <= {*"0123456789", "rejected"}


def test_network_written_by_hand_accepts_the_array_of_a_frame(frames):
    X, y = np.asarray(frames[0]), np.asarray(frames[1].cat.codes)
    outputs = NeuralNetwork((196, 4, 10)).forward(X / 255)
    assert outputs.shape == (100, 10)
    X.flags.writeable = y.flags.writeable = False
    network = NeuralNetwork((196, 4, 10))
    network.forward(X)
    network.backward(y)


def test_saved_model_predicts_frames(fitted, split, tmp_path):
    save(fitted, tmp_path / "model.safetensors")
    loaded = load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.predict(split[1]), fitted.predict(split[1]))


STUDIES = {
    "epoch_curve": lambda clf, X, y: epoch_curve(clf, X, y, epochs=[1, 2], cv=2).plot(),
    "learning_curve": lambda clf, X, y: learning_curve(clf, X, y, train_sizes=[0.5, 1.0], cv=2),
    "validation_curve": lambda clf, X, y: validation_curve(
        clf, X, y, param_name="lr", param_range=[0.01, 0.1], cv=2
    ),
    "compare_estimators": lambda clf, X, y: compare_estimators({"mlp": clf}, X, y, X, y),
    "robustness_curve": lambda clf, X, y: robustness_curve(clf.fit(X, y), X, y, corruption="noise"),
    "EpochGridSearchCV": lambda clf, X, y: EpochGridSearchCV(clf, {"max_epochs": [1, 2]}, cv=2).fit(
        X, y
    ),
    "cross_val_score": lambda clf, X, y: cross_val_score(clf, X, y, cv=2),
}


@pytest.mark.parametrize("name", STUDIES)
def test_studies_accept_frames(name, split):
    X, _, y, _ = split
    assert STUDIES[name](MLPClassifier(8, max_epochs=2, random_state=0), X, y) is not None


DISPLAYS = {
    "MisclassifiedDisplay": lambda clf, X, y: displays.MisclassifiedDisplay.from_estimator(
        clf, X, y
    ),
    "CoverageDisplay": lambda clf, X, y: displays.CoverageDisplay.from_estimator(clf, X, y),
    "PredictionDisplay": lambda clf, X, y: displays.PredictionDisplay.from_estimator(
        clf, X.iloc[0], y_true=y.iloc[0]
    ),
    "WeightsDisplay": lambda clf, X, y: displays.WeightsDisplay.from_estimator(clf),
}


@pytest.mark.parametrize("name", DISPLAYS)
def test_displays_accept_frames(name, fitted, split):
    _, X, _, y = split
    assert DISPLAYS[name](fitted, X, y).figure_ is not None


def test_feature_maps_of_a_frame(split):
    X, _, y, _ = split
    clf = CNNClassifier(channels=(4,), max_epochs=1, random_state=0).fit(X, y)
    for image in (X.iloc[0], X.iloc[:1]):
        assert displays.FeatureMapsDisplay.from_estimator(clf, image).figure_ is not None


def test_report_of_frames(fitted, split, tmp_path):
    _, X, _, y = split
    report = EvaluationReport.from_estimator(fitted, X, y)
    report.save(tmp_path)
    expected = EvaluationReport.from_estimator(fitted, X, np.asarray(y))
    assert report.results["accuracy"] == expected.results["accuracy"]


def test_as_frame_of_a_data_set(tmp_path):
    X, y = datasets.load_mnist_sample(return_X_y=True, as_frame=True)
    clf = MLPClassifier(4, max_epochs=1, random_state=0).fit(X[::50], y[::50])
    EvaluationReport.from_estimator(clf, X[1::100], y[1::100]).save(tmp_path)
