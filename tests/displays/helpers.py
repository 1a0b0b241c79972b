"""Assertions that a figure is readable."""

from itertools import combinations

import matplotlib
from sklearn.experimental import enable_halving_search_cv  # noqa: F401


def assert_readable(figure, boxes_of):
    assert figure.get_figwidth() * 100 == 640
    assert_axes_are_labeled(figure)
    boxes = boxes_of(figure)
    width, height = figure.canvas.get_width_height()
    for text, box in boxes.items():
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
        assert inside, f"{text} is outside the figure"
    assert_no_overlap(boxes)


def assert_no_overlap(boxes):
    for (one, box), (other, other_box) in combinations(boxes.items(), 2):
        assert not box.overlaps(other_box), f"{one} and {other} overlap"


def assert_axes_are_labeled(figure):
    axes = [ax for ax in figure.findobj(matplotlib.axes.Axes) if ax.axison]
    for ax in axes:
        # Panels share the x axis of the lowest one.
        shared = ax.get_shared_x_axes().get_siblings(ax)
        assert ax.get_ylabel() or not len(ax.get_yticks())
        assert any(one.get_xlabel() for one in shared) or not len(ax.get_xticks())
