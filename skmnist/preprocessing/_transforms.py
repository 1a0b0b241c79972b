"""Batches of pictures, bent: pure functions of tensors, with one setting for each picture."""

import math

import torch
import torch.nn.functional as F


def affine(size, *, degrees=0.0, scale=1.0, shear=0.0, shift=(0.0, 0.0)):
    """Return the matrices, for :func:`warp`, that turn, enlarge, slant and move pictures.

    Each argument is a number, or a tensor of shape (n,).

    Parameters
    ----------
    size : tuple of int
        (height, width) of the pictures, in pixels.
    degrees : float or tensor
        Turned counter-clockwise, about the centre.
    scale : float or tensor
        Enlarged by this factor.
    shear : float or tensor
        Each row is moved to the right by so much of its height above the centre.
    shift : pair of floats or tensors
        Moved to the right and down, in pixels.

    Returns
    -------
    tensor of shape (n, 2, 3), or (1, 2, 3)
        From places in the result to places in the picture, in units of half a side.
    """
    height, width = size
    degrees, scale, shear, right, down = torch.broadcast_tensors(
        *(torch.atleast_1d(torch.as_tensor(one)) for one in (degrees, scale, shear, *shift))
    )
    angle = degrees * (math.pi / 180)
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    # The inverse of: slant, then turn and enlarge, then move; y points down.
    linear = torch.stack([cos + shear * sin, -sin + shear * cos, sin, cos], -1).view(-1, 2, 2)
    moved = linear @ torch.stack([right, down], -1)[..., None]
    matrices = torch.cat([linear, -moved], -1)
    sides = torch.tensor([width / 2, height / 2], dtype=matrices.dtype, device=matrices.device)
    return matrices * torch.cat([sides, sides.new_ones(1)]) / sides[:, None]


def elastic(size, strengths, generator):
    """Return random, smooth displacements, for :func:`warp`.

    Parameters
    ----------
    size : tuple of int
        (height, width) of the pictures, in pixels.
    strengths : tensor of shape (n,)
        Standard deviation of the displacements, in units of half a side.
    generator : torch.Generator

    Returns
    -------
    tensor of shape (n, height, width, 2)

    Notes
    -----
    Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied to
    visual document analysis" (ICDAR 2003), blur a displacement drawn for each pixel. Here a
    coarse grid of displacements is enlarged, which is as smooth and quicker.
    """
    coarse = torch.randn(
        (len(strengths), 2, 5, 5),
        generator=generator,
        dtype=strengths.dtype,
        device=strengths.device,
    )
    coarse = coarse * strengths[:, None, None, None]
    down, across = (_enlargement(coarse.shape[-1], n).to(coarse) for n in size)
    return (down @ coarse @ across.t()).permute(0, 2, 3, 1)


def _enlargement(n_coarse, n):
    """Return the matrix of shape (n, n_coarse) that enlarges a column of numbers, bicubically.

    Two products are quicker than torch's interpolation by far.
    """
    one = torch.eye(n_coarse)[None, None]
    return F.interpolate(one, (n, n_coarse), mode="bicubic", align_corners=True)[0, 0]


def warp(images, matrices, displacements=None):
    """Return pictures whose pixels are taken from elsewhere, between pixels in proportion.

    Beyond the rim it is as at the rim.

    Parameters
    ----------
    images : tensor of shape (n, channels, height, width)
    matrices : tensor of shape (n, 2, 3) or (1, 2, 3)
        Of :func:`affine`.
    displacements : tensor of shape (n, height, width, 2), default=None
        Of :func:`elastic`.

    Returns
    -------
    tensor of the shape of `images`
    """
    matrices = matrices.to(images.dtype).expand(len(images), -1, -1)
    grid = F.affine_grid(matrices, images.shape, align_corners=False)
    if displacements is not None:
        grid = grid + displacements
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def thicken(images, amounts):
    """Return pictures whose bright strokes are wider by `amounts` pixels to each side.

    Parameters
    ----------
    images : tensor of shape (n, channels, height, width)
    amounts : tensor of shape (n,)
        From -1 (a pixel narrower) to 1; of a fraction, so much of the way.

    Returns
    -------
    tensor of the shape of `images`
    """
    wide, narrow = _of_neighbours(images, torch.maximum), _of_neighbours(images, torch.minimum)
    amounts = amounts.to(images.dtype)[:, None, None, None]
    wider, narrower = amounts.clamp(min=0), -amounts.clamp(max=0)
    return images + wider * (wide - images) + narrower * (narrow - images)


def _of_neighbours(images, function):
    """Return the maximum (or minimum) of each pixel and its eight neighbours.

    Row by row and column by column, which is quicker than torch's pooling.
    """
    result = images
    for axis in (-1, -2):
        before = result.narrow(axis, 0, result.size(axis) - 1)
        after = result.narrow(axis, 1, result.size(axis) - 1)
        pairs = function(before, after)
        first, last = result.narrow(axis, 0, 1), result.narrow(axis, -1, 1)
        result = function(torch.cat([first, pairs], axis), torch.cat([pairs, last], axis))
    return result
