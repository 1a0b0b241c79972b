"""Tests of all displays."""

import inspect

import matplotlib.pyplot as plt
import pytest

from skmnist import displays
from tests.displays.helpers import assert_axes_are_labeled, assert_no_overlap

DISPLAYS = [getattr(displays, name) for name in displays.__all__]


every_display = pytest.mark.parametrize("display_class", DISPLAYS)


@every_display
def test_constructor_only_stores_its_parameters(display_class):
    names = list(inspect.signature(display_class).parameters)
    values = {name: object() for name in names}
    display = display_class(**values)
    assert vars(display) == values


@every_display
def test_plot_takes_keywords_only_and_returns_the_display(display_class, make):
    display = make(display_class)
    parameters = inspect.signature(display_class.plot).parameters
    assert all(p.kind is p.KEYWORD_ONLY for name, p in parameters.items() if name != "self")
    first = display.figure_
    assert display.plot() is display
    assert display.figure_ is not first
    assert display.ax_.figure is display.figure_
    assert all(ax.figure is display.figure_ for ax in display.axes_)


@every_display
def test_plot_draws_on_given_axes(display_class, make):
    figure, ax = plt.subplots()
    display = make(display_class, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert plt.get_fignums() == [figure.number]


@every_display
def test_constructors_take_the_parameters_of_plot(display_class, make):
    names = set(inspect.signature(display_class.plot).parameters) - {"self"}
    for name in ["from_estimator", "from_predictions", "from_curve", "from_curves", "from_study"]:
        if hasattr(display_class, name):
            assert names <= set(inspect.signature(getattr(display_class, name)).parameters)


@every_display
def test_figure_is_640_pixels_wide_and_no_texts_overlap(display_class, make, boxes_of):
    figure = make(display_class).figure_
    assert figure.get_figwidth() * 100 == 640
    boxes = boxes_of(figure)
    assert len(boxes) > 3
    width, height = figure.canvas.get_width_height()
    for text, box in boxes.items():
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
        assert inside, f"{text} is outside the figure"
    assert_no_overlap(boxes)


@every_display
def test_axes_are_labeled(display_class, make):
    assert_axes_are_labeled(make(display_class).figure_)
