import inspect
from itertools import combinations

import matplotlib
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier
from sklearn.svm import SVC
from torch import nn

from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier, TorchClassifier, displays
from skmnist.datasets import load_mnist_sample
from skmnist.displays import (
    ArchitectureDisplay,
    EpochCurveDisplay,
    FeatureMapsDisplay,
    MisclassifiedDisplay,
    NormalizerDisplay,
    PredictionDisplay,
    RobustnessDisplay,
    SearchDisplay,
    TrainingCurveDisplay,
    WeightsDisplay,
)
from skmnist.displays._images import one_image
from skmnist.exceptions import ImageError
from skmnist.preprocessing import DigitNormalizer
from skmnist.studies import epoch_curve, robustness_curve

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


@pytest.fixture(scope="module")
def cnn(data):
    X, y = data
    return CNNClassifier((4, 6), max_epochs=1, random_state=0).fit(X.reshape(-1, 28, 28), y)


@pytest.fixture(scope="module")
def linear(data):
    X, y = data
    clf = LogisticRegression(tol=0.1)
    return clf.fit(X / 255, y)


@pytest.fixture(scope="module")
def curve(data):
    return epoch_curve(MLPClassifier((16,), random_state=0), *data, epochs=[1, 2, 4], cv=2)


@pytest.fixture(scope="module")
def search(data):
    grid = {"lr": [1e-3, 1e-2, 1e-1], "optimizer": ["adam", "sgd"]}
    return GridSearchCV(MLPClassifier((8,), max_epochs=1, random_state=0), grid, cv=2).fit(*data)


@pytest.fixture
def make(mlp, cnn, data, curve, search):
    """Return a function that makes a drawn Display of any class."""
    known = {"X": data[0], "y": data[1], "image": data[0][0]}

    def make(display_class, **kwargs):
        if display_class is EpochCurveDisplay:
            return display_class.from_curve(curve, **kwargs)
        if display_class is RobustnessDisplay:
            curves = {"narrow": robustness_curve(mlp, *data), "wide": robustness_curve(cnn, *data)}
            return display_class.from_curves(curves, **kwargs)
        estimators = {
            FeatureMapsDisplay: cnn,
            NormalizerDisplay: DigitNormalizer(),
            SearchDisplay: search,
        }
        estimator = estimators.get(display_class, mlp)
        parameters = inspect.signature(display_class.from_estimator).parameters
        arguments = [known[name] for name in parameters if name in known]
        return display_class.from_estimator(estimator, *arguments, **kwargs)

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


def assert_scales_are_labelled(figure):
    axes = [ax for ax in figure.findobj(matplotlib.axes.Axes) if ax.axison]
    for ax in axes:
        # Panels above each other share the x axis of the last one.
        shared = ax.get_shared_x_axes().get_siblings(ax)
        assert ax.get_ylabel() or not len(ax.get_yticks())
        assert any(one.get_xlabel() for one in shared) or not len(ax.get_xticks())


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
    for name in ["from_estimator", "from_predictions", "from_curve", "from_curves"]:
        if hasattr(display_class, name):
            assert looks <= set(inspect.signature(getattr(display_class, name)).parameters)


@every_display
def test_picture_is_640_pixels_wide_and_no_texts_overlap(display_class, make, boxes_of):
    figure = make(display_class).figure_
    assert figure.get_figwidth() * 100 == 640
    boxes = boxes_of(figure)
    assert len(boxes) > 3
    width, height = figure.canvas.get_width_height()
    for text, box in boxes.items():
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
        assert inside, f"{text} leaves the picture"
    assert_no_overlap(boxes)


@every_display
def test_axes_with_scales_are_labelled(display_class, make):
    assert_scales_are_labelled(make(display_class).figure_)


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


def test_training_curves_of_learning_rates_and_times(mlp):
    display = TrainingCurveDisplay.from_estimator(mlp, panels=["lr", "seconds"])
    lr, seconds = display.lines_
    np.testing.assert_array_equal(lr.get_ydata(), mlp.history_["lr"])
    np.testing.assert_array_equal(seconds.get_ydata(), mlp.epoch_times_)
    labels = [ax.get_ylabel() for ax in display.axes_]
    assert labels == ["Learning rate", "Time per epoch (s)"]


def test_learning_rates_far_apart_have_a_logarithmic_axis(mlp, by_hand):
    def scale(**estimators):
        return TrainingCurveDisplay.from_estimator(estimators, panels="lr").ax_.get_yscale()

    assert mlp.lr * 10 < by_hand.lr
    assert scale(a=mlp, b=by_hand) == "log"
    assert scale(a=mlp) == "linear"


def test_training_curves_of_scikit_learns_mlp_say_what_they_dont_know(data, mlp):
    X, y = data
    clf = SklearnMLPClassifier((8,), max_iter=3, early_stopping=True, random_state=0)
    with pytest.warns(match="Maximum iterations"):
        clf.fit(X / 255, y)
    both = {"scikit-learn": clf, "skmnist": mlp}
    display = TrainingCurveDisplay.from_estimator(both, panels=["loss", "score", "seconds"])
    losses, scores, seconds = (ax.get_lines() for ax in display.axes_)
    np.testing.assert_array_equal(losses[0].get_ydata(), clf.loss_curve_)
    np.testing.assert_allclose(scores[0].get_ydata(), 100 * np.array(clf.validation_scores_))
    assert len(seconds) == 1
    assert display.axes_[2].get_title(loc="right") == "not known: scikit-learn"
    with pytest.raises(ValueError, match="nothing to show for 'lr'.* epoch, train_loss"):
        TrainingCurveDisplay.from_estimator(clf, panels=["lr"])


@pytest.mark.parametrize("panels", ["learning_rate", [], ["loss", "accuracy"]])
def test_unknown_panels_are_refused(mlp, panels):
    with pytest.raises(ValueError, match="pass 'auto' or a list of some of 'loss', 'score', 'lr'"):
        TrainingCurveDisplay.from_estimator(mlp, panels=panels)


def test_training_curves_of_many_estimators_can_be_told_apart(mlp, boxes_of):
    names = [f"A rather long name of an estimator {i}" for i in range(9)]
    display = TrainingCurveDisplay.from_estimator(dict.fromkeys(names, mlp))
    assert_no_overlap(boxes_of(display.figure_))
    looks = [(line.get_color(), line.get_marker()) for line in display.ax_.get_lines()[:9]]
    assert len(set(looks)) == 9
    (legend,) = display.figure_.legends
    below = legend.get_window_extent()
    assert all(not below.overlaps(ax.get_window_extent()) for ax in display.axes_)


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


# -- WeightsDisplay ----------------------------------------------------------------------------


def test_weights_are_pictures_of_what_each_unit_looks_for(mlp):
    display = WeightsDisplay.from_estimator(mlp)
    np.testing.assert_array_equal(display.weights[3].ravel(), mlp.coefs_[0][:, 3])
    shown = [ax.get_images()[0] for ax in display.axes_]
    np.testing.assert_array_equal(shown[3].get_array(), display.weights[3])
    assert [ax.get_title() for ax in display.axes_] == [str(i) for i in range(16)]


def test_weights_share_a_scale_with_zero_in_its_middle(mlp):
    display = WeightsDisplay.from_estimator(mlp, n=5)
    limits = {ax.get_images()[0].get_clim() for ax in display.axes_}
    largest = np.abs(display.weights[:5]).max()
    assert limits == {(-largest, largest)}
    assert (display.colorbar_.vmin, display.colorbar_.vmax) == (-largest, largest)
    assert display.colorbar_.extend == "neither"
    assert display.plot(vmax=largest / 2).colorbar_.extend == "both"


def test_kernels_of_each_convolution_can_be_shown(cnn):
    display = WeightsDisplay.from_estimator(cnn, layer=1)
    assert display.ax_.get_title() == "Weights of 6 kernels × 4 channels"
    assert len(display.axes_) == 24
    assert display.axes_[5].get_title() == "1, 1"
    shown = display.axes_[5].get_images()[0].get_array()
    np.testing.assert_array_equal(shown, cnn.coefs_[1][1, 1])


def test_weights_of_linear_models_are_named_by_class(linear, data, boxes_of):
    display = WeightsDisplay.from_estimator(linear)
    np.testing.assert_array_equal(display.weights[7].ravel(), linear.coef_[7])
    assert display.ax_.get_title() == "Weights of 10 classes"
    names = [f"A rather long name {i}" for i in range(10)]
    display = WeightsDisplay.from_estimator(linear, display_labels=names)
    titles = [ax.get_title() for ax in display.axes_]
    assert len(set(titles)) == 10
    assert_no_overlap(boxes_of(display.figure_))


def test_weights_of_two_classes_speak_for_the_second(data):
    X, y = data
    clf = LogisticRegression(tol=0.1).fit(X / 255, np.where(y > 4, "high", "low"))
    display = WeightsDisplay.from_estimator(clf)
    assert [ax.get_title() for ax in display.axes_] == ["low"]


def test_weights_that_belong_to_pairs_of_classes_are_not_named_by_class(data):
    X, y = data
    clf = SVC(kernel="linear").fit(X[y < 3] / 255, np.array(["a", "b", "c"])[y[y < 3]])
    display = WeightsDisplay.from_estimator(clf)
    assert [ax.get_title() for ax in display.axes_] == ["0", "1", "2"]


def test_weights_of_a_network_of_zeros_have_a_scale(data):
    clf = MLPClassifier((2,), weight_init="zeros", max_epochs=1, lr=1e-30, random_state=0)
    display = WeightsDisplay.from_estimator(clf.fit(*data), n=1)
    low, high = display.axes_[0].get_images()[0].get_clim()
    assert low == -high < 0


@pytest.mark.parametrize(("layer", "words"), [(1, "connects 16 units to 10"), (2, "0 to 1")])
def test_weights_that_dont_belong_to_pixels_are_refused(mlp, layer, words):
    with pytest.raises(ValueError, match=words):
        WeightsDisplay.from_estimator(mlp, layer=layer)


def test_looks_that_make_no_sense_are_refused(mlp):
    with pytest.raises(ValueError, match="vmax=0: pass a positive weight"):
        WeightsDisplay.from_estimator(mlp, vmax=0)


@pytest.mark.parametrize("display_class", [WeightsDisplay, FeatureMapsDisplay, PredictionDisplay])
@pytest.mark.parametrize("n", [0, -1, 2.5])
def test_numbers_of_pictures_that_make_no_sense_are_refused(make, display_class, n):
    with pytest.raises(ValueError, match=f"n={n}: pass how many to show"):
        make(display_class, n=n)


@pytest.mark.parametrize("display_class", [WeightsDisplay, ArchitectureDisplay])
def test_what_has_no_weights_is_refused(data, display_class):
    with pytest.raises(NotFittedError):
        display_class.from_estimator(MLPClassifier())
    with pytest.raises(TypeError, match="GaussianNB has no weights .* neither coefs_ nor coef_"):
        display_class.from_estimator(GaussianNB().fit(*data))


# -- FeatureMapsDisplay ------------------------------------------------------------------------


def test_feature_maps_are_what_leaves_each_layer(cnn, data):
    X, _ = data
    display = FeatureMapsDisplay.from_estimator(cnn, X[3])
    first, last = display.feature_maps
    assert (first.shape, last.shape) == ((4, 14, 14), (6, 7, 7))
    # Going on from there by hand leads to the same logits.
    hidden = np.maximum(last.ravel() @ cnn.coefs_[2] + cnn.intercepts_[2], 0)
    logits = hidden @ cnn.coefs_[3] + cnn.intercepts_[3]
    np.testing.assert_allclose(logits, cnn.decision_function(X[[3]])[0], rtol=1e-4, atol=1e-4)


def test_feature_maps_of_a_layer_share_a_scale(cnn, data):
    display = FeatureMapsDisplay.from_estimator(cnn, data[0][0], n=3)
    assert len(display.axes_) == 1 + 3 + 3
    for maps, axes in zip(
        display.feature_maps, [display.axes_[1:4], display.axes_[4:]], strict=True
    ):
        limits = {ax.get_images()[0].get_clim() for ax in axes}
        assert limits == {(maps[:3].min(), maps[:3].max())}


@pytest.mark.parametrize("shape", [(784,), (28, 28), (1, 784), (1, 28, 28), (1, 1, 28, 28)])
def test_one_image_may_come_in_any_form(cnn, data, shape):
    image, row = one_image(cnn, data[0][0].reshape(shape))
    np.testing.assert_array_equal(image, data[0][0].reshape(28, 28))
    np.testing.assert_array_equal(row, data[0][[0]])


def test_feature_maps_survive_modules_that_work_in_place(data):
    module = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.Tanh(), nn.Conv2d(2, 2, 3), nn.ReLU(inplace=True), nn.Flatten()
    )
    module.append(nn.Linear(2 * 24 * 24, 10))
    clf = TorchClassifier(module, image_shape=(1, 28, 28), max_epochs=1, random_state=0)
    display = FeatureMapsDisplay.from_estimator(clf.fit(*data), data[0][0])
    first, second = display.feature_maps
    assert -1 <= first.min() < 0
    assert second.min() == 0
    assert not clf.module_[0]._forward_hooks


@pytest.mark.parametrize("n", [1, 20])
def test_many_maps_dont_overlap(n, boxes_of):
    maps = [np.random.default_rng(0).random((64, 5, 5)) for _ in range(2)]
    display = FeatureMapsDisplay(np.eye(8), maps).plot(n=n)
    assert_no_overlap(boxes_of(display.figure_))


def test_feature_maps_of_what_has_no_convolutions_are_refused(mlp, linear, data):
    for clf in [mlp, linear]:
        with pytest.raises(TypeError, match=f"{type(clf).__name__} has no convolutions"):
            FeatureMapsDisplay.from_estimator(clf, data[0][0])


@pytest.mark.parametrize("display_class", [FeatureMapsDisplay, PredictionDisplay])
def test_several_images_are_refused(cnn, data, display_class):
    with pytest.raises(ValueError, match=r"\(2, 784\), that is 1,568 pixels, .* fitted on 784"):
        display_class.from_estimator(cnn, data[0][:2])


# -- ArchitectureDisplay -----------------------------------------------------------------------


def texts_of(display):
    return [text.get_text() for text in display.ax_.texts]


def test_architecture_of_a_perceptron(mlp):
    display = ArchitectureDisplay.from_estimator(mlp)
    assert texts_of(display) == [
        "input\n28 × 28",
        "dense\nrelu\n16 units\n12,544 weights",
        "output\n10 units\n160 weights",
    ]
    assert display.ax_.get_title() == f"MLPClassifier: {mlp.n_weights_:,} weights"


def test_architecture_of_a_convolutional_network(cnn):
    display = ArchitectureDisplay.from_estimator(cnn)
    assert texts_of(display)[1:3] == [
        "conv 3 × 3\nrelu\npool 2 × 2\n4 maps\n14 × 14\n36 weights",
        "conv 3 × 3\nrelu\npool 2 × 2\n6 maps\n7 × 7\n216 weights",
    ]
    assert display.ax_.get_title() == f"CNNClassifier: {cnn.n_weights_:,} weights"


def test_architecture_of_a_network_fitted_on_named_columns(data):
    X = pd.DataFrame(data[0]).rename(columns=str)
    clf = CNNClassifier(2, hidden_layer_sizes=(), max_epochs=1, random_state=0).fit(X, data[1])
    assert len(ArchitectureDisplay.from_estimator(clf).layers) == 3
    assert len(PredictionDisplay.from_estimator(clf, X.iloc[0]).proba) == 10


def test_architecture_of_a_module_of_ones_own(data):
    module = nn.Sequential(nn.Conv2d(1, 3, 5), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    module.append(nn.Linear(3, 10))
    clf = TorchClassifier(module, image_shape=(1, 28, 28), max_epochs=1, random_state=0)
    assert texts_of(ArchitectureDisplay.from_estimator(clf.fit(*data))) == [
        "input\n1 channel\n28 × 28",
        "conv 5 × 5\npool\n3 maps\n1 × 1\n75 weights",
        "output\n10 units\n30 weights",
    ]


def test_architectures_of_hand_written_and_foreign_networks(by_hand, linear, data):
    assert texts_of(ArchitectureDisplay.from_estimator(by_hand))[1:] == [
        "dense\nrelu\n16 units\n12,544 weights",
        "output\n10 units\n160 weights",
    ]
    assert texts_of(ArchitectureDisplay.from_estimator(linear)) == [
        "input\n784 values",
        "output\n10 units\n7,840 weights",
    ]
    X, y = data
    clf = SklearnMLPClassifier((5,), activation="logistic", max_iter=1)
    with pytest.warns(match="Maximum iterations"):
        clf.fit(X / 255, y > 4)
    assert texts_of(ArchitectureDisplay.from_estimator(clf)) == [
        "input\n784 values",
        "dense\nlogistic\n5 units\n3,920 weights",
        "output\n1 unit\n5 weights",
    ]


@pytest.mark.parametrize(("n_layers", "n_units"), [(1, 1), (1, 7), (6, 100_000), (20, 64)])
def test_architectures_of_any_size_fit_the_picture(n_layers, n_units, boxes_of):
    layers = [{"kind": "input", "shape": (3, 32, 32), "n_weights": 0}]
    layers += [{"kind": "conv 3 × 3, relu", "shape": (n_units, 8, 8), "n_weights": n_units**2}]
    layers += n_layers * [{"kind": "dense", "shape": (n_units,), "n_weights": n_units**2}]
    figure = ArchitectureDisplay(layers).plot().figure_
    boxes = boxes_of(figure)
    assert_no_overlap(boxes)
    width, height = figure.canvas.get_width_height()
    drawn = [*boxes.values(), *(patch.get_window_extent() for patch in figure.axes[0].patches)]
    assert all(0 <= box.x0 and 0 <= box.y0 for box in drawn)
    assert all(box.x1 <= width and box.y1 <= height for box in drawn)


# -- PredictionDisplay -------------------------------------------------------------------------


def test_prediction_is_the_estimators(mlp, data):
    X, y = data
    display = PredictionDisplay.from_estimator(mlp, X[5], y_true=y[5])
    np.testing.assert_array_equal(display.proba, mlp.predict_proba(X[[5]])[0])
    widths = [bar.get_width() for bar in display.bars_]
    np.testing.assert_allclose(widths, 100 * display.proba, rtol=1e-6)
    picture, bars = display.axes_
    assert picture.get_title().startswith(f"true {y[5]}: ")
    assert f"predicted {mlp.predict(X[[5]])[0]}: " in picture.get_title()
    assert [label.get_text() for label in bars.get_yticklabels()] == list("0123456789")
    marked = [text.get_text().endswith("(true)") for text in bars.texts]
    assert np.flatnonzero(marked) == [y[5]]


def test_prediction_among_many_classes_shows_the_most_probable_and_the_true_one():
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
    display = PredictionDisplay(np.eye(5), proba / proba.sum(), names=names, true_class=0)
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


def test_true_labels_that_are_none_are_refused(mlp, data):
    with pytest.raises(ValueError, match="y_true=77 is not among"):
        PredictionDisplay.from_estimator(mlp, data[0][0], y_true=77)


# -- NormalizerDisplay -------------------------------------------------------------------------


def test_normalizer_shows_what_becomes_of_a_photo(data, boxes_of):
    photo = np.full((300, 400), 220, np.uint8)
    photo[50:218, 100:268] -= data[0][0].reshape(28, 28).repeat(6, axis=0).repeat(6, axis=1) // 2
    normalizer = DigitNormalizer()
    display = NormalizerDisplay.from_estimator(normalizer, photo)
    assert list(display.steps) == list(normalizer.steps(photo))
    shown = [ax.get_images()[0].get_array() for ax in display.axes_]
    assert len(shown) == 7
    np.testing.assert_array_equal(shown[-1].ravel(), normalizer.transform([photo])[0])
    assert display.axes_[0].get_title() == "grey levels\n300 × 400"
    assert_no_overlap(boxes_of(display.figure_))


def test_normalizer_of_a_picture_without_ink_is_refused():
    with pytest.raises(ImageError, match="no ink found"):
        NormalizerDisplay.from_estimator(DigitNormalizer(), np.zeros((300, 300)))
