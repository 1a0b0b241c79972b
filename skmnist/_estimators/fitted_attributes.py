"""What can be read off a fitted classifier, as views of its net."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from torch import nn

# Names of skorch's history and those of the columns of `history_`.
_COLUMNS = {
    "epoch": "epoch",
    "train_loss": "train_loss",
    "valid_loss": "validation_loss",
    "valid_acc": "validation_score",
    "lr": "lr",
    "dur": "seconds",
}

# The fitted attributes that are plain: type and text, as in the properties' docstrings below.
ATTRIBUTE_DOCS = {
    "classes_": "ndarray of shape (n_classes,): The labels, sorted.",
    "n_features_in_": "int: Number of pixels in one picture.",
    "feature_names_in_": "ndarray of str: Names of the columns, where `X` had names.",
    "image_shape_": "tuple: Shape of one picture, (height, width) or (channels, height, width).",
    "pixel_scale_": "float: What pixels are divided by, 255 for integers within 0..255, else 1.",
    "pixel_range_": "tuple of float: Smallest and largest pixel in some 300 to 600 rows of `X`.",
    "best_epoch_": "int or None: The epoch of the best validation score, counted from 1.",
    "fit_time_": "float: Seconds that the last fit took.",
    "net_": "skorch.NeuralNetClassifier: The net that was trained; it predicts class numbers.",
}


class FittedAttributesMixin:
    """The fitted attributes of a classifier with a `net_`.

    They are properties, so that each fact is in one place: the net and its history.
    """

    @property
    def history_(self) -> pd.DataFrame:
        """DataFrame: One row for each epoch: losses, scores, learning rate, seconds."""
        columns = {new: self._column(old) for old, new in _COLUMNS.items()}
        return pd.DataFrame({name: c for name, c in columns.items() if c is not None})

    @property
    def n_iter_(self) -> int:
        """int: Number of epochs run."""
        return len(self._net.history)

    @property
    def loss_curve_(self) -> list[float]:
        """list of float: Mean training loss of each epoch, taken while it ran."""
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
        """list of float: Seconds that each epoch took."""
        return self._column("dur")

    @property
    def module_(self) -> nn.Module:
        """torch.nn.Module: The trained network."""
        return self._net.module_

    @property
    def device_(self) -> str:
        """str: The device that the network is on."""
        return str(self._net.device)

    @property
    def coefs_(self) -> list[np.ndarray]:
        """list of ndarray: Weights of each layer: (n_in, n_out), or (n_out, n_in, h, w)."""
        return [_weights(layer) for layer in self._layers()]

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """list of ndarray: Biases of each layer."""
        return [_array(layer.bias) for layer in self._layers()]

    @property
    def n_weights_(self) -> int:
        """int: Number of weights, without biases: 52,544 for 784-64-32-10."""
        return sum(coef.size for coef in self.coefs_)

    @property
    def n_parameters_(self) -> int:
        """int: Number of all trained parameters, biases included."""
        return sum(p.numel() for p in self.module_.parameters())

    @property
    def _net(self) -> Any:
        if "net_" not in vars(self):
            # An AttributeError, so that hasattr() says no.
            raise AttributeError(f"This {type(self).__name__} is not fitted yet: call fit first.")
        return self.__dict__["net_"]

    def _column(self, name: str) -> Any:
        # Epochs that were run without validation rows have none of its figures.
        rows = self._net.history
        column = [row.get(name, np.nan) for row in rows]
        return column if any(name in row for row in rows) else None

    def _layers(self) -> list[Any]:
        return [m for m in self.module_.modules() if isinstance(m, (nn.Linear, nn.Conv2d))]

    def __sklearn_is_fitted__(self) -> bool:
        return "net_" in vars(self)


def describe_attributes(cls: type) -> dict[str, tuple[str, str]]:
    """Return ``{name: (type, text)}`` of the fitted attributes of `cls`."""
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
