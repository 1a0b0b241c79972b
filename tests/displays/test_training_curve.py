"""TrainingCurveDisplay."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier

from skmnist import MLPClassifier
from skmnist.displays import (
    TrainingCurveDisplay,
)
from tests.displays.helpers import assert_no_overlap


def test_training_curves_are_the_history(mlp):
    display = TrainingCurveDisplay.from_estimator(mlp)
    losses, accuracy = display.axes_
    train_loss, validation_loss = losses.get_lines()
    np.testing.assert_array_equal(train_loss.get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(train_loss.get_ydata(), mlp.loss_curve_)
    np.testing.assert_array_equal(validation_loss.get_ydata(), mlp.validation_loss_curve_)
    score, chance_level = accuracy.get_lines()
    np.testing.assert_allclose(score.get_ydata(), 100 * np.array(mlp.validation_scores_))
    assert display.lines_ == [train_loss, validation_loss, score]
    np.testing.assert_array_equal(chance_level.get_ydata(), 10)
    assert [ax.get_ylabel() for ax in display.axes_] == ["Loss", "Accuracy (%)"]


def test_best_epoch_is_marked_in_both_panels(mlp):
    display = TrainingCurveDisplay.from_estimator(mlp)
    best = mlp.best_epoch_
    loss, score = (ax.collections[0].get_offsets()[0] for ax in display.axes_)
    np.testing.assert_allclose(loss, (best, mlp.validation_loss_curve_[best - 1]))
    np.testing.assert_allclose(score, (best, 100 * mlp.validation_scores_[best - 1]))
    texts = [[text.get_text() for text in ax.get_legend().get_texts()] for ax in display.axes_]
    assert texts == [
        ["training", "validation", f"best epoch ({best})"],
        ["validation", f"best epoch ({best})", "chance level"],
    ]


def test_training_curves_without_validation_have_one_metric(backprop):
    display = TrainingCurveDisplay.from_estimator(backprop)
    assert len(display.axes_) == 1
    assert [line.get_label() for line in display.lines_] == ["training"]


def test_training_curves_of_several_estimators_keep_their_colors(mlp, backprop):
    display = TrainingCurveDisplay.from_estimator({"backprop": backprop, "torch": mlp})
    colors = {}
    for line in display.lines_:
        name = line.get_label().split(", ")[0]
        assert colors.setdefault(name, line.get_color()) == line.get_color()
    assert len(set(colors.values())) == 2
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["backprop, training", "torch, training", "torch, validation", "best epoch"]


def test_training_curves_on_given_axes(mlp):
    _, axes = plt.subplots(1, 2)
    display = TrainingCurveDisplay.from_estimator(mlp, ax=axes, line_kw={"linewidth": 5})
    assert list(display.axes_) == list(axes)
    assert {line.get_linewidth() for line in display.lines_} == {5}


def test_training_curves_of_one_epoch_can_be_seen():
    display = TrainingCurveDisplay({"once": pd.DataFrame({"epoch": [1], "train_loss": [0.5]})})
    assert display.plot().lines_[0].get_marker() == "o"


def test_estimators_without_a_history_are_rejected(data):
    with pytest.raises(NotFittedError):
        TrainingCurveDisplay.from_estimator(MLPClassifier())
    with pytest.raises(
        TypeError, match="GaussianNB has no training history .* neither history_ nor loss_curve_"
    ):
        TrainingCurveDisplay.from_estimator(GaussianNB().fit(*data))


def test_training_curves_of_learning_rates_and_times(mlp):
    display = TrainingCurveDisplay.from_estimator(mlp, metrics=["lr", "seconds"])
    lr, seconds = display.lines_
    np.testing.assert_array_equal(lr.get_ydata(), mlp.history_["lr"])
    np.testing.assert_array_equal(seconds.get_ydata(), mlp.epoch_times_)
    labels = [ax.get_ylabel() for ax in display.axes_]
    assert labels == ["Learning rate", "Time per epoch (s)"]


def test_equal_learning_rates_have_different_line_styles(mlp):
    display = TrainingCurveDisplay.from_estimator({"a": mlp, "b": mlp}, metrics="lr")
    assert [line.get_linestyle() for line in display.lines_] == ["-", "--"]
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["a", "b"]


def test_learning_rates_of_different_magnitude_have_a_logarithmic_axis(mlp, backprop):
    def scale(**estimators):
        return TrainingCurveDisplay.from_estimator(estimators, metrics="lr").ax_.get_yscale()

    assert mlp.lr * 10 < backprop.lr
    assert scale(a=mlp, b=backprop) == "log"
    assert scale(a=mlp) == "linear"


def test_missing_metrics_of_scikit_learn_are_named(data, mlp):
    X, y = data
    clf = SklearnMLPClassifier((8,), max_iter=3, early_stopping=True, random_state=0)
    with pytest.warns(match="Maximum iterations"):
        clf.fit(X / 255, y)
    both = {"scikit-learn": clf, "skmnist": mlp}
    display = TrainingCurveDisplay.from_estimator(both, metrics=["loss", "score", "seconds"])
    losses, scores, seconds = (ax.get_lines() for ax in display.axes_)
    np.testing.assert_array_equal(losses[0].get_ydata(), clf.loss_curve_)
    np.testing.assert_allclose(scores[0].get_ydata(), 100 * np.array(clf.validation_scores_))
    assert len(seconds) == 1
    assert display.axes_[2].get_title(loc="right") == "not available: scikit-learn"
    with pytest.raises(
        ValueError, match="no values of the metric 'lr' .* columns epoch, train_loss"
    ):
        TrainingCurveDisplay.from_estimator(clf, metrics=["lr"])


@pytest.mark.parametrize("metrics", ["learning_rate", [], ["loss", "accuracy"]])
def test_unknown_metrics_are_rejected(mlp, metrics):
    with pytest.raises(
        ValueError, match="'metrics' parameter of .* among {'loss', 'score', 'lr', .* Got "
    ):
        TrainingCurveDisplay.from_estimator(mlp, metrics=metrics)


def test_training_curves_of_many_estimators_can_be_told_apart(mlp, boxes_of):
    names = [f"A rather long name of an estimator {i}" for i in range(9)]
    display = TrainingCurveDisplay.from_estimator(dict.fromkeys(names, mlp))
    assert_no_overlap(boxes_of(display.figure_))
    styles = [(line.get_color(), line.get_marker()) for line in display.ax_.get_lines()[:9]]
    assert len(set(styles)) == 9
    (legend,) = display.figure_.legends
    below = legend.get_window_extent()
    assert all(not below.overlaps(ax.get_window_extent()) for ax in display.axes_)
