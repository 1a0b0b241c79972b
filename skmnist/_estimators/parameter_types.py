"""Type annotations of the parameters; ``parameters.py`` validates the values.

The literals repeat the keys of the tables in ``parameters.py``, because types cannot be computed.
A test compares both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from torch import nn

from skmnist._networks.activations import ActivationName
from skmnist._networks.cnn import PoolingName
from skmnist._networks.losses import LossName

Activation: TypeAlias = ActivationName
WeightInit: TypeAlias = Literal["auto", "torch", "he", "glorot", "lecun", "zeros"]
Loss: TypeAlias = LossName
Optimizer: TypeAlias = (
    Literal["adam", "adamw", "sgd", "rmsprop", "nadam", "adagrad"] | type[torch.optim.Optimizer]
)
LRSchedule: TypeAlias = Literal["cosine", "step", "onecycle", "plateau", "exponential"] | None
Augmentation: TypeAlias = (
    Literal["light", "photo", "flip"] | Callable[[torch.Tensor], torch.Tensor] | None
)
ClassWeight: TypeAlias = dict[Any, float] | Literal["balanced"] | None
Precision: TypeAlias = Literal["auto", "float32", "float64", "bfloat16", "float16"]

Pooling: TypeAlias = PoolingName

LayerSizes: TypeAlias = int | Sequence[int] | np.ndarray
# One value for all convolutions, or one for each; a value is an int or (height, width).
PerLayer: TypeAlias = int | Sequence[int | tuple[int, int]] | np.ndarray
ImageShape: TypeAlias = Literal["auto"] | Sequence[int] | np.ndarray | None
Module: TypeAlias = nn.Module | Callable[..., nn.Module] | None

Callbacks: TypeAlias = Sequence[Any] | None
Path: TypeAlias = str | os.PathLike[str]
Device: TypeAlias = str | torch.device
RandomState: TypeAlias = int | np.random.RandomState | None
Verbose: TypeAlias = int | Literal["bar"]
