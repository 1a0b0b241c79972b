"""Staged fits: after epoch n, the classifier equals one that was fitted for n epochs."""

import copy
import pickle

import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from skmnist import MLPClassifier
from skmnist._training.schedules import NEEDS_MAX_EPOCHS, SCHEDULES
from tests.helpers import digits, every_classifier, same_network, tiny

STATES = [{}, {"early_stopping": True, "n_iter_no_change": 1, "tol": 0.05}]


SUPPORTED_SCHEDULES = sorted(set(SCHEDULES) - NEEDS_MAX_EPOCHS)


def record_epochs(clf, X, y, record=copy.deepcopy):
    """Return what `record` returned for the classifier after each epoch."""
    seen = {}
    with clf._on_epoch_end(lambda n: seen.update({n: record(clf)})):
        clf.fit(X, y)
    return seen


def fitted_attributes_without_times(clf):
    """Return the fitted attributes without the durations."""
    history = clf.history_.drop(columns="seconds").to_dict()
    return history, clf.n_iter_, clf.best_epoch_, clf.pixel_scale_, clf.validation_scores_


@pytest.mark.parametrize("params", STATES, ids=["all epochs", "early stopping"])
@every_classifier
def test_each_epoch_equals_a_shorter_fit(cls, params):
    X, y = digits()
    clf = tiny(cls, max_epochs=5, **params)
    for n, seen in record_epochs(clf, X, y).items():
        alone = clone(clf).set_params(max_epochs=n).fit(X, y)
        assert same_network(seen, alone)
        assert fitted_attributes_without_times(seen) == fitted_attributes_without_times(alone)
        assert 0 < seen.fit_time_ < clf.fit_time_ or seen.n_iter_ == clf.n_iter_
    assert n == clf.n_iter_
    assert same_network(seen, clf)


@pytest.mark.parametrize("schedule", SUPPORTED_SCHEDULES)
def test_schedules_that_support_staged_fits(schedule):
    X, y = digits()
    clf = tiny(MLPClassifier, max_epochs=5, lr_schedule=schedule)
    assert clf._supports_staged_fit
    seen = record_epochs(clf, X, y)
    assert all(same_network(seen[n], clone(clf).set_params(max_epochs=n).fit(X, y)) for n in seen)


@pytest.mark.parametrize("schedule", sorted(NEEDS_MAX_EPOCHS))
def test_schedules_that_need_max_epochs_do_not_support_staged_fits(schedule):
    X, y = digits()
    clf = tiny(MLPClassifier, max_epochs=5, lr_schedule=schedule)
    assert not clf._supports_staged_fit
    seen = record_epochs(clf, X, y)
    assert not same_network(seen[2], clone(clf).set_params(max_epochs=2).fit(X, y))


@every_classifier
def test_recording_changes_nothing(cls):
    X, y = digits()
    clf = tiny(cls, max_epochs=3)
    record_epochs(clf, X, y, record=lambda clf: clf.predict_proba(X))
    assert same_network(clf, tiny(cls, max_epochs=3).fit(X, y))
    pickle.dumps(clf)
    assert not hasattr(clf, "_epoch_hook")


def test_classifier_predicts_inside_its_pipeline_during_fit():
    X, y = digits()
    pipe = make_pipeline(MaxAbsScaler(), tiny(MLPClassifier, max_epochs=3))
    scores = {}
    with pipe[-1]._on_epoch_end(lambda n: scores.update({n: pipe.score(X, y)})):
        pipe.fit(X, y)
    for n, score in scores.items():
        assert clone(pipe).set_params(mlpclassifier__max_epochs=n).fit(X, y).score(X, y) == score
    assert list(scores) == [1, 2, 3]
