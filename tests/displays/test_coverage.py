"""CoverageDisplay."""

import numpy as np
import pytest

from skmnist import RejectClassifier
from skmnist.displays import CoverageDisplay
from skmnist.metrics import coverage_curve


def test_coverage_curve_has_the_terms_of_selective_prediction(mlp, data):
    display = CoverageDisplay.from_estimator(mlp, *data)
    assert display.ax_.get_xlabel() == "Coverage (%)"
    assert display.ax_.get_ylabel() == "Accuracy on accepted samples (%)"
    X, y = data
    coverage, accuracy, _ = coverage_curve(y, mlp.predict(X), mlp.predict_proba(X).max(axis=1))
    np.testing.assert_array_equal(display.line_.get_xdata(), 100 * coverage)
    np.testing.assert_array_equal(display.line_.get_ydata(), 100 * accuracy)
    assert not display.ax_.texts


def test_threshold_of_a_reject_classifier_is_marked(mlp, data):
    X, y = data
    clf = RejectClassifier(mlp, threshold=0.2).fit(X, y)
    (text,) = CoverageDisplay.from_estimator(clf, X, y).ax_.texts
    predicted = clf.predict_proba(X).max(axis=1) >= 0.2
    correct = (clf.classes_[clf.predict_proba(X).argmax(axis=1)] == y)[predicted]
    assert text.get_text() == (
        f"threshold 0.2:\ncoverage {100 * predicted.mean():.1f}%,\n"
        f"accuracy {100 * correct.mean():.1f}%"
    )


@pytest.mark.parametrize("threshold", [None, 2])
def test_threshold_that_no_prediction_reaches_is_not_marked(threshold):
    display = CoverageDisplay.from_predictions(
        [0, 1, 1], [0, 1, 0], [0.9, 0.8, 0.3], threshold=threshold
    )
    assert not display.ax_.texts
