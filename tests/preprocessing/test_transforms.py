"""Rotate, translate, scale, shear, dilate: each transform does what it says."""

import pytest
import torch

from skmnist.preprocessing._transforms import affine, dilate, elastic_displacement, warp
from tests.helpers import digits

X, Y = digits(step=10)


IMAGES = torch.from_numpy(X).view(-1, 1, 28, 28) / 255


every_type = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@every_type
@pytest.mark.parametrize("size", [(28, 28), (28, 20), (7, 12)])
def test_no_distortion_leaves_the_picture(size, dtype):
    images = torch.rand((3, 2, *size), generator=seeded(), dtype=dtype)
    still = elastic_displacement(size, images.new_zeros(3), seeded())
    result = warp(images, affine(size), still)
    assert result.dtype == dtype
    torch.testing.assert_close(result, images, atol=1e-4, rtol=0)
    assert torch.equal(dilate(images, torch.zeros(3)), images)


def test_a_quarter_turn_is_counter_clockwise():
    turned = warp(IMAGES[:5], affine((28, 28), degrees=90.0))
    torch.testing.assert_close(turned, IMAGES[:5].rot90(1, (2, 3)), atol=1e-4, rtol=0)


@pytest.mark.parametrize("size", [(28, 28), (28, 20)])
def test_shifts_are_in_pixels_to_the_right_and_down(size):
    images = IMAGES[:5, :, : size[0], : size[1]]
    moved = warp(images, affine(size, shift=(3.0, -2.0)))
    torch.testing.assert_close(moved[..., :-2, 3:], images[..., 2:, :-3], atol=1e-4, rtol=0)


def test_half_turn_of_a_picture_that_is_not_square():
    images = IMAGES[:5, :, :, :20]
    turned = warp(images, affine((28, 20), degrees=180.0))
    torch.testing.assert_close(turned, images.rot90(2, (2, 3)), atol=1e-4, rtol=0)


def test_scale_enlarges_and_shear_moves_the_upper_half_to_the_right():
    line = torch.zeros(1, 1, 29, 29)
    line[..., 14] = 1
    line[..., :5, :] = line[..., -5:, :] = 0
    higher = warp(line, affine((29, 29), scale=1.5))
    assert (higher > 0.5).any(3).sum() == pytest.approx(19 * 1.5, abs=2)
    slanted = warp(line, affine((29, 29), shear=0.5))
    assert slanted[0, 0, 8].argmax() == 17
    assert slanted[0, 0, 20].argmax() == 11


def test_rim_goes_on_beyond_the_rim():
    white = torch.ones(1, 1, 9, 9)
    torch.testing.assert_close(warp(white, affine((9, 9), degrees=30.0, shift=(5.0, 5.0))), white)


def test_each_picture_has_its_own_setting():
    angles = torch.tensor([0.0, 90.0])
    same = IMAGES[:1].expand(2, -1, -1, -1)
    turned = warp(same, affine((28, 28), degrees=angles))
    torch.testing.assert_close(turned[0], same[0], atol=1e-4, rtol=0)
    torch.testing.assert_close(turned[1], same[0].rot90(1, (1, 2)), atol=1e-4, rtol=0)


AMOUNTS = (-1.0, -0.5, 0.0, 0.5, 1.0)


def test_strokes_become_wider_and_narrower_in_proportion():
    ink = [dilate(IMAGES, torch.full((len(IMAGES),), a)).mean().item() for a in AMOUNTS]
    assert ink == sorted(ink)
    assert ink[3] == pytest.approx((ink[2] + ink[4]) / 2, rel=1e-4)
    dot = torch.zeros(1, 1, 5, 5)
    dot[..., 2, 2] = 1
    assert dilate(dot, torch.ones(1)).sum() == 9
    assert dilate(dot, -torch.ones(1)).sum() == 0
