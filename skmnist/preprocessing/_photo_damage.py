"""Damage to the images of digits that remains when a photo is converted to MNIST's format."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from ._transforms import constant

_UNEVEN, _BROKEN, _THRESHOLDED, _BLURRED, _SPECK, _LINE = range(6)
_PROBABILITIES = (0.3, 0.15, 0.2, 0.2, 0.1, 0.1)  # of each kind of damage


def damage(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Damage some of the images, each kind of damage independently of the others.

    Parameters
    ----------
    images : float tensor of shape (n_samples, channels, height, width)
        Bright strokes on black. Their brightness is compared with the brightest pixel of each.
    generator : torch.Generator
        The random number generator, on the same device.

    Returns
    -------
    damaged : tensor of the same shape as `images`
        The damaged images.
    """
    n = len(images)

    def uniform(*shape: int) -> torch.Tensor:
        return torch.rand(shape, generator=generator, dtype=images.dtype, device=images.device)

    probabilities = constant(_PROBABILITIES, images.dtype, images.device)
    happens = uniform(len(_PROBABILITIES), n) < probabilities[:, None]
    amounts = (happens * uniform(len(_PROBABILITIES), n))[:, :, None, None, None]
    brightest = images.amax((1, 2, 3), keepdim=True)
    y, x = _coordinates(images)
    angle = (2 * torch.pi * uniform(n))[:, None, None, None]
    center = 1.2 * uniform(2, n)[:, :, None, None, None] - 0.6

    toward = 0.5 + 0.5 * (torch.sin(angle) * y + torch.cos(angle) * x)
    images = images * (1 - 0.7 * amounts[_UNEVEN] * toward.clamp(0, 1))
    gap = _blob(y - center[0], x - center[1], 0.08 + 0.08 * amounts[_BROKEN])
    images = images * (1 - happens[_BROKEN, :, None, None, None] * gap)
    blurred = F.avg_pool2d(images, 3, 1, 1)
    images = images + amounts[_BLURRED] * (blurred - images)
    sharp = ((images / brightest.clamp(min=1e-6) - 0.5) * 4 + 0.5).clamp(0, 1) * brightest
    images = images + amounts[_THRESHOLDED] * (sharp - images)
    speck = amounts[_SPECK] * _blob(y - center[1], x + center[0], 0.06)
    line = amounts[_LINE] * (1 - abs(torch.cos(angle) * y - torch.sin(angle) * x - center[0]) * 14)
    remains = torch.maximum(speck, line.clamp(min=0) * 0.6)
    return torch.maximum(images, remains * brightest)


def _coordinates(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the coordinates of the rows and of the columns, from -1 to 1."""
    height, width = images.shape[-2:]
    y = torch.linspace(-1, 1, height, dtype=images.dtype, device=images.device)
    x = torch.linspace(-1, 1, width, dtype=images.dtype, device=images.device)
    return y[:, None], x[None, :]


def _blob(y: torch.Tensor, x: torch.Tensor, radius: torch.Tensor | float) -> torch.Tensor:
    """Return a blob with soft edges: 1 at the origin, half at `radius`."""
    return torch.sigmoid((radius - torch.sqrt(y**2 + x**2)) * 40)
