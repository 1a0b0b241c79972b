"""How digits lie in the training images of a classifier: with a margin, or filling the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from skmnist.datasets import load_mnist_sample
from skmnist.preprocessing._resize import crop_to_side

if TYPE_CHECKING:
    from .estimator_module import EstimatorModule
    from .page_parts import PageParts

_EVERY = 10  # digits of the bundled sample: 500 are used
_MNIST_SHAPE = (28, 28)


def find_layout(module: EstimatorModule, parts: PageParts) -> tuple[bool, torch.Tensor]:
    """Find out whether the digits in the training images have a margin, as in MNIST.

    Without a margin, they fill the image, as in USPS and scikit-learn's digits. Of images other
    than 28 x 28 pixels, the network is more confident about those that are like its training
    images.

    Returns
    -------
    has_margin : bool
    digits : tensor of shape (500, height * width)
        The bundled digits in this layout and in the range of the training images.
    """
    images = load_mnist_sample().images[::_EVERY]
    with_margin = _place([_resize(image, parts) for image in images], parts)
    if parts.image_shape == _MNIST_SHAPE:
        return True, with_margin
    side = min(parts.image_shape)
    filling = _place([crop_to_side(image.astype(float), side) for image in images], parts)
    with torch.inference_mode():
        confidences = [module(digits)[1].amax(1).mean() for digits in (with_margin, filling)]
    has_margin = bool(confidences[0] >= confidences[1])
    return has_margin, with_margin if has_margin else filling


def _resize(image: np.ndarray, parts: PageParts) -> np.ndarray:
    side = min(parts.image_shape)
    return np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BOX))


def _place(squares: list[np.ndarray], parts: PageParts) -> torch.Tensor:
    """Return squares in the middle of images of the classifier's shape, in its pixel range."""
    height, width = parts.image_shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    padding = ((0, 0), (top, height - side - top), (left, width - side - left))
    pixels = np.pad(np.stack(squares), padding) * np.float32(parts.pixel_max / 255)
    return torch.from_numpy(pixels.astype(np.float32).reshape(len(squares), -1))
