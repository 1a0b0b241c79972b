"""Torch module that computes the outputs of an estimator, to export it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from torch import nn

from skmnist._estimators.augmented_prediction import average_predictions
from skmnist._networks.mlp import MLP
from skmnist._networks.neural_network import NeuralNetwork
from skmnist._utils.image_shape import is_channels_last
from skmnist.preprocessing import PixelStandardizer

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator

    from skmnist._estimators.net_classifier import BaseNetClassifier


class TransformerModule(nn.Module):
    """A transformer that subtracts, divides, clips and multiplies by a matrix."""

    shift: torch.Tensor
    divisor: torch.Tensor
    matrix: torch.Tensor | None

    def __init__(
        self,
        shift: ArrayLike = 0.0,
        divisor: ArrayLike = 1.0,
        limits: tuple[float, float] | None = None,
        matrix: ArrayLike | None = None,
    ) -> None:
        super().__init__()
        self.limits = limits
        self.register_buffer("shift", torch.as_tensor(shift, dtype=torch.float64))
        self.register_buffer("divisor", torch.as_tensor(divisor, dtype=torch.float64))
        matrix = None if matrix is None else torch.as_tensor(matrix, dtype=torch.float64)
        self.register_buffer("matrix", matrix)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the transformed samples."""
        x = (x - self.shift) / self.divisor
        if self.limits is not None:
            x = x.clamp(*self.limits)
        return x if self.matrix is None else x @ self.matrix

    def inverse(self, x: torch.Tensor) -> torch.Tensor:
        """Return samples whose transform is approximately `x`."""
        if self.matrix is not None:
            x = x @ torch.linalg.pinv(self.matrix)
        return x * self.divisor + self.shift


def _convert_standard_scaler(scaler: StandardScaler) -> TransformerModule:
    return TransformerModule(
        scaler.mean_ if scaler.with_mean else 0.0, scaler.scale_ if scaler.with_std else 1.0
    )


def _convert_min_max_scaler(scaler: MinMaxScaler) -> TransformerModule:
    limits = scaler.feature_range if scaler.clip else None
    return TransformerModule(-scaler.min_ / scaler.scale_, 1 / scaler.scale_, limits)


def _convert_max_abs_scaler(scaler: MaxAbsScaler) -> TransformerModule:
    limits = (-1.0, 1.0) if getattr(scaler, "clip", False) else None
    return TransformerModule(divisor=scaler.scale_, limits=limits)


def _convert_robust_scaler(scaler: RobustScaler) -> TransformerModule:
    return TransformerModule(
        scaler.center_ if scaler.with_centering else 0.0,
        scaler.scale_ if scaler.with_scaling else 1.0,
    )


def _convert_pca(pca: PCA) -> TransformerModule:
    matrix = pca.components_.T
    if pca.whiten:
        scale = np.sqrt(pca.explained_variance_)
        matrix = matrix / np.maximum(scale, np.finfo(scale.dtype).eps)  # as scikit-learn does
    return TransformerModule(pca.mean_, matrix=matrix)


def _convert_pixel_standardizer(standardizer: PixelStandardizer) -> TransformerModule:
    scale = standardizer.pixel_scale_
    return TransformerModule(scale * standardizer.mean_, scale * standardizer.std_)


# Transformers that can be exported -> their conversion.
CONVERTERS: dict[type, Callable[[Any], TransformerModule]] = {
    PixelStandardizer: _convert_pixel_standardizer,
    StandardScaler: _convert_standard_scaler,
    MinMaxScaler: _convert_min_max_scaler,
    MaxAbsScaler: _convert_max_abs_scaler,
    RobustScaler: _convert_robust_scaler,
    PCA: _convert_pca,
}


class EstimatorModule(nn.Module):
    """Compute class indices and probabilities from images in the format of the training data.

    Parameters
    ----------
    steps : list of transformers
        Fitted instances of the classes in ``CONVERTERS``.
    clf : BaseNetClassifier
        The fitted classifier.
    """

    def __init__(self, steps: list[BaseEstimator], clf: BaseNetClassifier) -> None:
        super().__init__()
        self.steps = nn.ModuleList(CONVERTERS[type(step)](step) for step in steps)
        self.scale = clf.pixel_scale_
        self.input_shape = clf._module_input_shape()
        shape = clf.image_shape_
        self.channels_last_shape = shape if is_channels_last(shape) else None
        self.loss = clf.net_.config.loss
        self.test_time_augment = getattr(clf, "test_time_augment", False)
        self.module = _as_mlp(copy.deepcopy(clf.module_)).to("cpu", torch.float32).eval()

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return class indices and probabilities."""
        x = pixels.flatten(1)
        if self.steps:
            x = x.double()
            for step in self.steps:
                x = step(x)
            x = x.float()
        x = x / self.scale
        if self.channels_last_shape is not None:
            x = x.reshape(-1, *self.channels_last_shape).permute(0, 3, 1, 2)
        x = x.reshape(-1, *self.input_shape)
        if self.test_time_augment:
            outputs = average_predictions(self.module, x, self.loss).float()
        else:
            outputs = self.module(x).float()
        if self.loss == "mse":  # as in BaseNetClassifier._logits
            outputs = outputs.clamp(min=1e-6).log()
        return outputs.argmax(1), outputs.softmax(1)


def _as_mlp(module: nn.Module) -> nn.Module:
    """Convert a NeuralNetwork to an MLP of torch layers; return other modules unchanged."""
    if not isinstance(module, NeuralNetwork):
        return module
    mlp = MLP(
        module.layer_sizes,
        activation=module.activation,
        output_activation=module.output_activation,
        weight_init="zeros",
        generator=None,
    )
    linear = [layer for layer in mlp.layers if isinstance(layer, nn.Linear)]
    for layer, matrix in zip(linear, module.parameters(), strict=True):
        layer.weight.data, layer.bias.data = matrix[:-1].t().contiguous(), matrix[-1].clone()
    return mlp
