"""epoch_curve, with classifiers of skmnist and of scikit-learn."""

import numpy as np
import pytest
from sklearn import model_selection
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import LinearSVC

from skmnist._training.schedules import NEEDS_MAX_EPOCHS, SCHEDULES
from skmnist.studies import (
    epoch_curve,
)
from tests.helpers import every_classifier
from tests.helpers import tiny as tiny_of
from tests.studies.helpers import tiny

METRICS = ["train_scores", "test_scores", "train_losses", "test_losses"]


def assert_same_metrics(one, other):
    for name in METRICS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def test_ten_points_take_ten_epochs_and_with_retrain_fifty_five(data, held_out, epochs_run):
    staged = epoch_curve(tiny(), *data, **held_out)
    assert len(epochs_run) == 10
    epochs_run.clear()
    retrained = epoch_curve(tiny(), *data, **held_out, retrain=True)
    assert len(epochs_run) == 55
    assert_same_metrics(staged, retrained)
    assert staged.staged
    assert not retrained.staged


@every_classifier
def test_every_classifier_supports_staged_scores(cls, data, held_out):
    clf = tiny_of(cls)
    curves = [
        epoch_curve(clf, *data, epochs=[3, 1], **held_out, retrain=retrain)
        for retrain in (False, True)
    ]
    assert_same_metrics(*curves)
    assert curves[0].staged
    np.testing.assert_array_equal(curves[0].epochs, [1, 3])


@pytest.mark.parametrize(
    "params",
    [
        *({"lr_schedule": schedule} for schedule in SCHEDULES),
        {"early_stopping": True, "n_iter_no_change": 1, "tol": 0.1},
        {"warm_start": True},
        {"dropout": 0.3},
    ],
)
def test_staged_scores_equal_those_of_retraining(data, params):
    clf = tiny(**params)
    curves = [epoch_curve(clf, *data, epochs=[1, 2, 5], cv=2, retrain=f) for f in (False, True)]
    assert_same_metrics(*curves)
    assert curves[0].staged == (params.get("lr_schedule") not in NEEDS_MAX_EPOCHS)


def test_curve_is_scikit_learns_validation_curve(data):
    pipe = make_pipeline(MinMaxScaler(clip=True), tiny())
    epochs = [1, 3, 4]
    curve = epoch_curve(pipe, *data, epochs=epochs, cv=3, scoring="f1_macro")
    train_scores, test_scores = model_selection.validation_curve(
        pipe,
        *data,
        param_name="mlpclassifier__max_epochs",
        param_range=epochs,
        cv=3,
        scoring="f1_macro",
    )
    assert curve.staged
    np.testing.assert_array_equal(curve.train_scores, train_scores)
    np.testing.assert_array_equal(curve.test_scores, test_scores)


def test_metrics_are_those_of_a_classifier_fitted_alone(data, held_out):
    curve = epoch_curve(tiny(), *data, epochs=[2], **held_out)
    clf = tiny(max_epochs=2).fit(*data)
    X_test, y_test = held_out.values()
    assert curve.train_scores == clf.score(*data)
    assert curve.test_scores == clf.score(X_test, y_test)
    assert curve.test_losses == log_loss(y_test, clf.predict_proba(X_test))
    assert curve.train_losses == log_loss(data[1], clf.predict_proba(data[0]))


def test_five_folds_are_the_default_as_in_scikit_learn(data):
    assert epoch_curve(tiny(), *data, epochs=[1]).test_scores.shape == (1, 5)


def test_curve_without_random_state_takes_one_fit(data, held_out, epochs_run):
    curve = epoch_curve(tiny(random_state=None), *data, epochs=[1, 2, 4], **held_out)
    assert len(epochs_run) == 4
    assert curve.seed is None
    assert (np.diff(curve.fit_times, axis=0) > 0).all()


def test_estimator_is_not_modified(data):
    clf = tiny(max_epochs=7)
    epoch_curve(clf, *data, epochs=[1], cv=2)
    assert not hasattr(clf, "net_")
    assert clf.max_epochs == 7


@pytest.mark.parametrize(
    "estimator",
    [
        SklearnMLPClassifier((4,), random_state=0),
        LogisticRegression(),
        make_pipeline(MinMaxScaler(), LogisticRegression()),
        LinearSVC(random_state=0),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_other_classifiers_are_retrained_for_each_point(data, held_out, estimator):
    curve = epoch_curve(estimator, *data, epochs=[1, 3], **held_out)
    assert not curve.staged
    assert curve.test_scores.shape == (2, 1)
    assert np.isnan(curve.test_losses).all() == (not hasattr(estimator, "predict_proba"))


def test_classifier_with_callbacks_is_retrained(data):
    from skorch.callbacks import EpochTimer

    assert not epoch_curve(tiny(callbacks=[EpochTimer()]), *data, epochs=[1], cv=2).staged


@pytest.mark.parametrize("epochs", [0, 5, [], [1, 0], [1.5], "12", [True, "a"]], ids=repr)
def test_invalid_numbers_of_epochs_are_rejected(data, epochs):
    with pytest.raises(ValueError, match="'epochs' parameter of epoch_curve must be .* Got "):
        epoch_curve(tiny(), *data, epochs=epochs)


def test_invalid_arguments_are_rejected(data, held_out):
    with pytest.raises(ValueError, match="either cv, or X_test and y_test, but not both"):
        epoch_curve(tiny(), *data, cv=2, **held_out)
    with pytest.raises(ValueError, match="both X_test and y_test, but y_test is missing"):
        epoch_curve(tiny(), *data, X_test=held_out["X_test"])
    from sklearn.naive_bayes import GaussianNB

    with pytest.raises(
        ValueError, match="GaussianNB has neither the parameter max_epochs nor max_iter"
    ):
        epoch_curve(GaussianNB(), *data)
    with pytest.raises(ValueError, match="loss became"):
        epoch_curve(tiny(activation="identity", optimizer="sgd", lr=1e6), *data, cv=2)
