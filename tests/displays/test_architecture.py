"""ArchitectureDisplay."""

import pandas as pd
import pytest
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier
from torch import nn

from skmnist import CNNClassifier, TorchClassifier
from skmnist.displays import (
    ArchitectureDisplay,
    PredictionDisplay,
)
from tests.displays.helpers import assert_no_overlap


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


def test_architecture_of_a_custom_module(data):
    module = nn.Sequential(nn.Conv2d(1, 3, 5), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    module.append(nn.Linear(3, 10))
    clf = TorchClassifier(module, image_shape=(1, 28, 28), max_epochs=1, random_state=0)
    assert texts_of(ArchitectureDisplay.from_estimator(clf.fit(*data))) == [
        "input\n1 channel\n28 × 28",
        "conv 5 × 5\npool\n3 maps\n1 × 1\n75 weights",
        "output\n10 units\n30 weights",
    ]


def test_architectures_of_backprop_and_scikit_learn_networks(backprop, linear, data):
    assert texts_of(ArchitectureDisplay.from_estimator(backprop))[1:] == [
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
def test_architectures_of_any_size_fit_into_the_figure(n_layers, n_units, boxes_of):
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
