"""compare_estimators."""

import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import LinearSVC

from skmnist import BackpropClassifier
from skmnist.studies import (
    compare_estimators,
    epoch_curve,
)
from tests.studies.helpers import tiny


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_table_contains_the_metrics_of_each_classifier(data, held_out):
    estimators = {
        "narrow": tiny(max_epochs=3),
        "cosine": tiny(max_epochs=4, lr_schedule="cosine", lr=0.01),
        "backprop": BackpropClassifier((8,), max_epochs=2, random_state=0),
        "logistic": LogisticRegression(C=0.01),
        "sklearn mlp": SklearnMLPClassifier((8,), max_iter=3, random_state=0),
        "svm": make_pipeline(MinMaxScaler(), LinearSVC(random_state=0)),
    }
    table = compare_estimators(estimators, *data, *held_out.values())
    assert list(table.index) == list(estimators)
    X_test, y_test = held_out.values()
    for name, clf in estimators.items():
        clf = clone(clf).fit(*data)
        row = table.loc[name]
        assert row["train_accuracy"] == clf.score(*data)
        assert row["test_accuracy"] == clf.score(X_test, y_test)
        if hasattr(clf, "predict_proba"):
            assert row["test_loss"] == log_loss(y_test, clf.predict_proba(X_test))
    ours = table.loc[["narrow", "cosine", "backprop"]]
    sklearns = table.loc[["logistic", "svm", "sklearn mlp"]]
    assert ours["n_weights"].tolist() == [784 * 8 + 8 * 10] * 3
    assert sklearns["n_weights"].tolist() == [784 * 10] * 2 + [784 * 8 + 8 * 10]
    assert (ours["min_test_loss"] <= ours["test_loss"]).all()
    assert (ours["min_train_loss"] <= ours["train_loss"]).all()
    assert (ours["max_test_accuracy"] >= ours["test_accuracy"]).all()
    assert (ours["median_epoch_time"] > 0).all()
    assert (ours["mean_epoch_time"] < ours["fit_time"]).all()
    unavailable = ["min_test_loss", "max_test_accuracy", "mean_epoch_time"]
    assert sklearns[unavailable].isna().all(axis=None)
    assert table["evaluated"].tolist() == ["each epoch"] * 3 + ["after fit"] * 3


def test_table_shows_the_parameters_that_differ(data, held_out):
    estimators = {"a": tiny(max_epochs=1), "b": tiny(max_epochs=1, lr=0.01, dropout=0.1)}
    table = compare_estimators(estimators, *data, *held_out.values())
    assert list(table.columns[:3]) == ["dropout", "lr", "n_weights"]
    assert table.attrs["settings"]["b"]["parameters"]["dropout"] == 0.1
    assert table.attrs["seeds"] == {"a": 0, "b": 0}
    assert "torch" in table.attrs["versions"]
    assert table["lr"].tolist() == [0.003, 0.01]


def test_min_and_max_are_over_the_epochs(data, held_out):
    clf = tiny(max_epochs=6, lr=0.05)
    table = compare_estimators({"clf": clf}, *data, *held_out.values())
    curve = epoch_curve(clf, *data, epochs=range(1, 7), **held_out)
    assert table.loc["clf", "min_train_loss"] == curve.train_losses.min()
    assert table.loc["clf", "min_test_loss"] == curve.test_losses.min()
    assert table.loc["clf", "max_test_accuracy"] == curve.test_scores.max()


def test_estimators_must_be_a_dict(data, held_out):
    with pytest.raises(
        TypeError, match="'estimators' parameter .* must be a dict, such as .* Got list instead"
    ):
        compare_estimators([tiny()], *data, *held_out.values())
