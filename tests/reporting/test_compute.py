"""Results of a report."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.calibration import calibration_curve
from sklearn.dummy import DummyClassifier
from sklearn.metrics import (
    balanced_accuracy_score,
    brier_score_loss,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
)
from sklearn.svm import LinearSVC

from skmnist.displays._attributions import explain
from skmnist.reporting import EvaluationReport
from skmnist.reporting._explanations import decode_explanations


def test_accuracy_has_a_wilson_interval():
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263 gives 0.2553 to 0.3662.
    clf = DummyClassifier(strategy="constant", constant=1).fit([[0], [0]], [0, 1])
    y = np.r_[np.ones(81), np.zeros(182)]
    accuracy = EvaluationReport.from_estimator(clf, np.zeros((263, 1)), y).results["accuracy"]
    assert accuracy["value"] == pytest.approx(81 / 263)
    assert (round(accuracy["low"], 4), round(accuracy["high"], 4)) == (0.2553, 0.3662)
    assert accuracy["method"] == "Wilson"
    assert accuracy["most_frequent_class"] == pytest.approx(182 / 263)


def test_metrics_equal_those_of_scikit_learn(mlp, data, report):
    X, y = data[2:]
    y_pred, proba = mlp.predict(X), mlp.predict_proba(X)
    columns = precision_recall_fscore_support(y, y_pred)
    np.testing.assert_array_equal(report.per_class.to_numpy(), np.transpose(columns))
    assert list(report.per_class) == ["precision", "recall", "f1", "support"]
    matrix = report.confusion_matrix
    np.testing.assert_array_equal(matrix, confusion_matrix(y, y_pred))
    assert list(matrix.index) == list(matrix.columns) == list(range(10))

    assert report.results["accuracy"]["value"] == mlp.score(X, y)
    balanced = balanced_accuracy_score(y, y_pred)
    assert report.results["accuracy"]["balanced"] == pytest.approx(balanced)
    calibration = report.results["calibration"]
    assert calibration["log_loss"] == pytest.approx(log_loss(y, proba))
    assert calibration["brier"] == pytest.approx(brier_score_loss(y, proba))
    accuracy, confidence = calibration_curve(y == y_pred, proba.max(axis=1), n_bins=10)
    bins = pd.DataFrame(calibration["bins"])
    np.testing.assert_allclose(bins["accuracy"], accuracy)
    np.testing.assert_allclose(bins["confidence"], confidence, rtol=1e-6)
    assert bins["n"].sum() == len(y)
    ece = (bins["n"] * abs(accuracy - confidence)).sum() / len(y)
    assert calibration["ece"] == pytest.approx(ece, rel=1e-5)


def test_most_confused_pairs_come_first(report):
    pairs = report.results["confused_pairs"]
    counts = [pair["count"] for pair in pairs]
    mistakes = report.confusion_matrix.to_numpy().copy()
    np.fill_diagonal(mistakes, 0)
    assert counts == sorted(mistakes.ravel(), reverse=True)[:10]
    for pair in pairs:
        assert report.confusion_matrix.loc[pair["true"], pair["predicted"]] == pair["count"]
        support = report.per_class.loc[pair["true"], "support"]
        assert pair["fraction"] == pytest.approx(pair["count"] / support)


def test_worst_mistakes_have_the_largest_margin(mlp, data, report):
    X, y = data[2:]
    mistakes = report.results["mistakes"]
    indices = mistakes["indices"]
    assert mistakes["n"] == (mlp.predict(X) != y).sum() > len(indices) == 12
    proba, n = mlp.predict_proba(X), np.arange(len(X))
    margin = proba.max(axis=1) - proba[n, y]
    assert margin[indices].tolist() == sorted(margin, reverse=True)[:12]
    np.testing.assert_array_equal(mistakes["true"], y[indices])
    np.testing.assert_allclose(mistakes["proba_true"], proba[indices, y[indices]], rtol=1e-5)


def test_results_describe_the_model(mlp, report):
    results = report.results
    assert results["n_weights"] == mlp.n_weights_
    assert results["times"]["fit_time"] == mlp.fit_time_
    assert results["training"]["train_loss"] == mlp.loss_curve_
    assert results["seed"] == {"random_state": 0}
    assert results["parameters"]["hidden_layer_sizes"] == "(32,)"
    assert {"skmnist", "torch", "scikit-learn", "Python"} <= set(results["versions"])
    assert results["unavailable"] == {}


def test_hash_does_not_depend_on_the_form_of_the_data(mlp, data):
    X, y = data[2:]

    def sha256(X, y):
        return EvaluationReport.from_estimator(mlp, X, y).results["data"]["sha256"]

    expected = sha256(X, y)
    for same in (X.reshape(-1, 28, 28), pd.DataFrame(X), scipy.sparse.csr_array(X), X.tolist()):
        if isinstance(same, list):
            same = np.array(same, dtype=np.uint8)
        assert sha256(same, y.tolist()) == expected
    changed = X.copy()
    changed[-1, -1] += 1
    assert sha256(changed, y) != expected
    assert sha256(X, np.roll(y, 1)) != expected


def test_worst_mistakes_are_explained_by_occlusion(mlp, data, report):
    X = data[2]
    mistakes = report.results["mistakes"]
    maps = decode_explanations(mistakes["explanations"])
    assert maps.shape == (12, 2, 28, 28)
    assert np.abs(maps).max(axis=(1, 2, 3)).tolist() == [1] * 12
    i = 3
    index, pair = mistakes["indices"][i], [mistakes[key][i] for key in ("true", "predicted")]
    theirs = explain(mlp, X[index], target=pair[0], against=pair[1]).attributions.ravel()
    ours = maps[i].ravel()
    assert np.corrcoef(ours, theirs)[0, 1] > 0.95
    assert mistakes["explanations"]["scales"][i] == pytest.approx(np.abs(theirs).max(), rel=0.3)


def test_explanations_can_be_left_out_and_need_probabilities(mlp, data):
    X, y = data[2:]
    reports = [
        EvaluationReport.from_estimator(mlp, X, y, explain=False),
        EvaluationReport.from_estimator(LinearSVC().fit(X, y % 2), X, y),
        EvaluationReport.from_estimator(mlp, X, y, image_shape=None),
    ]
    for report in reports:
        assert report.results["mistakes"]["explanations"] is None
        assert "What speaks for" not in report.to_html()
