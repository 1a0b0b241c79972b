"""Test-time augmentation: average the predictions for translated images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from skmnist._networks.losses import LOSSES
from skmnist.preprocessing._augmentation import translations

if TYPE_CHECKING:
    from collections.abc import Callable


def average_predictions(
    network: Callable[[torch.Tensor], torch.Tensor], images: torch.Tensor, loss: str
) -> torch.Tensor:
    """Return outputs whose probabilities are the mean over the images and their translations.

    Parameters
    ----------
    network : callable
        Returns the outputs for a batch of images.
    images : tensor of shape (n_samples, channels, height, width)
    loss : str
        A key of ``LOSSES``, which determines what the outputs stand for.
    """
    link, mean_prediction = LOSSES[loss].link, LOSSES[loss].mean_prediction
    return mean_prediction(torch.stack([link(network(part)) for part in translations(images)]))
