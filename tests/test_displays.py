import inspect
from itertools import combinations

import matplotlib
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.naive_bayes import GaussianNB

from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier, displays
from skmnist.datasets import load_mnist_sample
from skmnist.displays import MisclassifiedDisplay, TrainingCurveDisplay

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

DISPLAYS = [getattr(displays, name) for name in displays.__all__]
every_display = pytest.mark.parametrize("display_class", DISPLAYS)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def data():
    X, y = load_mnist_sample(return_X_y=True)
    return X[::10], y[::10]


@pytest.fixture(scope="module")
def mlp(data):
    return MLPClassifier((16,), max_epochs=3, early_stopping=True, random_state=0).fit(*data)


@pytest.fixture(scope="module")
def by_hand(data):
    return BackpropClassifier((16,), max_epochs=2, random_state=0).fit(*data)


@pytest.fixture
def make(mlp, data):
    """Return a function that makes a drawn Display of any class."""

    def make(display_class, **kwargs):
        if "X" in inspect.signature(display_class.from_estimator).parameters:
            return display_class.from_estimator(mlp, *data, **kwargs)
        return display_class.from_estimator(mlp, **kwargs)

    return make


@pytest.fixture
def boxes_of(monkeypatch):
    """Return a function that draws a figure and returns ``{text: box in pixels}``."""
    drawn = {}
    draw = matplotlib.text.Text.draw

    def record(text, renderer):
        draw(text, renderer)
        if text.get_visible() and text.get_text().strip():
            drawn[text] = text.get_window_extent(renderer)

    def boxes_of(figure):
        # The first drawing settles the layout.
        figure.canvas.draw()
        monkeypatch.setattr(matplotlib.text.Text, "draw", record)
        figure.canvas.draw()
        return drawn

    return boxes_of


def assert_no_overlap(boxes):
    for (one, box), (other, other_box) in combinations(boxes.items(), 2):
        assert not box.overlaps(other_box), f"{one} and {other} overlap"


# -- what every Display does -------------------------------------------------------------------


@every_display
def test_constructor_only_stores(display_class):
    names = list(inspect.signature(display_class).parameters)
    values = {name: object() for name in names}
    display = display_class(**values)
    assert vars(display) == values


@every_display
def test_plot_takes_looks_and_returns_the_display(display_class, make):
    display = make(display_class)
    parameters = inspect.signature(display_class.plot).parameters
    assert all(p.kind is p.KEYWORD_ONLY for name, p in parameters.items() if name != "self")
    first = display.figure_
    assert display.plot() is display
    assert display.figure_ is not first
    assert display.ax_.figure is display.figure_
    assert all(ax.figure is display.figure_ for ax in display.axes_)


@every_display
def test_plot_draws_where_it_is_told(display_class, make):
    figure, ax = plt.subplots()
    display = make(display_class, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert plt.get_fignums() == [figure.number]


@every_display
def test_looks_can_be_given_when_it_is_made(display_class, make):
    looks = set(inspect.signature(display_class.plot).parameters) - {"self"}
    for name in ["from_estimator", "from_predictions"]:
        if hasattr(display_class, name):
            assert looks <= set(inspect.signature(getattr(display_class, name)).parameters)


@every_display
def test_picture_is_640_pixels_wide_and_no_texts_overlap(display_class, make, boxes_of):
    figure = make(display_class).figure_
    assert figure.get_figwidth() * 100 == 640
    boxes = boxes_of(figure)
    assert len(boxes) > 5
    width, height = figure.canvas.get_width_height()
    for text, box in boxes.items():
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
        assert inside, f"{text} leaves the picture"
    assert_no_overlap(boxes)


@every_display
def test_axes_with_scales_are_labelled(display_class, make):
    axes = [ax for ax in make(display_class).axes_ if ax.axison]
    assert all(ax.get_ylabel() for ax in axes)
    # Panels above each other share the x axis of the last one.
    assert not axes or axes[-1].get_xlabel()


# -- TrainingCurveDisplay ----------------------------------------------------------------------


def test_training_curves_are_the_history(mlp):
    display = TrainingCurveDisplay.from_estimator(mlp)
    losses, accuracy = display.axes_
    train_loss, validation_loss = losses.get_lines()
    np.testing.assert_array_equal(train_loss.get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(train_loss.get_ydata(), mlp.loss_curve_)
    np.testing.assert_array_equal(validation_loss.get_ydata(), mlp.validation_loss_curve_)
    (score,) = accuracy.get_lines()
    np.testing.assert_allclose(score.get_ydata(), 100 * np.array(mlp.validation_scores_))
    assert display.lines_ == [train_loss, validation_loss, score]


def test_training_curves_without_validation_have_one_panel(by_hand):
    display = TrainingCurveDisplay.from_estimator(by_hand)
    assert len(display.axes_) == 1
    assert [line.get_label() for line in display.lines_] == ["BackpropClassifier, training"]


def test_training_curves_of_several_estimators_keep_their_colours(mlp, by_hand):
    display = TrainingCurveDisplay.from_estimator({"by hand": by_hand, "torch": mlp})
    colors = {}
    for line in display.lines_:
        name = line.get_label().split(", ")[0]
        assert colors.setdefault(name, line.get_color()) == line.get_color()
    assert len(set(colors.values())) == 2
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["by hand, training", "torch, training", "torch, validation"]


def test_training_curves_on_given_axes(mlp):
    _, axes = plt.subplots(1, 2)
    display = TrainingCurveDisplay.from_estimator(mlp, ax=axes, line_kw={"linewidth": 5})
    assert list(display.axes_) == list(axes)
    assert {line.get_linewidth() for line in display.lines_} == {5}


def test_training_curves_of_one_epoch_can_be_seen():
    display = TrainingCurveDisplay({"once": pd.DataFrame({"epoch": [1], "train_loss": [0.5]})})
    assert display.plot().lines_[0].get_marker() == "o"


def test_training_curves_of_what_has_none_are_refused(data):
    with pytest.raises(NotFittedError):
        TrainingCurveDisplay.from_estimator(MLPClassifier())
    with pytest.raises(TypeError, match="GaussianNB has no history_"):
        TrainingCurveDisplay.from_estimator(GaussianNB().fit(*data))


# -- MisclassifiedDisplay ----------------------------------------------------------------------


def test_mistakes_are_the_estimators_the_worst_first(mlp, data):
    X, y = data
    display = MisclassifiedDisplay.from_estimator(mlp, X, y)
    wrong = mlp.predict(X) != y
    assert len(display.images) == wrong.sum() == len(display.y_pred) > 12
    assert (display.y_true != display.y_pred).all()
    assert (np.diff(display.proba_pred - display.proba_true) <= 0).all()
    # The first one is what the probabilities say.
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


def test_classes_may_come_in_any_order():
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


def test_long_names_of_classes_dont_overlap(mlp, data, boxes_of):
    names = [f"A rather long name {i}" for i in range(10)]
    display = MisclassifiedDisplay.from_estimator(mlp, *data, display_labels=names)
    assert_no_overlap(boxes_of(display.figure_))


def test_no_mistakes_are_said():
    display = MisclassifiedDisplay.from_predictions(np.zeros((2, 4)), [0, 1], np.eye(2))
    assert display.ax_.get_title() == "No mistakes among 2 images"
    assert len(display.axes_) == 0


def test_mistakes_of_any_classifier_and_any_form_of_pictures(data):
    X, y = data
    clf = GaussianNB(var_smoothing=0.1).fit(X[::2] / 255, y[::2] > 4)
    display = MisclassifiedDisplay.from_estimator(clf, pd.DataFrame(X / 255), y > 4)
    assert display.images.shape[1:] == (28, 28)


def test_mistakes_in_colour(data):
    X, y = data
    pictures = np.repeat(X.reshape(-1, 1, 28, 28), 3, axis=1)
    clf = CNNClassifier(channels=2, hidden_layer_sizes=(), max_epochs=1, random_state=0)
    display = MisclassifiedDisplay.from_estimator(clf.fit(pictures, y), pictures, y, n=2)
    assert display.images.shape[1:] == (3, 28, 28)
    shown = display.axes_[0].get_images()[0].get_array()
    assert shown.shape == (28, 28, 3)
    assert 0 == shown.min() < 0.9 < shown.max() <= 1


@pytest.mark.parametrize(
    ("y_true", "classes", "words"),
    [
        ([0, 1, 2], None, "2 images, 3 labels, 3 classes"),
        ([0, 0], None, "pass them as classes"),
        ([0, 7], [0, 1], r"y_true holds \[7\], not among \[0, 1\]"),
    ],
)
def test_predictions_that_dont_fit_are_refused(y_true, classes, words):
    with pytest.raises(ValueError, match=words):
        MisclassifiedDisplay.from_predictions(np.zeros((2, 4)), y_true, np.eye(2), classes=classes)
