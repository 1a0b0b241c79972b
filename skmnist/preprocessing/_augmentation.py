"""Training pictures that are varied anew in each epoch, so that a network sees more hands."""

import torch

from ._transforms import affine, elastic, thicken, warp


def light(images, generator):
    """Return a batch in which each picture is varied a little, in its own way.

    Turned by up to 12 degrees, moved by up to 6 % of its sides, scaled by up to 10 %, slanted by
    up to 0.15, its strokes up to half a pixel wider or narrower, bent by about 1.5 % of its sides.
    Never mirrored: a mirrored digit is another one, or none.

    Parameters
    ----------
    images : float tensor of shape (n, channels, height, width)
        On any device.
    generator : torch.Generator
        On the same.

    Returns
    -------
    tensor of the shape of `images`
    """
    n, size = len(images), images.shape[-2:]
    draws = torch.rand((6, n), generator=generator, dtype=images.dtype, device=images.device)
    degrees, scale, shear, right, down, stroke = 2 * draws - 1
    matrices = affine(
        size,
        degrees=12 * degrees,
        scale=1 + 0.1 * scale,
        shear=0.15 * shear,
        shift=(0.06 * size[1] * right, 0.06 * size[0] * down),
    )
    bent = elastic(size, images.new_full((n,), 0.03), generator)
    return warp(thicken(images, 0.5 * stroke), matrices, bent)


AUGMENTATIONS = {"light": light}
