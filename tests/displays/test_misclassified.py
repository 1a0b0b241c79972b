"""MisclassifiedDisplay."""

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

from skmnist import CNNClassifier
from skmnist.displays import (
    MisclassifiedDisplay,
)
from tests.displays.helpers import assert_no_overlap


def test_worst_mistakes_come_first(mlp, data):
    X, y = data
    display = MisclassifiedDisplay.from_estimator(mlp, X, y)
    wrong = mlp.predict(X) != y
    assert len(display.images) == wrong.sum() == len(display.y_pred) > 12
    assert (display.y_true != display.y_pred).all()
    assert (np.diff(display.proba_pred - display.proba_true) <= 0).all()
    # The first one has the largest margin.
    first = next(
        i for i in range(len(X)) if np.array_equal(X[i].reshape(28, 28), display.images[0])
    )
    proba = mlp.predict_proba(X[[first]])[0]
    assert (y[first], proba.argmax()) == (display.y_true[0], display.y_pred[0])
    np.testing.assert_allclose(proba[y[first]], display.proba_true[0], rtol=1e-4)
    np.testing.assert_allclose(proba.max(), display.proba_pred[0], rtol=1e-4)


def test_mistakes_show_labels_and_probabilities():
    proba = np.array([[0.9, 0.1, 0.0], [0.2, 0.75, 0.05], [0.0, 0.995, 0.005]])
    images = np.arange(3 * 6).reshape(3, 2, 3)
    display = MisclassifiedDisplay.from_predictions(
        images, ["cat", "cat", "eel"], proba, classes=["cat", "dog", "eel"]
    )
    assert [ax.get_title() for ax in display.axes_] == [
        "true eel: 0.5%\npredicted dog: 99.5%",
        "true cat: 20.0%\npredicted dog: 75.0%",
    ]
    assert display.ax_.get_title() == "All 2 mistakes among 3 images"
    np.testing.assert_array_equal(display.images, images[[2, 1]])


def test_classes_may_have_any_order():
    proba = [[0.9, 0.1], [0.9, 0.1]]
    display = MisclassifiedDisplay.from_predictions(
        np.zeros((2, 2, 2)), ["a", "b"], proba, classes=["b", "a"], display_labels=["B", "A"]
    )
    assert list(display.y_true) == ["A"]
    assert list(display.y_pred) == ["B"]


@pytest.mark.parametrize("n", [1, 5, 12, 30])
def test_number_of_mistakes_to_show(mlp, data, n):
    display = MisclassifiedDisplay.from_estimator(mlp, *data, n=n)
    assert len(display.axes_) == n
    assert display.ax_.get_title().startswith(f"The {n} worst of")


def test_long_class_names_do_not_overlap(mlp, data, boxes_of):
    names = [f"A rather long name {i}" for i in range(10)]
    display = MisclassifiedDisplay.from_estimator(mlp, *data, display_labels=names)
    assert_no_overlap(boxes_of(display.figure_))


def test_no_mistakes_have_a_title():
    display = MisclassifiedDisplay.from_predictions(np.zeros((2, 4)), [0, 1], np.eye(2))
    assert display.ax_.get_title() == "No mistakes among 2 images"
    assert len(display.axes_) == 0


def test_any_classifier_and_any_shape_of_images(data):
    X, y = data
    clf = GaussianNB(var_smoothing=0.1).fit(X[::2] / 255, y[::2] > 4)
    display = MisclassifiedDisplay.from_estimator(clf, pd.DataFrame(X / 255), y > 4)
    assert display.images.shape[1:] == (28, 28)


def test_mistakes_in_color(data):
    X, y = data
    images = np.repeat(X.reshape(-1, 1, 28, 28), 3, axis=1)
    clf = CNNClassifier(channels=2, hidden_layer_sizes=(), max_epochs=1, random_state=0)
    display = MisclassifiedDisplay.from_estimator(clf.fit(images, y), images, y, n=2)
    assert display.images.shape[1:] == (3, 28, 28)
    shown = display.axes_[0].get_images()[0].get_array()
    assert shown.shape == (28, 28, 3)
    assert 0 == shown.min() < 0.9 < shown.max() <= 1


@pytest.mark.parametrize(
    ("y_true", "classes", "message"),
    [
        ([0, 1, 2], None, "'y_proba' parameter .* with 2 images, 3 labels and 3 classes"),
        ([0, 0], None, "pass them as classes"),
        ([0, 7], [0, 1], r"'y_true' parameter .* among \[0, 1\]. Got \[7\] instead"),
    ],
)
def test_inconsistent_predictions_are_rejected(y_true, classes, message):
    with pytest.raises(ValueError, match=message):
        MisclassifiedDisplay.from_predictions(np.zeros((2, 4)), y_true, np.eye(2), classes=classes)
