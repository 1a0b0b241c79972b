"""lr_range_test: losses, the valley, and the estimators that it supports."""

import copy
import json

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from skmnist import MLPClassifier
from skmnist._training.optimizers import OPTIMIZERS
from skmnist.studies import LrRangeTest, lr_range_test
from skmnist.studies._lr_range_test import smooth, valley
from tests.helpers import every_classifier
from tests.helpers import tiny as tiny_of
from tests.studies.helpers import tiny

QUICK = 60  # rates


@pytest.fixture(scope="module")
def result(data):
    return lr_range_test(tiny(), *data, n_iter=QUICK)


@every_classifier
def test_every_classifier_is_supported_and_not_modified(cls, data):
    clf = tiny_of(cls, lr=0.123)
    params = copy.deepcopy(clf.get_params())
    test = lr_range_test(clf, *data, n_iter=QUICK)
    assert 1e-5 < test.suggestion_ < 5
    assert not hasattr(clf, "net_")
    assert clf.get_params() == params
    again = lr_range_test(clf.set_params(lr=0.5), *data, n_iter=QUICK)
    np.testing.assert_array_equal(again.losses, test.losses)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_loss_falls_until_it_diverges_with_each_optimizer(data, optimizer):
    test = lr_range_test(tiny(optimizer=optimizer), *data, end_lr=1000, n_iter=300)
    assert test.diverged
    assert test.losses[0] == pytest.approx(np.log(10), abs=0.5)
    assert test.losses.min() < 0.9 * test.losses[0]
    assert len(test.lrs) == len(test.losses) < 300


def test_first_losses_are_those_of_the_untrained_network(data):
    X, y = data
    with pytest.warns(ConvergenceWarning, match="the loss never fell"):
        test = lr_range_test(tiny(batch_size=len(X)), X, y, start_lr=1e-20, end_lr=1e-15, n_iter=20)
    untrained = tiny(batch_size=len(X), lr=1e-30, max_epochs=1, average=False).fit(X, y)
    np.testing.assert_allclose(test.losses, log_loss(y, untrained.predict_proba(X)), rtol=1e-5)


def test_rates_rise_exponentially(result):
    np.testing.assert_allclose(np.diff(np.log10(result.lrs)), 8 / 59)
    assert result.lrs[0] == pytest.approx(1e-7)


@pytest.mark.parametrize(
    "params",
    [
        {"lr_schedule": "onecycle", "early_stopping": True, "average": True, "max_epochs": 1},
        {"warm_start": True, "verbose": 1},
    ],
)
def test_other_parameters_of_the_training_have_no_influence(data, result, params, capsys):
    test = lr_range_test(tiny(**params), *data, n_iter=QUICK)
    np.testing.assert_array_equal(test.losses, result.losses)
    assert not capsys.readouterr().out


def test_pipeline_gives_the_same_as_its_last_step_on_transformed_images(data):
    X, y = data
    pipe = make_pipeline(MaxAbsScaler(clip=True), tiny())
    test = lr_range_test(pipe, X, y, n_iter=QUICK)
    alone = lr_range_test(tiny(), MaxAbsScaler(clip=True).fit_transform(X), y, n_iter=QUICK)
    np.testing.assert_array_equal(test.losses, alone.losses)
    with pytest.raises(Exception, match="not fitted"):
        pipe.predict(X)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("labels", ["int", "str"])
def test_mlp_of_scikit_learn(data, solver, labels):
    X, y = data
    clf = SklearnMLPClassifier((16,), solver=solver, batch_size=32, random_state=0)
    test = lr_range_test(clf, X / 255, y.astype(labels), end_lr=100, n_iter=200)
    assert test.losses[0] == pytest.approx(np.log(10), abs=0.5)
    assert test.losses.min() < 0.9 * test.losses[0]
    assert 1e-5 < test.suggestion_ < 5
    assert not hasattr(clf, "coefs_")


def test_rate_of_scikit_learns_optimizer_is_the_one_of_the_step(data):
    """Two rates that differ only in the last step give different weights only after it."""
    X, y = data
    clf = SklearnMLPClassifier((4,), solver="sgd", momentum=0, alpha=0, batch_size=250)
    clf.set_params(random_state=0, shuffle=False)
    test = lr_range_test(clf, X / 255, y, start_lr=1e-3, end_lr=1e-1, n_iter=20)
    fitted = clf.set_params(random_state=0)
    for lr, loss in zip(test.lrs, test.losses, strict=True):
        fitted.learning_rate_init = lr
        if hasattr(fitted, "_optimizer"):
            fitted._optimizer.learning_rate = lr
        fitted.partial_fit(X / 255, y, classes=range(10))
        assert fitted.loss_ == pytest.approx(loss)


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (LogisticRegression(), "LogisticRegression has no learning rate that can be changed"),
        (SGDClassifier(), "SGDClassifier has no learning rate that can be changed"),
        (SklearnMLPClassifier(solver="lbfgs"), "solver='lbfgs' has no learning rate"),
        (GridSearchCV(tiny(), {}), "GridSearchCV is not a network, but contains an estimator"),
        (make_pipeline(MaxAbsScaler(), LogisticRegression()), "LogisticRegression has no learning"),
    ],
)
def test_other_estimators_are_rejected_with_the_reason(data, estimator, message):
    with pytest.raises(TypeError, match=message):
        lr_range_test(estimator, *data)


def test_smoothing_is_a_bias_corrected_moving_average_in_both_directions():
    losses = [3.0, 1.0, 2.0]
    weights = [[0.1], [0.9 * 0.1, 0.1], [0.81 * 0.1, 0.9 * 0.1, 0.1]]
    forward = [np.average(losses[: len(w)], weights=w) for w in weights]
    backward = [np.average(losses[::-1][: len(w)], weights=w) for w in weights][::-1]
    np.testing.assert_allclose(smooth(losses, 0.9), np.mean([forward, backward], axis=0))
    np.testing.assert_allclose(smooth([0.7] * 50, 0.9), 0.7)
    peak = smooth(np.eye(41)[20], 0.8)
    np.testing.assert_allclose(peak, peak[::-1])  # no lag


def test_valley_is_near_the_middle_of_the_range_in_which_the_loss_is_half_fallen():
    lrs = np.geomspace(1e-5, 1, 501)
    x = np.log10(lrs)
    losses = 2 - np.clip(1.5 - np.abs(x + 2), 0, 1)  # a trapezoid; half fallen from 1e-3 to 1e-1
    assert valley(lrs, losses) == pytest.approx(10 ** (-3 + 0.58 * 2))
    skewed = np.where(x < -2, losses, 2 - np.clip(1 - (x + 2) / 0.5, 0, 1))
    assert valley(lrs, skewed) == pytest.approx(10 ** (-3 + 0.58 * 1.25), rel=0.02)
    assert np.isnan(valley(lrs, np.linspace(1, 2, 501)))


def test_no_suggestion_if_the_loss_never_falls(data):
    X, y = data
    blank = np.zeros_like(X)
    blank[:, 0] = 1
    with pytest.warns(ConvergenceWarning, match="found no learning rate: the loss never fell"):
        test = lr_range_test(tiny(batch_size=len(X)), blank, y, start_lr=1e2, end_lr=1e9)
    assert np.isnan(test.suggestion_)
    assert test.plot().star_ is None


def test_result_can_be_restored_from_json(result):
    again = LrRangeTest.from_dict(json.loads(json.dumps(result.to_dict(), allow_nan=False)))
    assert again.to_dict() == result.to_dict()
    assert again.to_frame().equals(result.to_frame())
    assert result.settings["n_iter"] == QUICK
    assert repr(result).startswith("LrRangeTest(suggestion_=0.0")


def test_figure_marks_the_suggestion(result):
    display = result.plot()
    assert display.ax_.get_xscale() == "log"
    assert display.star_.get_offsets()[0, 0] == pytest.approx(result.suggestion_)
    np.testing.assert_array_equal(display.lines_[1].get_ydata(), result.smoothed_losses)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"start_lr": 0}, r"'start_lr' parameter of lr_range_test must be a float in the range"),
        ({"end_lr": np.inf}, "'end_lr' parameter"),
        ({"start_lr": 1, "end_lr": 1}, "must be greater than start_lr=1. Got 1 instead"),
        ({"n_iter": 19}, r"'n_iter' parameter of lr_range_test must be an int .*\[20, inf\)"),
    ],
)
def test_invalid_arguments_are_rejected(data, settings, message):
    with pytest.raises(ValueError, match=message):
        lr_range_test(MLPClassifier(), *data, **settings)
