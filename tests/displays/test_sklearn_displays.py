"""Plots of learning curves and validation curves."""

import numpy as np
import pytest
from sklearn.experimental import enable_halving_search_cv  # noqa: F401

from skmnist import MLPClassifier
from skmnist.displays._style import TEST_COLOR, TRAIN_COLOR
from skmnist.studies import (
    learning_curve,
    validation_curve,
)
from tests.displays.helpers import assert_readable
from tests.helpers import digits


@pytest.fixture(scope="module")
def data():
    return digits(25)


def tiny(**params):
    return MLPClassifier((8,), **{"max_epochs": 1, "random_state": 0, **params})


def colors_of(lines):
    return [line.get_color() for line in lines]


def legend_of(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def test_learning_curve_is_in_percent_with_the_colors_of_the_library(data):
    curve = learning_curve(tiny(), *data, train_sizes=[50, 100], cv=2, shuffle=True)
    display = curve.plot()
    _, test = display.lines_
    np.testing.assert_allclose(test.get_ydata(), 100 * curve.test_scores.mean(axis=1))
    assert display.ax_.get_xlabel() == "Training samples"
    assert display.ax_.get_ylabel() == "Accuracy (%)"
    assert colors_of(display.lines_) == [TRAIN_COLOR, TEST_COLOR]
    assert legend_of(display) == ["training", "test", "baseline (most frequent class)"]


def test_baseline_is_the_most_frequent_class(data):
    X, y = data[0], np.where(data[1] == 0, "zero", "other")
    curve = learning_curve(tiny(), X, y, train_sizes=[50, 100], cv=2, shuffle=True)
    share = (y == "other").mean()
    assert curve.settings["baseline_accuracy"] == pytest.approx(share)
    *_, baseline = curve.plot().ax_.get_lines()
    np.testing.assert_allclose(baseline.get_ydata(), 100 * share)


def test_arguments_of_plot_take_precedence_over_the_style(data):
    curve = learning_curve(tiny(), *data, train_sizes=[50, 100], cv=2, shuffle=True)
    display = curve.plot(line_kw={"color": "black"}, score_type="test")
    assert colors_of(display.lines_) == ["black"]
    assert legend_of(display)[0] == "test"
    curve = validation_curve(tiny(), *data, param_name="lr", param_range=[1e-3, 1e-2], cv=2)
    display = curve.plot(std_display_style="errorbar", errorbar_kw={"color": "black"})
    assert colors_of(container[0] for container in display.errorbar_) == ["black"] * 2


def test_labels_of_a_logarithmic_axis_do_not_overlap(data, boxes_of):
    sizes = [20, 21, 50, 60, 100]
    display = learning_curve(tiny(), *data, train_sizes=sizes, cv=2, shuffle=True).plot()
    assert display.ax_.get_xscale() == "log"
    labels = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert labels == ["100", "60", "50", "21"]
    assert_readable(display.figure_, boxes_of)


def test_categories_are_not_joined_by_a_line(data):
    curve = validation_curve(
        tiny(), *data, param_name="optimizer", param_range=["adam", "sgd"], cv=2
    )
    display = curve.plot()
    assert display.lines_ is None
    assert {container[0].get_linestyle() for container in display.errorbar_} == {"None"}
    assert colors_of(container[0] for container in display.errorbar_) == [TRAIN_COLOR, TEST_COLOR]


@pytest.mark.parametrize(
    "sizes", [[(8,), (8, 4)], [(8,), (8, 8, 8, 8), (16, 16, 16, 16), (8, 8, 8), (4, 4, 4, 4, 4)]]
)
def test_values_that_are_not_numbers_are_categories(data, sizes, boxes_of):
    given = {"param_name": "hidden_layer_sizes", "param_range": sizes}
    display = validation_curve(tiny(), *data, **given, cv=2).plot()
    assert len(display.ax_.get_xticklabels()) == len(sizes)
    assert_readable(display.figure_, boxes_of)
