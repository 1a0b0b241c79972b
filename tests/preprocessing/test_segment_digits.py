"""segment_digits: several digits in one image."""

import numpy as np
import pytest
from PIL import Image

from skmnist.preprocessing import DigitNormalizer, segment_digits
from tests.preprocessing.helpers import correlation, make_photo


def make_line(digits, gap, factor=4):
    """Return a line of digits, bright on black, with a gap before and after each."""
    space = np.zeros((28, gap), np.uint8)
    row = np.hstack([part for d in digits for part in (space, d[:, d.any(axis=0)])] + [space])
    return np.asarray(
        Image.fromarray(row).resize((factor * row.shape[1], factor * 28), Image.Resampling.BICUBIC)
    )


def make_page(rows, **kwargs):
    height = sum(len(row) for row in rows) + 40 * (len(rows) + 1)
    foreground = np.zeros((height, max(row.shape[1] for row in rows)), np.uint8)
    top = 40
    for row in rows:
        foreground[top : top + len(row), : row.shape[1]] = row
        top += len(row) + 40
    return make_photo(
        foreground, (foreground.shape[0] + 60, foreground.shape[1] + 60), (30, 30), **kwargs
    )


@pytest.mark.parametrize("ruled", [0, 37])
@pytest.mark.parametrize("gap", [2, 8])
def test_lines_of_digits_are_segmented_in_reading_order(sample, gap, ruled):
    X, y = sample
    rng = np.random.default_rng(gap)
    labels = rng.permutation(np.arange(10))
    digits = [X[500 * d + 17].reshape(28, 28) for d in labels]
    rows = [digits[:4], digits[4:7], digits[7:]]
    page = make_page([make_line(row, gap) for row in rows], ruled=ruled)
    images, boxes = segment_digits(page)
    assert len(images) == 10
    got = DigitNormalizer().transform(images)
    for row, digit in zip(got, digits, strict=True):
        assert correlation(row, digit) > 0.7
    assert boxes.shape == (10, 4)
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    # Reading order: from left to right within a line, and lines from top to bottom.
    lines = [boxes[:4], boxes[4:7], boxes[7:]]
    assert all((np.diff(line[:, 1]) > 0).all() for line in lines)
    assert lines[0][:, 2].max() < lines[1][:, 0].min()
    # The boxes contain the digits.
    assert (page[boxes[0][0] : boxes[0][2], boxes[0][1] : boxes[0][3]] < 100).any()


def test_boxes_are_in_pixels_of_the_image(sample):
    X, _ = sample
    digits = [X[500 * d].reshape(28, 28) for d in (3, 1, 4)]
    page = make_page([make_line(digits, 8)])
    large = np.asarray(Image.fromarray(page).resize((6 * page.shape[1], 6 * page.shape[0])))
    _, boxes = segment_digits(page)
    _, large_boxes = segment_digits(large)
    np.testing.assert_allclose(large_boxes / 6, boxes, atol=2)


def test_light_digits_are_segmented(sample):
    X, _ = sample
    digits = [X[500 * d].reshape(28, 28) for d in (0, 1, 2)]
    images, _ = segment_digits(255 - make_page([make_line(digits, 8)]))
    assert len(images) == 3


@pytest.mark.parametrize(("height", "min_found"), [(7, 5), (10, 6), (20, 6)])
def test_digits_of_few_pixels_are_found(sample, height, min_found):
    X, _ = sample
    found = 0
    for k in range(6):
        digits = [X[500 * d + 40 + k].reshape(28, 28) for d in (8, 0, 5, 2)]
        line = Image.fromarray(np.pad(make_line(digits, 4), 4))
        size = round(height / 80 * line.width), round(height / 80 * line.height)
        small = 250 - np.asarray(line.resize(size, Image.Resampling.BOX)) // 2
        images, boxes = segment_digits(small)
        found += len(images) == 4
        assert (boxes[:, [2, 3]] <= small.shape).all()
    assert found >= min_found


def test_digit_in_two_parts_is_one_digit(sample):
    X, _ = sample
    digits = [X[500 * d + 7].reshape(28, 28).copy() for d in (3, 8, 0)]
    rows = np.flatnonzero(digits[1].any(axis=1))
    digits[1][rows.mean().astype(int) + np.arange(2)] = 0  # both parts are low
    images, boxes = segment_digits(make_page([make_line(digits, 8)]))
    assert len(images) == 3
    heights = boxes[:, 2] - boxes[:, 0]
    assert heights.min() > 0.8 * heights.max()
