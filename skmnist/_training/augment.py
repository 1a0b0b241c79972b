"""The augmentation of training batches: a named one, or a user's function."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import torch

from skmnist.preprocessing._augmentation import AUGMENTATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .config import TrainingConfig


def make_augmentation(
    config: TrainingConfig, get_generator: Callable[[str], torch.Generator]
) -> Callable[[torch.Tensor], torch.Tensor] | None:
    """Return the function that augments the batches of an epoch, or None.

    ``get_generator(purpose)`` returns the generator of its random numbers.
    """
    augment, image_shape = config.augment, config.image_shape
    if augment is None:
        return None
    if not isinstance(augment, str):
        return functools.partial(_call_custom, augment)
    transform = AUGMENTATIONS[augment]
    generator = get_generator("augment")
    return lambda x: transform(x.view(-1, *image_shape), generator).view(x.shape)


def _call_custom(augment: Callable[[torch.Tensor], Any], x: torch.Tensor) -> torch.Tensor:
    """Return ``augment(x)`` if it is a tensor like `x`."""
    result = augment(x)
    if not torch.is_tensor(result) or (result.shape, result.dtype) != (x.shape, x.dtype):
        got = (
            f"{result.dtype} of shape {tuple(result.shape)}"
            if torch.is_tensor(result)
            else type(result).__name__
        )
        raise ValueError(
            f"augment returned {got} for a batch of {x.dtype} of shape {tuple(x.shape)}; it "
            "must return a tensor of the same type and shape."
        )
    return result
