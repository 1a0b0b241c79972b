"""Read the weights of a network, and record the feature maps of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    from torch import nn

    FeatureMaps = tuple[nn.Module, np.ndarray]


def get_coefs(estimator: Any) -> list[np.ndarray]:
    """Return the weights of each layer.

    The shapes are (n_inputs, n_outputs) for linear layers and
    (n_kernels, n_channels, height, width) for convolutions. A linear model has one layer.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If the estimator has neither ``coefs_`` nor ``coef_``.
    """
    check_is_fitted(estimator)
    if hasattr(estimator, "coefs_"):
        return list(estimator.coefs_)
    if hasattr(estimator, "coef_"):
        coef = estimator.coef_
        coef = coef.toarray() if scipy.sparse.issparse(coef) else coef
        return [np.atleast_2d(coef).T]
    raise TypeError(
        f"{type(estimator).__name__} has no weights to show: it has neither coefs_ nor coef_. "
        "Pass a neural network or a linear model. For a pipeline pass its last step, for a search "
        "its best_estimator_."
    )


def record_feature_maps(estimator: Any, X: Any) -> list[tuple[nn.Conv2d, list[FeatureMaps]]]:
    """Predict one image and record the feature maps of each convolution with forward hooks.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier with the attribute ``module_``.
    X : array-like of shape (1, n_features)
        The image.

    Returns
    -------
    list of (layer, list of (layer, ndarray of shape (n_maps, height, width)))
        One entry for each convolution, in the order of execution. Its list starts with the
        convolution and ends before the next convolution or linear layer; each layer comes with
        its output.
    """
    from torch import is_tensor, nn

    blocks: list[tuple[nn.Module, list[FeatureMaps]]] = []

    def hook(layer: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            blocks.append((layer, []))
        if blocks and is_tensor(output) and output.dim() == 4:
            # Copy, because the next layer may modify its input in place.
            blocks[-1][1].append((layer, output[0].detach().float().cpu().numpy().copy()))

    leaves = [layer for layer in estimator.module_.modules() if not list(layer.children())]
    handles = [layer.register_forward_hook(hook) for layer in leaves]
    try:
        estimator.predict_proba(X)
    finally:
        for handle in handles:
            handle.remove()
    return [(layer, maps) for layer, maps in blocks if isinstance(layer, nn.Conv2d)]
