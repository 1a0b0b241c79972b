"""coverage_curve: coverage and accuracy for each threshold."""

import numpy as np
import pytest

from skmnist import MLPClassifier
from skmnist.metrics import coverage_curve
from tests.helpers import digits

X, Y = digits(step=4)


@pytest.fixture(scope="module")
def clf():
    return MLPClassifier(32, random_state=0).fit(X, Y)


def test_curve_has_coverage_and_accuracy_of_each_threshold(clf):
    X_test, y_test = digits(step=7)
    proba = clf.predict_proba(X_test)
    predicted, confidence = clf.predict(X_test), proba.max(axis=1)
    coverage, accuracy, thresholds = coverage_curve(y_test, predicted, confidence)
    for i in (0, len(thresholds) // 2, -1):
        accepted = confidence >= thresholds[i]
        assert coverage[i] == accepted.mean()
        assert accuracy[i] == (predicted == y_test)[accepted].mean()
    assert coverage[-1] == 1
    assert accuracy[len(accuracy) // 2] > accuracy[-1]
    assert (np.diff(coverage) > 0).all()
    assert (np.diff(thresholds) < 0).all()


def test_equal_confidences_give_one_point():
    coverage, accuracy, thresholds = coverage_curve([0, 1, 1], [0, 0, 1], [0.5, 0.5, 0.5])
    assert (coverage.tolist(), thresholds.tolist()) == ([1], [0.5])
    assert accuracy == pytest.approx(2 / 3)


def test_inconsistent_lengths_and_nan_are_rejected():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        coverage_curve([0, 1], [0, 1], [0.5])
    with pytest.raises(
        ValueError, match="'confidence' parameter .* must not contain NaN. Got 1 NaN"
    ):
        coverage_curve([0], [0], [np.nan])
