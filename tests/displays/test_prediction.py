"""PredictionDisplay."""

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

from skmnist.displays import (
    PredictionDisplay,
)
from tests.displays.helpers import assert_no_overlap


def test_prediction_shows_the_probabilities(mlp, data):
    X, y = data
    display = PredictionDisplay.from_estimator(mlp, X[5], y_true=y[5])
    np.testing.assert_array_equal(display.proba, mlp.predict_proba(X[[5]])[0])
    widths = [bar.get_width() for bar in display.bars_]
    np.testing.assert_allclose(widths, 100 * display.proba, rtol=1e-6)
    image_ax, bar_ax = display.axes_
    assert image_ax.get_title().startswith(f"true {y[5]}: ")
    assert f"predicted {mlp.predict(X[[5]])[0]}: " in image_ax.get_title()
    assert [label.get_text() for label in bar_ax.get_yticklabels()] == list("0123456789")
    marked = [text.get_text().endswith("(true)") for text in bar_ax.texts]
    assert np.flatnonzero(marked) == [y[5]]


def test_most_probable_classes_and_the_true_class_are_shown():
    proba = np.arange(62.0) / np.arange(62).sum()
    display = PredictionDisplay(np.eye(5), proba, true_class=3).plot(n=4)
    labels = [label.get_text() for label in display.axes_[1].get_yticklabels()]
    assert labels == ["61", "60", "59", "3"]
    labels = PredictionDisplay(np.eye(5), proba).plot(n=2).axes_[1].get_yticklabels()
    assert [label.get_text() for label in labels] == ["61", "60"]


@pytest.mark.parametrize("name", ["A rather long name of a class {}", "W" * 30 + "{}", "{}"])
@pytest.mark.parametrize("n", [2, 20])
def test_prediction_with_names_of_any_length(name, n, boxes_of):
    proba = np.linspace(0, 1, n)
    names = [name.format(i) for i in range(n)]
    display = PredictionDisplay(np.eye(5), proba / proba.sum(), display_labels=names, true_class=0)
    display.plot(n=n)
    boxes = boxes_of(display.figure_)
    assert_no_overlap(boxes)
    width, height = display.figure_.canvas.get_width_height()
    assert all(0 <= box.x0 and box.x1 <= width for box in boxes.values())


def test_prediction_of_any_classifier_without_a_true_label(data):
    X, y = data
    clf = GaussianNB(var_smoothing=0.1).fit(X / 255, np.where(y > 4, "high", "low"))
    display = PredictionDisplay.from_estimator(clf, X[0] / 255)
    assert display.image.shape == (28, 28)
    assert "true" not in display.axes_[0].get_title()


def test_unknown_true_label_is_rejected(mlp, data):
    with pytest.raises(
        ValueError,
        match=r"'y_true' parameter of .* must be one of the classes \[0, .* Got 77 instead",
    ):
        PredictionDisplay.from_estimator(mlp, data[0][0], y_true=77)
