"""Multi-layer perceptron with hand-written backpropagation."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from skmnist._networks.losses import OUTPUT_ACTIVATIONS
from skmnist._networks.neural_network import NeuralNetwork
from skmnist._training.optimizers import GradientDescent
from skmnist._utils.device import AUTOCAST_DTYPES
from skmnist.exceptions import InvalidParameterError

from .base import resolve_image_shape
from .docstrings import fill_docstring
from .layer_params import check_sizes
from .net_classifier import BaseNetClassifier
from .parameter_types import (
    Activation,
    Callbacks,
    ClassWeight,
    Device,
    LayerSizes,
    Loss,
    LRSchedule,
    Path,
    Precision,
    RandomState,
    Verbose,
)


@fill_docstring
class BackpropClassifier(BaseNetClassifier):
    """Multi-layer perceptron classifier with hand-written backpropagation, for teaching.

    It is trained with plain stochastic gradient descent, without PyTorch's autograd. After `fit`,
    ``module_`` is a :class:`skmnist.backprop.NeuralNetwork`, whose weights and gradients can be
    read and changed.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    skmnist.backprop.NeuralNetwork : The network, to be used without the estimator.
    MLPClassifier : MLP with a choice of optimizers, dropout and data augmentation.

    References
    ----------
    D. E. Rumelhart, G. E. Hinton, R. J. Williams, "Learning representations by back-propagating
    errors", Nature 323, 533-536 (1986).

    Examples
    --------
    >>> from skmnist import BackpropClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = BackpropClassifier((64, 32), max_epochs=3, random_state=0).fit(X, y)
    >>> clf.score(X, y) > 0.8
    True
    >>> clf.module_.layer(0).shape
    torch.Size([785, 64])
    """

    _architecture_params = ("hidden_layer_sizes", "activation", "loss")

    def __init__(
        self,
        hidden_layer_sizes: LayerSizes = (64, 32),
        activation: Activation = "relu",
        *,
        loss: Loss = "mse",
        lr: float = 0.1,
        lr_schedule: LRSchedule = None,
        average: bool = False,
        batch_size: int = 16,
        max_epochs: int = 20,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        class_weight: ClassWeight = None,
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
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.lr = lr
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
        self.callbacks = callbacks
        self.precision = precision
        self.warm_start = warm_start
        self.checkpoint_dir = checkpoint_dir
        self.device = device
        self.n_threads = n_threads
        self.deterministic = deterministic
        self.random_state = random_state
        self.verbose = verbose

    def _resolve_architecture(self) -> None:
        if self.precision in AUTOCAST_DTYPES:
            raise InvalidParameterError(
                "The 'precision' parameter of BackpropClassifier must be a str among {'auto', "
                f"'float32', 'float64'}}. Got {self.precision!r} instead. MLPClassifier supports "
                "it."
            )
        self._sizes = check_sizes(
            type(self).__name__, "hidden_layer_sizes", self.hidden_layer_sizes
        )
        self.image_shape_ = resolve_image_shape(
            "auto", self._input_image_shape, self.n_features_in_
        )

    def _build_module(self, n_outputs: int, generator: torch.Generator | None) -> NeuralNetwork:
        sizes = (self.n_features_in_, *self._sizes, n_outputs)
        output_activation = OUTPUT_ACTIVATIONS[self.loss]
        return NeuralNetwork(sizes, self.activation, output_activation, generator=generator)

    def _optimizer(self, device: torch.device) -> tuple[type, dict[str, Any]]:
        return GradientDescent, {}

    @property
    def coefs_(self) -> list[np.ndarray]:
        """list of ndarray: Weights of each layer, of shape (n_in, n_out)."""
        return [layer[:-1] for layer in self._matrices()]

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """list of ndarray: Biases of each layer."""
        return [layer[-1] for layer in self._matrices()]

    def _matrices(self) -> list[np.ndarray]:
        return [layer.detach().cpu().numpy().copy() for layer in self.module_.parameters()]
