"""RejectClassifier: predictions below the threshold are rejected."""

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import estimator_checks_generator

from skmnist import MLPClassifier, RejectClassifier
from tests.helpers import digits, tiny

X, Y = digits(step=4)


BLENDS = X // 2 + np.roll(X, len(X) // 2, axis=0) // 2  # blends of two digits


@pytest.fixture(scope="module")
def clf():
    return MLPClassifier(32, random_state=0).fit(X, Y)


def reject(clf, threshold, *, y=Y, **params):
    return RejectClassifier(FrozenEstimator(clf), threshold, **params).fit(X, y)


def checks():
    for estimator in (LogisticRegression(), MLPClassifier(random_state=0)):
        generator = estimator_checks_generator(RejectClassifier(estimator, 0.0))
        for instance, check in generator:
            name = type(estimator).__name__ + "-" + check.func.__name__
            yield pytest.param(instance, check, id=name)


@pytest.mark.parametrize("instance, check", list(checks()))
def test_scikit_learns_checks_pass(instance, check):
    check(instance)


def test_only_predictions_below_the_threshold_are_rejected(clf):
    proba = clf.predict_proba(X).max(axis=1)
    predicted = reject(clf, 0.8).predict(X)
    assert np.array_equal(predicted == -1, proba < 0.8)
    assert np.array_equal(predicted[proba >= 0.8], clf.predict(X)[proba >= 0.8])
    assert 0 < (predicted == -1).mean() < 1


def test_threshold_0_rejects_nothing(clf):
    assert np.array_equal(reject(clf, 0).predict(BLENDS), clf.predict(BLENDS))


def test_blends_of_digits_are_rejected_more_often_than_digits(clf):
    reject_clf = reject(clf, 0.9)
    X_test, _ = digits(step=7)
    rejection_rates = [(reject_clf.predict(images) == -1).mean() for images in (X_test, BLENDS)]
    assert rejection_rates[1] > rejection_rates[0] + 0.3


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (Y.astype(np.uint8), -1),
        (Y > 4, -1),
        (Y - 3.0, -4),
        (np.where(Y > 4, "large", "small"), "rejected"),
        (np.where(Y > 4, "large", "small").astype(object), "rejected"),
    ],
    ids=["uint8", "bool", "negative", "str", "object"],
)
def test_label_of_rejected_samples_has_the_type_of_the_others(labels, expected):
    clf = tiny(MLPClassifier).fit(X, labels)
    reject_clf = reject(clf, np.median(clf.predict_proba(X).max(axis=1)), y=labels)
    predicted = set(reject_clf.predict(X).tolist())
    assert reject_clf.reject_label_ == expected
    assert {expected} < predicted <= {*labels.tolist(), expected}


def test_label_of_rejected_samples_can_be_set(clf):
    assert "no digit" in reject(clf, 0.999, reject_label="no digit").predict(X).tolist()
    assert 99 in reject(clf, 0.999, reject_label=99).predict(X)
    assert 3 in reject(clf, 0.0, reject_label="no digit").predict(X).tolist()


def test_reject_label_that_is_a_class_is_rejected(clf):
    with pytest.raises(ValueError, match="reject_label"):
        reject(clf, 0.5, reject_label=3)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, "high", None, np.nan])
def test_threshold_must_be_between_0_and_1(clf, threshold):
    with pytest.raises(ValueError, match=r"'threshold' parameter .* range \[0, 1\]\. Got"):
        reject(clf, threshold)


def test_classifier_without_predict_proba_is_rejected():
    with pytest.raises(TypeError, match="predict_proba.*CalibratedClassifierCV"):
        RejectClassifier(LinearSVC(), 0.5).fit(X, Y)


def test_works_in_searches():
    search = GridSearchCV(RejectClassifier(tiny(MLPClassifier), 0.1), {"threshold": [0, 0.9]}, cv=2)
    assert search.fit(X, Y).best_params_ == {"threshold": 0}  # rejected samples count as wrong
    assert cross_val_score(search.best_estimator_, X, Y, cv=2).shape == (2,)
