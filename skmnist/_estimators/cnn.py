"""Convolutional neural network classifier."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from skmnist._networks.cnn import CNN, POOLINGS, infer_conv_shapes
from skmnist._networks.losses import OUTPUT_ACTIVATIONS
from skmnist._utils.image_shape import with_channels
from skmnist._utils.validation import check_choice
from skmnist.exceptions import InvalidParameterError

from .augmented_prediction import average_predictions
from .base import resolve_image_shape
from .docstrings import fill_docstring
from .layer_params import check_choices, check_pairs, check_sizes
from .net_classifier import BaseNetClassifier
from .parameter_types import (
    Activation,
    Augmentation,
    Callbacks,
    ClassWeight,
    Device,
    ImageShape,
    LayerSizes,
    Loss,
    LRSchedule,
    Optimizer,
    Path,
    PerLayer,
    Pooling,
    Precision,
    RandomState,
    Verbose,
    WeightInit,
)
from .pixel_range import MIN_IMAGE_FEATURES
from .presets import PRESETS, PresetName

if TYPE_CHECKING:
    from typing_extensions import Self

    from skmnist._training.net import Net


@fill_docstring
class CNNClassifier(BaseNetClassifier):
    """Convolutional neural network (CNN) classifier.

    Convolutional layers (convolution, activation and pooling) are followed by fully connected
    layers.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    MLPClassifier : Multi-layer perceptron, faster but less accurate on images.
    TorchClassifier : Classifier for a custom ``torch.nn.Module``.

    Notes
    -----
    A 2-D `X` with fewer than 64 features is treated as tabular data unless `image_shape` is
    given: pooling windows that are larger than the feature map are reduced to its size.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86, 2278-2324 (1998).

    Examples
    --------
    >>> from skmnist import CNNClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = CNNClassifier(
    ...     channels=(4, 2), kernel_size=3, stride=(1, 3), padding=0,
    ...     pool_size=(2, 4), hidden_layer_sizes=(), max_epochs=1, random_state=0,
    ... )
    >>> clf.fit(X[::10], y[::10]).image_shape_
    (28, 28)
    >>> [coef.shape for coef in clf.coefs_]
    [(4, 1, 3, 3), (2, 4, 3, 3), (2, 10)]
    """

    _architecture_params = (
        "channels",
        "kernel_size",
        "stride",
        "padding",
        "pool_size",
        "pool_stride",
        "pooling",
        "global_pool",
        "hidden_layer_sizes",
        "image_shape",
        "activation",
        "dropout",
        "batch_norm",
        "loss",
    )

    def __init__(
        self,
        channels: LayerSizes = (16, 32, 64),
        kernel_size: PerLayer = 3,
        *,
        stride: PerLayer = 1,
        padding: PerLayer = 1,
        pool_size: PerLayer | None = 2,
        pool_stride: PerLayer | None = None,
        pooling: Pooling | Sequence[Pooling] = "max",
        global_pool: Pooling | None = None,
        hidden_layer_sizes: LayerSizes = (128,),
        image_shape: ImageShape = "auto",
        activation: Activation = "relu",
        dropout: float = 0.0,
        batch_norm: bool = False,
        weight_init: WeightInit = "auto",
        loss: Loss = "cross_entropy",
        label_smoothing: float = 0.0,
        optimizer: Optimizer = "adam",
        lr: float = 2e-3,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        optimizer_params: dict[str, Any] | None = None,
        lr_schedule: LRSchedule = None,
        average: bool = True,
        batch_size: int = 128,
        max_epochs: int = 10,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        class_weight: ClassWeight = None,
        augment: Augmentation = None,
        test_time_augment: bool = False,
        callbacks: Callbacks = None,
        precision: Precision = "auto",
        warm_start: bool = False,
        checkpoint_dir: Path | None = None,
        device: Device = "auto",
        n_threads: int | None = None,
        deterministic: bool = True,
        random_state: RandomState = None,
        verbose: Verbose = 0,
    ) -> None:
        self.channels = channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.pool_size = pool_size
        self.pool_stride = pool_stride
        self.pooling = pooling
        self.global_pool = global_pool
        self.hidden_layer_sizes = hidden_layer_sizes
        self.image_shape = image_shape
        self.activation = activation
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.weight_init = weight_init
        self.loss = loss
        self.label_smoothing = label_smoothing
        self.optimizer = optimizer
        self.lr = lr
        self.momentum = momentum
        self.nesterov = nesterov
        self.weight_decay = weight_decay
        self.optimizer_params = optimizer_params
        self.lr_schedule = lr_schedule
        self.average = average
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.class_weight = class_weight
        self.augment = augment
        self.test_time_augment = test_time_augment
        self.callbacks = callbacks
        self.precision = precision
        self.warm_start = warm_start
        self.checkpoint_dir = checkpoint_dir
        self.device = device
        self.n_threads = n_threads
        self.deterministic = deterministic
        self.random_state = random_state
        self.verbose = verbose

    @classmethod
    def from_preset(cls, name: PresetName, **params: Any) -> Self:
        """Return an unfitted classifier with the parameters of a preset.

        Parameters
        ----------
        name : {"fast", "accurate", "tiny"}
            "fast" reaches 99% on MNIST after one epoch. "accurate" trains one network with data
            augmentation for as long as it still improves. "tiny" has fewer than 10,000
            parameters for 28 x 28 images. Their accuracies and times are in the benchmarks.
        **params
            Parameters that replace those of the preset.

        Returns
        -------
        clf : CNNClassifier

        Raises
        ------
        ValueError
            If there is no such preset.

        Examples
        --------
        >>> from skmnist import CNNClassifier
        >>> CNNClassifier.from_preset("tiny", random_state=0).channels
        (10, 18, 28)
        """
        check_choice(f"{cls.__name__}.from_preset", "name", name, PRESETS)
        return cls(**{**PRESETS[name], **params})

    def _resolve_architecture(self) -> None:
        image_shape = "auto" if self.image_shape is None else self.image_shape
        self.image_shape_ = resolve_image_shape(
            image_shape, self._input_image_shape, self.n_features_in_, owner=type(self).__name__
        )
        is_table = (
            isinstance(image_shape, str)
            and self._input_image_shape is None
            and self.n_features_in_ < MIN_IMAGE_FEATURES
        )
        layers = self._layer_params()
        try:
            self._convolutions = infer_conv_shapes(
                self._module_input_shape()[1:], layers, clip_pools=is_table
            )
        except ValueError as error:
            raise ValueError(f"{error}{self._color_hint()}") from error
        self._sizes = check_sizes(
            type(self).__name__, "hidden_layer_sizes", self.hidden_layer_sizes
        )

    def _color_hint(self) -> str:
        """Return advice for flat color images, whose shape is not guessed, or ""."""
        side = math.isqrt(self.n_features_in_ // 3)
        if self.image_shape_[0] != 1 or 3 * side**2 != self.n_features_in_:
            return ""
        return (
            f" If the {self.n_features_in_:,} features are color images, pass image_shape="
            f"{(3, side, side)}, or {(side, side, 3)} if the channels are last."
        )

    def _layer_params(self) -> list[dict[str, Any]]:
        owner = type(self).__name__
        channels = check_sizes(owner, "channels", self.channels)
        n = len(channels)
        if n == 0:
            raise InvalidParameterError(
                f"The 'channels' parameter of {owner} must have at least one entry. Got "
                f"{self.channels!r} instead. For a network without convolutions, use MLPClassifier."
            )
        columns: dict[str, list[Any]] = {
            "kernel_size": check_pairs(owner, "kernel_size", self.kernel_size, n),
            "stride": check_pairs(owner, "stride", self.stride, n),
            "padding": check_pairs(owner, "padding", self.padding, n, minimum=0),
            "pool_size": check_pairs(
                owner, "pool_size", 1 if self.pool_size is None else self.pool_size, n
            ),
        }
        columns["pool_stride"] = columns["pool_size"]
        if self.pool_stride is not None:
            columns["pool_stride"] = check_pairs(owner, "pool_stride", self.pool_stride, n)
        columns["pooling"] = check_choices(owner, "pooling", self.pooling, n, POOLINGS)
        return [
            {"channels": c, **dict(zip(columns, values, strict=True))}
            for c, *values in zip(channels, *columns.values(), strict=True)
        ]

    def _module_input_shape(self) -> tuple[int, ...]:
        return with_channels(self.image_shape_)

    def _max_activation_size(self) -> int:
        maps = [layer["channels"] * math.prod(layer["conv_size"]) for layer in self._convolutions]
        return max(self.n_features_in_, *maps)

    def _outputs(self, net: Net, x: torch.Tensor) -> torch.Tensor:
        if self.test_time_augment:
            return average_predictions(net.outputs, x, net.config.loss)
        return net.outputs(x)

    def _n_multiply_adds(self, module: nn.Module) -> int:
        convolutions = [m for m in module.modules() if isinstance(m, nn.Conv2d)]
        return super()._n_multiply_adds(module) + sum(
            conv.weight.numel() * (math.prod(layer["conv_size"]) - 1)
            for conv, layer in zip(convolutions, self._convolutions, strict=True)
        )

    def _build_module(self, n_outputs: int, generator: torch.Generator | None) -> CNN:
        return CNN(
            self._module_input_shape(),
            self._convolutions,
            self._sizes,
            n_outputs,
            activation=self.activation,
            output_activation=OUTPUT_ACTIVATIONS[self.loss],
            dropout=self.dropout,
            batch_norm=self.batch_norm,
            weight_init=self.weight_init,
            global_pool=self.global_pool,
            generator=generator,
        )
