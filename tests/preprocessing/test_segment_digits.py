"""segment_digits finds several digits in an image."""

import numpy as np
import pytest
from PIL import Image

from skmnist.preprocessing import DigitNormalizer, segment_digits
from tests.preprocessing.helpers import likeness, on_paper


def row_of(digits, gap, times=4):
    """Return a row of digits, cut out, with a gap between them, as ink."""
    space = np.zeros((28, gap), np.uint8)
    row = np.hstack([part for d in digits for part in (space, d[:, d.any(axis=0)])] + [space])
    return np.asarray(
        Image.fromarray(row).resize((times * row.shape[1], times * 28), Image.Resampling.BICUBIC)
    )


def page_of(rows, **kwargs):
    height = sum(len(row) for row in rows) + 40 * (len(rows) + 1)
    ink = np.zeros((height, max(row.shape[1] for row in rows)), np.uint8)
    top = 40
    for row in rows:
        ink[top : top + len(row), : row.shape[1]] = row
        top += len(row) + 40
    return on_paper(ink, (ink.shape[0] + 60, ink.shape[1] + 60), (30, 30), **kwargs)


@pytest.mark.parametrize("ruled", [0, 37])
@pytest.mark.parametrize("gap", [2, 8])
def test_rows_of_digits_are_split_in_reading_order(sample, gap, ruled):
    X, y = sample
    rng = np.random.default_rng(gap)
    wanted = rng.permutation(np.arange(10))
    digits = [X[500 * d + 17].reshape(28, 28) for d in wanted]
    rows = [digits[:4], digits[4:7], digits[7:]]
    page = page_of([row_of(row, gap) for row in rows], ruled=ruled)
    images, boxes = segment_digits(page)
    assert len(images) == 10
    got = DigitNormalizer().transform(images)
    for row, digit in zip(got, digits, strict=True):
        assert likeness(row, digit) > 0.7
    assert boxes.shape == (10, 4)
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    # Reading order: from left to right within rows, rows below each other.
    lines = [boxes[:4], boxes[4:7], boxes[7:]]
    assert all((np.diff(line[:, 1]) > 0).all() for line in lines)
    assert lines[0][:, 2].max() < lines[1][:, 0].min()
    # The boxes hold the ink.
    assert (page[boxes[0][0] : boxes[0][2], boxes[0][1] : boxes[0][3]] < 100).any()


def test_boxes_are_in_the_pixels_of_the_picture(sample):
    X, _ = sample
    digits = [X[500 * d].reshape(28, 28) for d in (3, 1, 4)]
    page = page_of([row_of(digits, 8)])
    large = np.asarray(Image.fromarray(page).resize((6 * page.shape[1], 6 * page.shape[0])))
    _, boxes = segment_digits(page)
    _, large_boxes = segment_digits(large)
    np.testing.assert_allclose(large_boxes / 6, boxes, atol=2)


def test_light_digits_are_split_as_well(sample):
    X, _ = sample
    digits = [X[500 * d].reshape(28, 28) for d in (0, 1, 2)]
    images, _ = segment_digits(255 - page_of([row_of(digits, 8)]))
    assert len(images) == 3
