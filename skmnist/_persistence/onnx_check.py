"""Comparison of an exported ONNX model with the original estimator."""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from sklearn.pipeline import Pipeline

from skmnist.exceptions import OnnxExportError

from .onnx_model import INPUT, LABELS, PROBABILITIES

if TYPE_CHECKING:
    from types import ModuleType

    from sklearn.base import BaseEstimator

    from skmnist._estimators.net_classifier import BaseNetClassifier

    from .estimator_module import EstimatorModule

TOLERANCE = 1e-5  # maximum difference of a probability

# Possible causes of a difference.
_PRECISION_HINT = (
    "The ONNX model computes in float32, which is not precise enough for pixel values this large. "
    "Fit on scaled pixels, for example from 0 to 1."
)
_CUSTOM_MODULE_HINT = (
    "Either the pixel values are too large for float32, or the module uses Python values that "
    "torch cannot export, such as x.max().item(). Use tensor operations instead."
)


def check_outputs(
    onnxruntime: ModuleType,
    content: bytes,
    estimator: BaseEstimator,
    clf: BaseNetClassifier,
    wrapper: EstimatorModule,
    input_shape: tuple[int, ...],
) -> None:
    """Raise an error if the outputs of the ONNX model differ from those of the estimator."""
    session = _make_session(onnxruntime, content)
    X = _noise(clf, wrapper.steps).reshape(-1, *input_shape)
    labels, proba = _reference_outputs(estimator, X)
    second, first = np.sort(proba, axis=1)[:, -2:].T
    is_clear = first - second > 2 * TOLERANCE
    for batch in (slice(1), slice(3), slice(None)):
        got_labels, got_proba = session.run([LABELS, PROBABILITIES], {INPUT: X[batch]})
        difference = np.abs(got_proba - proba[batch]).max()
        if not difference <= TOLERANCE:  # also if it is NaN
            raise OnnxExportError(
                "No file was written, because the probabilities of the ONNX model differ by "
                f"{difference:.1e} from those of {type(clf).__name__} (limit: {TOLERANCE:.0e}). "
                + (_CUSTOM_MODULE_HINT if clf._custom_module else _PRECISION_HINT)
            )
        if not (got_labels == labels[batch])[is_clear[batch]].all():
            raise OnnxExportError(
                "No file was written, because the labels that the ONNX model predicts differ from "
                f"those of {type(clf).__name__}."
            )


def _make_session(onnxruntime: ModuleType, content: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # a thread pool is slower for a few images
    options.log_severity_level = 3  # errors
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _reference_outputs(estimator: Any, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels and the probabilities of the estimator, at full precision."""
    estimator = copy.deepcopy(estimator)
    net = (estimator[-1] if isinstance(estimator, Pipeline) else estimator).net_
    net.config = net.config._replace(autocast=None)
    net.device = "cpu"  # GPUs round the inputs of convolutions to TF32
    net.module_.to("cpu")
    if hasattr(estimator, "feature_names_in_"):
        X = pd.DataFrame(X, columns=estimator.feature_names_in_)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PixelRangeWarning: the samples are noise
        return estimator.predict(X), estimator.predict_proba(X)


def _noise(clf: BaseNetClassifier, steps: Any) -> np.ndarray:
    """Return 40 samples of noise on the scale of the training data, from faint to strong."""
    rng = np.random.default_rng(0)
    low, high = clf.pixel_range_
    background = np.clip(0.0, low, high)
    noise = rng.uniform(low, high, (40, clf.n_features_in_)) - background
    noise *= np.linspace(0, 1, 40)[:, None]
    noise[rng.random(noise.shape) < rng.random((40, 1))] = 0
    x = torch.from_numpy(background + noise)
    for step in reversed(steps):
        x = step.inverse(x)
    return x.float().numpy()
