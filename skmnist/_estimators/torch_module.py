"""Classifier for a custom torch module."""

from __future__ import annotations

import copy
import inspect
from types import MappingProxyType
from typing import Any

import torch
from torch import nn

from skmnist._networks.mlp import MLP
from skmnist._training.first_batch import explain_shape_error
from skmnist._utils.image_shape import is_channels_last, with_channels
from skmnist.exceptions import InvalidParameterError

from .base import resolve_image_shape
from .docstrings import fill_docstring
from .net_classifier import BaseNetClassifier
from .parameter_types import (
    Augmentation,
    Callbacks,
    ClassWeight,
    Device,
    ImageShape,
    Loss,
    LRSchedule,
    Module,
    Optimizer,
    Path,
    Precision,
    RandomState,
    Verbose,
)


@fill_docstring
class TorchClassifier(BaseNetClassifier):
    """Classifier for a custom ``torch.nn.Module`` that returns logits.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    MLPClassifier, CNNClassifier : Classifiers whose networks are defined by parameters.

    Notes
    -----
    The module receives samples of shape `image_shape`, with the channels first. With
    ``image_shape=None``, they have the shape of the samples in `X`.

    With ``loss="mse"``, the outputs of the module are used without a sigmoid.

    While a custom module is built and trained, the global random generators are seeded from
    `random_state`. Afterwards their previous states are restored.

    Examples
    --------
    >>> from torch import nn
    >>> from skmnist import TorchClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> def two_layers(n_features, n_classes, width=32):
    ...     return nn.Sequential(
    ...         nn.Linear(n_features, width),
    ...         nn.ReLU(),
    ...         nn.Linear(width, n_classes),
    ...     )
    >>> clf = TorchClassifier(
    ...     two_layers, module_params={"width": 64}, max_epochs=5, random_state=0
    ... )
    >>> clf.fit(X, y).score(X, y) > 0.8
    True
    """

    _architecture_params = ("module", "module_params", "image_shape")

    def __init__(
        self,
        module: Module = None,
        *,
        module_params: dict[str, Any] | None = None,
        image_shape: ImageShape = None,
        loss: Loss = "cross_entropy",
        label_smoothing: float = 0.0,
        optimizer: Optimizer = "adam",
        lr: float = 1e-3,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        optimizer_params: dict[str, Any] | None = None,
        lr_schedule: LRSchedule = None,
        average: bool = True,
        batch_size: int = 64,
        max_epochs: int = 10,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        class_weight: ClassWeight = None,
        augment: Augmentation = None,
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
        self.module = module
        self.module_params = module_params
        self.image_shape = image_shape
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
        self.callbacks = callbacks
        self.precision = precision
        self.warm_start = warm_start
        self.checkpoint_dir = checkpoint_dir
        self.device = device
        self.n_threads = n_threads
        self.deterministic = deterministic
        self.random_state = random_state
        self.verbose = verbose

    @property
    def _custom_module(self) -> bool:  # type: ignore[override]
        return self.module is not None

    def _resolve_architecture(self) -> None:
        if self.module_params and (self.module is None or isinstance(self.module, nn.Module)):
            raise InvalidParameterError(
                "The 'module_params' parameter of TorchClassifier must be None unless module is a "
                f"class or a function. Got {self.module_params!r} instead, with "
                f"module={self.module!r}."
            )
        given = self._input_image_shape
        image_shape = "auto" if self.image_shape is None else self.image_shape
        self.image_shape_ = resolve_image_shape(
            image_shape, given, self.n_features_in_, owner=type(self).__name__
        )
        self._shape = self._network_image_shape()
        if self.module is None or (self.image_shape is None and given is None):
            self._shape = (self.n_features_in_,)

    def _network_image_shape(self) -> tuple[int, ...]:
        """Return `image_shape_` with the channels first, if it has channels."""
        shape = self.image_shape_
        return with_channels(shape) if is_channels_last(shape) else shape

    def _module_input_shape(self) -> tuple[int, ...]:
        return self._shape

    def _build_module(self, n_outputs: int, generator: torch.Generator | None) -> nn.Module:
        if self.module is None:
            return MLP((self.n_features_in_, 64, 32, n_outputs), generator=generator)
        if isinstance(self.module, nn.Module):
            if _is_lazy(self.module):
                raise InvalidParameterError(
                    "The 'module' parameter of TorchClassifier must not be a module with lazy "
                    "layers that have no weights yet, because torch cannot copy it. Pass a "
                    "function that returns the module instead."
                )
            return copy.deepcopy(self.module)
        arguments = {
            "n_features": self.n_features_in_,
            "n_classes": n_outputs,
            "image_shape": self._network_image_shape(),
        }
        try:
            accepted = inspect.signature(self.module).parameters
        except ValueError:  # built-in functions have no signature
            accepted = MappingProxyType({})
        known = {name: value for name, value in arguments.items() if name in accepted}
        module = self.module(**{**known, **(self.module_params or {})})
        if not isinstance(module, nn.Module):
            raise InvalidParameterError(
                "The 'module' parameter of TorchClassifier must return a torch.nn.Module. "
                f"{self.module!r} returned {type(module).__name__} instead."
            )
        return self._initialize_lazy(module)

    def _initialize_lazy(self, module: nn.Module) -> nn.Module:
        """Give lazy layers, which infer their number of inputs, their weights."""
        if _is_lazy(module):
            x = torch.zeros(2, *self._shape)
            image_shape = with_channels(self.image_shape_)
            with torch.no_grad(), explain_shape_error(tuple(x.shape), image_shape):
                module(x)
        return module


def _is_lazy(module: nn.Module) -> bool:
    return any(map(nn.parameter.is_lazy, (*module.parameters(), *module.buffers())))
