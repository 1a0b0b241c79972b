"""Curves and comparisons: their numbers, on our classifiers and on scikit-learn's."""

import json
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from sklearn import model_selection
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import LinearSVC
from test_common import every_classifier
from test_common import tiny as tiny_of

from skmnist import BackpropClassifier, MLPClassifier
from skmnist._training.net import Net
from skmnist._training.schedules import OF_ALL_EPOCHS, SCHEDULES
from skmnist.datasets import load_mnist_sample
from skmnist.studies import (
    EpochCurve,
    LearningCurve,
    ValidationCurve,
    compare_estimators,
    epoch_curve,
    learning_curve,
    validation_curve,
)

FIGURES = ["train_scores", "test_scores", "train_losses", "test_losses"]


@pytest.fixture(scope="module")
def data():
    X, y = load_mnist_sample(return_X_y=True)
    return X[::20], y[::20]


@pytest.fixture(scope="module")
def test_rows():
    X, y = load_mnist_sample(return_X_y=True)
    return {"X_test": X[1::20], "y_test": y[1::20]}


def tiny(**params):
    return MLPClassifier((8,), **{"random_state": 0, **params})


@pytest.fixture
def epochs_run(monkeypatch):
    """A list that gets an entry for each epoch that any net is trained for."""
    run, train_epoch = [], Net._train_epoch

    def counted(net, images, epoch):
        run.append(epoch)
        return train_epoch(net, images, epoch)

    monkeypatch.setattr(Net, "_train_epoch", counted)
    return run


def assert_same_figures(one, other):
    for name in FIGURES:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


# -- epoch_curve -------------------------------------------------------------------------------


def test_ten_points_cost_ten_epochs_and_fresh_ones_fifty_five(data, test_rows, epochs_run):
    once = epoch_curve(tiny(), *data, **test_rows)
    assert len(epochs_run) == 10
    epochs_run.clear()
    retrained = epoch_curve(tiny(), *data, **test_rows, retrain=True)
    assert len(epochs_run) == 55
    assert_same_figures(once, retrained)
    assert once.staged
    assert not retrained.staged


@every_classifier
def test_every_classifier_is_read_on_the_way(cls, data, test_rows):
    clf = tiny_of(cls)
    curves = [
        epoch_curve(clf, *data, epochs=[3, 1], **test_rows, retrain=retrain)
        for retrain in (False, True)
    ]
    assert_same_figures(*curves)
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
def test_reading_equals_training_anew(data, params):
    clf = tiny(**params)
    curves = [epoch_curve(clf, *data, epochs=[1, 2, 5], cv=2, retrain=f) for f in (False, True)]
    assert_same_figures(*curves)
    assert curves[0].staged == (params.get("lr_schedule") not in OF_ALL_EPOCHS)


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


def test_figures_are_those_of_a_classifier_fitted_alone(data, test_rows):
    curve = epoch_curve(tiny(), *data, epochs=[2], **test_rows)
    clf = tiny(max_epochs=2).fit(*data)
    X_test, y_test = test_rows.values()
    assert curve.train_scores == clf.score(*data)
    assert curve.test_scores == clf.score(X_test, y_test)
    assert curve.test_losses == log_loss(y_test, clf.predict_proba(X_test))
    assert curve.train_losses == log_loss(data[1], clf.predict_proba(data[0]))


def test_five_folds_are_the_default_as_in_scikit_learn(data):
    assert epoch_curve(tiny(), *data, epochs=[1]).test_scores.shape == (1, 5)


def test_curve_without_a_seed_is_one_training(data, test_rows, epochs_run):
    curve = epoch_curve(tiny(random_state=None), *data, epochs=[1, 2, 4], **test_rows)
    assert len(epochs_run) == 4
    assert curve.seed is None
    assert (np.diff(curve.fit_times, axis=0) > 0).all()


def test_estimator_is_left_as_it_is(data):
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
def test_other_classifiers_are_trained_anew_for_each_point(data, test_rows, estimator):
    curve = epoch_curve(estimator, *data, epochs=[1, 3], **test_rows)
    assert not curve.staged
    assert curve.test_scores.shape == (2, 1)
    assert np.isnan(curve.test_losses).all() == (not hasattr(estimator, "predict_proba"))


def test_classifier_with_callbacks_is_trained_anew(data):
    from skorch.callbacks import EpochTimer

    assert not epoch_curve(tiny(callbacks=[EpochTimer()]), *data, epochs=[1], cv=2).staged


@pytest.mark.parametrize("epochs", [0, 5, [], [1, 0], [1.5], "12", [True, "a"]], ids=repr)
def test_numbers_of_epochs_that_are_none_are_refused(data, epochs):
    with pytest.raises(ValueError, match="numbers of epochs of at least 1 are wanted"):
        epoch_curve(tiny(), *data, epochs=epochs)


def test_studies_refuse_what_they_cant_do(data, test_rows):
    with pytest.raises(ValueError, match="cv.* or X_test and y_test, not both"):
        epoch_curve(tiny(), *data, cv=2, **test_rows)
    with pytest.raises(ValueError, match="belong together"):
        epoch_curve(tiny(), *data, X_test=test_rows["X_test"])
    from sklearn.naive_bayes import GaussianNB

    with pytest.raises(ValueError, match="GaussianNB has neither max_epochs nor max_iter"):
        epoch_curve(GaussianNB(), *data)
    with pytest.raises(ValueError, match="loss became"):
        epoch_curve(tiny(activation="identity", optimizer="sgd", lr=1e6), *data, cv=2)


# -- learning_curve and validation_curve -------------------------------------------------------


@pytest.mark.parametrize(
    "estimator",
    [
        tiny(max_epochs=2),
        make_pipeline(MinMaxScaler(), RidgeClassifier()),
        LogisticRegression(tol=0.1),
        SklearnMLPClassifier((4,), tol=10.0, random_state=0),
    ],
    ids=repr,
)
def test_learning_curve_is_scikit_learns_with_the_times(data, estimator):
    given = {"train_sizes": [0.3, 1.0], "cv": 3, "shuffle": True, "random_state": 0}
    curve = learning_curve(estimator, *data, **given)
    sizes, train_scores, test_scores = model_selection.learning_curve(estimator, *data, **given)
    np.testing.assert_array_equal(curve.train_sizes, sizes)
    np.testing.assert_array_equal(curve.train_scores, train_scores)
    np.testing.assert_array_equal(curve.test_scores, test_scores)
    assert curve.fit_times.shape == curve.score_times.shape == (2, 3)
    assert (curve.fit_times > 0).all()


@pytest.mark.parametrize(
    ("estimator", "name", "values"),
    [
        (tiny(max_epochs=2), "lr", [1e-3, 1e-2]),
        (tiny(max_epochs=2), "hidden_layer_sizes", [(4,), (8, 4)]),
        (tiny(), "max_epochs", range(1, 3)),
        (RidgeClassifier(), "alpha", np.logspace(-1, 1, 3)),
        (LogisticRegression(tol=0.1), "C", [0.01, 0.1]),
        (SklearnMLPClassifier((4,), tol=10.0, random_state=0), "alpha", [1e-4, 1e-2]),
    ],
    ids=repr,
)
def test_validation_curve_is_scikit_learns_with_the_times(data, estimator, name, values):
    given = {"param_name": name, "param_range": values}
    cv = model_selection.ShuffleSplit(2, random_state=0)
    curve = validation_curve(estimator, *data, **given, cv=cv)
    train_scores, test_scores = model_selection.validation_curve(estimator, *data, **given, cv=cv)
    np.testing.assert_array_equal(curve.train_scores, train_scores)
    np.testing.assert_array_equal(curve.test_scores, test_scores)
    assert curve.param_range == tuple(values)
    assert (curve.fit_times > 0).all()


def test_validation_curve_with_weights_and_groups(data):
    rng = np.random.default_rng(0)
    given = {
        "param_name": "lr",
        "param_range": [1e-3, 1e-2],
        "groups": rng.integers(0, 5, len(data[0])),
        "params": {"sample_weight": rng.uniform(0, 2, len(data[0]))},
        "cv": model_selection.GroupKFold(3),
    }
    curve = validation_curve(tiny(max_epochs=1), *data, **given)
    _, test_scores = model_selection.validation_curve(tiny(max_epochs=1), *data, **given)
    np.testing.assert_array_equal(curve.test_scores, test_scores)


def test_value_whose_fits_all_fail_gets_the_error_score(data):
    given = {"param_name": "lr", "param_range": [1e-3, -1.0], "cv": 2}
    with pytest.warns(FitFailedWarning, match="2 fits failed"):
        curve = validation_curve(tiny(max_epochs=1), *data, **given)
    np.testing.assert_array_equal(np.isnan(curve.test_scores), [[False] * 2, [True] * 2])
    with pytest.raises(ValueError, match="lr"):
        validation_curve(tiny(max_epochs=1), *data, **given, error_score="raise")


# -- results -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def curves(data):
    clf = tiny(max_epochs=1)
    return [
        epoch_curve(clf, *data, epochs=[1, 2], cv=2),
        epoch_curve(LinearSVC(random_state=0), *data, epochs=[1], cv=2),
        learning_curve(clf, *data, train_sizes=[100, 120], cv=2, shuffle=True),
        validation_curve(clf, *data, param_name="lr", param_range=[1e-3, 1e-2], cv=2),
        validation_curve(
            clf, *data, param_name="hidden_layer_sizes", param_range=[(4,), (8, 4)], cv=2
        ),
    ]


def test_results_are_frozen_arrays_and_all(curves):
    for curve in curves:
        with pytest.raises(FrozenInstanceError):
            curve.test_scores = None
        with pytest.raises(ValueError, match="read-only"):
            curve.test_scores[0, 0] = 1.0


def test_results_go_through_json_and_back(curves):
    for curve in curves:
        text = json.dumps(curve.to_dict(), allow_nan=False)
        back = type(curve).from_dict(json.loads(text))
        assert back.to_dict() == curve.to_dict()
        pd.testing.assert_frame_equal(back.to_frame(), curve.to_frame())
        for name, value in vars(curve).items():
            assert type(getattr(back, name)) is type(value), name


def test_dict_of_another_study_is_refused(curves):
    with pytest.raises(ValueError, match=r"EpochCurve.to_dict\(\) is wanted"):
        EpochCurve.from_dict(curves[-1].to_dict())
    with pytest.raises(ValueError, match="of study None"):
        LearningCurve.from_dict({})
    damaged = curves[-1].to_dict()
    del damaged["param_range"]
    with pytest.raises(ValueError, match="param_range"):
        ValidationCurve.from_dict(damaged)


def test_results_say_what_made_them(curves):
    curve = curves[0]
    assert curve.settings["estimator"] == "MLPClassifier"
    assert curve.settings["parameters"]["hidden_layer_sizes"] == [8]
    assert (curve.settings["n_samples"], curve.settings["cv"]) == (250, 2)
    assert curve.seed == 0
    assert curve.versions.keys() == {"python", "skmnist", "numpy", "scikit-learn", "torch"}
    assert repr(curve) == "EpochCurve(2 points, 2 splits, seed=0)"


def test_frames_have_a_row_for_each_point_and_split(curves):
    frame = curves[0].to_frame()
    assert frame["epochs"].tolist() == [1, 1, 2, 2]
    assert frame["split"].tolist() == [0, 1, 0, 1]
    assert frame["test_score"].tolist() == curves[0].test_scores.ravel().tolist()
    assert curves[-1].to_frame()["hidden_layer_sizes"].tolist() == [(4,), (4,), (8, 4), (8, 4)]


# -- compare_estimators ------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_table_holds_the_figures_of_each_classifier(data, test_rows):
    estimators = {
        "narrow": tiny(max_epochs=3),
        "cosine": tiny(max_epochs=4, lr_schedule="cosine", lr=0.01),
        "by hand": BackpropClassifier((8,), max_epochs=2, random_state=0),
        "theirs": LogisticRegression(C=0.01),
        "their mlp": SklearnMLPClassifier((8,), max_iter=3, random_state=0),
        "svm": make_pipeline(MinMaxScaler(), LinearSVC(random_state=0)),
    }
    table = compare_estimators(estimators, *data, *test_rows.values())
    assert list(table.index) == list(estimators)
    X_test, y_test = test_rows.values()
    for name, clf in estimators.items():
        clf = clone(clf).fit(*data)
        row = table.loc[name]
        assert row["train_accuracy"] == clf.score(*data)
        assert row["test_accuracy"] == clf.score(X_test, y_test)
        if hasattr(clf, "predict_proba"):
            assert row["test_loss"] == log_loss(y_test, clf.predict_proba(X_test))
    ours, theirs = (
        table.loc[["narrow", "cosine", "by hand"]],
        table.loc[["theirs", "svm", "their mlp"]],
    )
    assert ours["n_weights"].tolist() == [784 * 8 + 8 * 10] * 3
    assert theirs["n_weights"].tolist() == [784 * 10] * 2 + [784 * 8 + 8 * 10]
    assert (ours["min_test_loss"] <= ours["test_loss"]).all()
    assert (ours["min_train_loss"] <= ours["train_loss"]).all()
    assert (ours["max_test_accuracy"] >= ours["test_accuracy"]).all()
    assert (ours["median_epoch_time"] > 0).all()
    assert (ours["mean_epoch_time"] < ours["fit_time"]).all()
    left_out = ["min_test_loss", "max_test_accuracy", "mean_epoch_time"]
    assert theirs[left_out].isna().all(axis=None)
    assert table["evaluated"].tolist() == ["each epoch"] * 3 + ["at the end"] * 3


def test_table_shows_the_parameters_that_differ(data, test_rows):
    estimators = {"a": tiny(max_epochs=1), "b": tiny(max_epochs=1, lr=0.01, dropout=0.1)}
    table = compare_estimators(estimators, *data, *test_rows.values())
    assert list(table.columns[:3]) == ["dropout", "lr", "n_weights"]
    assert table.attrs["settings"]["b"]["parameters"]["dropout"] == 0.1
    assert table.attrs["seeds"] == {"a": 0, "b": 0}
    assert "torch" in table.attrs["versions"]
    assert table["lr"].tolist() == [0.001, 0.01]


def test_best_figures_are_those_of_single_epochs(data, test_rows):
    clf = tiny(max_epochs=6, lr=0.05)
    table = compare_estimators({"clf": clf}, *data, *test_rows.values())
    curve = epoch_curve(clf, *data, epochs=range(1, 7), **test_rows)
    assert table.loc["clf", "min_train_loss"] == curve.train_losses.min()
    assert table.loc["clf", "min_test_loss"] == curve.test_losses.min()
    assert table.loc["clf", "max_test_accuracy"] == curve.test_scores.max()


def test_comparison_of_what_is_no_dict_is_refused(data, test_rows):
    with pytest.raises(TypeError, match="estimators is list; a dict such as"):
        compare_estimators([tiny()], *data, *test_rows.values())
