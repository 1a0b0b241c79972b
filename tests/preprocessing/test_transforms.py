"""Geometric transforms: rotate, translate, scale, shear and dilate images."""

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
def test_identity_returns_the_image(size, dtype):
    images = torch.rand((3, 2, *size), generator=seeded(), dtype=dtype)
    no_displacement = elastic_displacement(size, images.new_zeros(3), seeded())
    result = warp(images, affine(size), no_displacement)
    assert result.dtype == dtype
    torch.testing.assert_close(result, images, atol=1e-4, rtol=0)
    assert torch.equal(dilate(images, torch.zeros(3)), images)


def test_matrices_are_on_the_device_of_the_arguments():
    # The meta device is on every machine, and is not the CPU, where constants would be made.
    values = torch.zeros(3, device="meta")
    matrices = affine((28, 28), degrees=values, shift=(values, values))
    assert (matrices.device, matrices.shape) == (values.device, (3, 2, 3))


def test_rotation_is_counterclockwise():
    rotated = warp(IMAGES[:5], affine((28, 28), degrees=90.0))
    torch.testing.assert_close(rotated, IMAGES[:5].rot90(1, (2, 3)), atol=1e-4, rtol=0)


@pytest.mark.parametrize("size", [(28, 28), (28, 20)])
def test_shifts_are_in_pixels_to_the_right_and_down(size):
    images = IMAGES[:5, :, : size[0], : size[1]]
    shifted = warp(images, affine(size, shift=(3.0, -2.0)))
    torch.testing.assert_close(shifted[..., :-2, 3:], images[..., 2:, :-3], atol=1e-4, rtol=0)


def test_rotation_of_an_image_that_is_not_square():
    images = IMAGES[:5, :, :, :20]
    rotated = warp(images, affine((28, 20), degrees=180.0))
    torch.testing.assert_close(rotated, images.rot90(2, (2, 3)), atol=1e-4, rtol=0)


def test_scale_enlarges_and_shear_moves_the_upper_half_to_the_right():
    line = torch.zeros(1, 1, 29, 29)
    line[..., 14] = 1
    line[..., :5, :] = line[..., -5:, :] = 0
    scaled = warp(line, affine((29, 29), scale=1.5))
    assert (scaled > 0.5).any(3).sum() == pytest.approx(19 * 1.5, abs=2)
    sheared = warp(line, affine((29, 29), shear=0.5))
    assert sheared[0, 0, 8].argmax() == 17
    assert sheared[0, 0, 20].argmax() == 11


def test_border_is_repeated():
    white = torch.ones(1, 1, 9, 9)
    torch.testing.assert_close(warp(white, affine((9, 9), degrees=30.0, shift=(5.0, 5.0))), white)


def test_each_image_has_its_own_parameters():
    angles = torch.tensor([0.0, 90.0])
    same = IMAGES[:1].expand(2, -1, -1, -1)
    rotated = warp(same, affine((28, 28), degrees=angles))
    torch.testing.assert_close(rotated[0], same[0], atol=1e-4, rtol=0)
    torch.testing.assert_close(rotated[1], same[0].rot90(1, (1, 2)), atol=1e-4, rtol=0)


AMOUNTS = (-1.0, -0.5, 0.0, 0.5, 1.0)


def test_dilation_is_proportional_to_the_amount():
    brightness = [dilate(IMAGES, torch.full((len(IMAGES),), a)).mean().item() for a in AMOUNTS]
    assert brightness == sorted(brightness)
    assert brightness[3] == pytest.approx((brightness[2] + brightness[4]) / 2, rel=1e-4)
    dot = torch.zeros(1, 1, 5, 5)
    dot[..., 2, 2] = 1
    assert dilate(dot, torch.ones(1)).sum() == 9
    assert dilate(dot, -torch.ones(1)).sum() == 0
