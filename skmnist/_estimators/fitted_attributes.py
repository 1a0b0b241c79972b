"""Fitted attributes that are derived from the trained net."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

if TYPE_CHECKING:
    import pandas as pd

# Keys of skorch's history -> columns of `history_`.
_COLUMNS = {
    "epoch": "epoch",
    "train_loss": "train_loss",
    "valid_loss": "validation_loss",
    "valid_acc": "validation_score",
    "lr": "lr",
    "dur": "seconds",
}

# Type and description of the attributes that are not properties, as in the docstrings below.
ATTRIBUTE_DOCS = {
    "classes_": "ndarray of shape (n_classes,): Class labels, sorted.",
    "n_features_in_": "int: Number of features (pixels) of a sample.",
    "feature_names_in_": "ndarray of str: Names of the features, if `X` had string column names.",
    "image_shape_": "tuple: Shape of one image, (height, width), (channels, height, width) or, if "
    "the parameter `image_shape` says so, (height, width, channels).",
    "pixel_scale_": "float: Divisor of the pixel values: 255 for integers in 0..255, otherwise 1.",
    "pixel_range_": "tuple of float: Minimum and maximum pixel value in a subset of `X`.",
    "best_epoch_": "int or None: Epoch with the best validation score, counted from 1.",
    "fit_time_": "float: Duration of the last fit in seconds.",
    "net_": "skorch.NeuralNetClassifier: The trained skorch net, which predicts class indices.",
}


class FittedAttributesMixin:
    """The fitted attributes of a classifier with a `net_`.

    They are properties because the net and its history hold the data.
    """

    @property
    def history_(self) -> pd.DataFrame:
        """DataFrame: Losses, scores, learning rate and duration of each epoch."""
        import pandas as pd

        columns = {new: self._column(old) for old, new in _COLUMNS.items()}
        return pd.DataFrame({name: c for name, c in columns.items() if c is not None})

    @property
    def n_iter_(self) -> int:
        """int: Number of epochs that the network was trained for."""
        return len(self._net.history)

    @property
    def loss_curve_(self) -> list[float]:
        """list of float: Mean training loss of each epoch, averaged during the epoch."""
        return self._column("train_loss")

    @property
    def loss_(self) -> float:
        """float: Mean training loss of the last epoch."""
        return self.loss_curve_[-1] if self.n_iter_ else np.nan

    @property
    def validation_loss_curve_(self) -> list[float] | None:
        """list of float or None: Mean validation loss after each epoch."""
        return self._column("valid_loss")

    @property
    def validation_scores_(self) -> list[float] | None:
        """list of float or None: Validation accuracy after each epoch."""
        return self._column("valid_acc")

    @property
    def epoch_times_(self) -> list[float]:
        """list of float: Duration of each epoch in seconds."""
        return self._column("dur")

    @property
    def module_(self) -> nn.Module:
        """torch.nn.Module: The trained network."""
        return self._net.module_

    @property
    def device_(self) -> str:
        """str: Device of the network."""
        return str(self._net.device)

    @property
    def coefs_(self) -> list[np.ndarray]:
        """list of ndarray: Weights of each layer, (n_in, n_out) or (n_out, n_in, height, width)."""
        return [_weights(layer) for layer in self._layers()]

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """list of ndarray: Biases of each layer."""
        return [_array(layer.bias) for layer in self._layers()]

    @property
    def n_weights_(self) -> int:
        """int: Number of weights, without biases."""
        return sum(coef.size for coef in self.coefs_)

    @property
    def n_parameters_(self) -> int:
        """int: Number of trainable parameters: weights and biases."""
        return sum(p.numel() for p in self.module_.parameters())

    @property
    def _net(self) -> Any:
        if "net_" not in vars(self):
            # hasattr() expects an AttributeError.
            raise AttributeError(
                f"This {type(self).__name__} instance is not fitted yet. Call 'fit' with "
                "appropriate arguments before using this estimator."
            )
        return self.__dict__["net_"]

    def _column(self, name: str) -> Any:
        # Epochs without a validation set have no entry for the validation loss and score.
        epochs = self._net.history
        column = [epoch.get(name, np.nan) for epoch in epochs]
        return column if any(name in epoch for epoch in epochs) else None

    def _layers(self) -> list[Any]:
        return [m for m in self.module_.modules() if isinstance(m, (nn.Linear, nn.Conv2d))]

    def __sklearn_is_fitted__(self) -> bool:
        return "net_" in vars(self)


def describe_attributes(cls: type) -> dict[str, tuple[str, str]]:
    """Return ``{name: (type, description)}`` of the fitted attributes of `cls`."""
    described = dict(ATTRIBUTE_DOCS)
    for name in dir(cls):
        member = getattr(cls, name)
        if name.endswith("_") and not name.startswith("_") and isinstance(member, property):
            described[name] = member.__doc__ or ""
    parts = {name: text.partition(": ") for name, text in described.items()}
    return {name: (kind, text) for name, (kind, _, text) in parts.items()}


def _array(tensor: Any) -> np.ndarray:
    return tensor.detach().cpu().numpy().copy()


def _weights(layer: nn.Linear | nn.Conv2d) -> np.ndarray:
    weights = _array(layer.weight)
    return np.ascontiguousarray(weights.T) if weights.ndim == 2 else weights
