"""What the epochs need to know beyond skorch's parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch


class TrainingConfig(NamedTuple):
    """How the epochs are run."""

    seed: int
    loss: str = "cross_entropy"  # a key of LOSSES
    shuffle: bool = True
    lr_schedule: str | None = None  # a key of SCHEDULES
    first_epoch: int = 0  # the one that the schedule starts from
    autocast: torch.dtype | None = None  # multiply in bfloat16 or float16
    manual_backward: bool = True  # use the manual backward pass if the network has one
    cuda_graphs: bool = True  # replay steps as a CUDA graph if they can be captured
    augment: Callable | str | None = None  # applied to each training batch
    image_shape: tuple[int, ...] = ()  # (channels, height, width), for a named augmentation
    custom_module: bool = False  # a user's module, which may draw from torch's global generators
    multiply_adds: int = 0  # of the forward pass, for one sample
    eval_batch_size: int = 1000  # samples that go through the network at once without training
