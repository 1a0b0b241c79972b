"""Compute the results of a report as a dict that JSON can represent."""

from __future__ import annotations

import base64
import math
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import scipy.sparse
from scipy.stats import binomtest
from sklearn.base import is_classifier
from sklearn.metrics import (
    brier_score_loss,
    log_loss,
    precision_recall_fscore_support,
)
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skmnist._estimators.base import resolve_image_shape
from skmnist._utils.image_shape import channels_first
from skmnist._utils.validation import check_int
from skmnist.displays._images import pixel_limits
from skmnist.studies._jsonable import to_jsonable

from ._explanations import explain_mistakes
from ._provenance import describe_data, describe_model, versions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

Results = dict[str, Any]  # contains only types of JSON

_CONFIDENCE_LEVEL = 0.95
_N_BINS = 10  # of equal width, as in scikit-learn's CalibrationDisplay and in Guo et al. (2017)
_N_PAIRS = 10
_MIN_SIDE = 8  # pixels; fewer features are treated as tabular data


def evaluate(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    display_labels: Sequence[Any] | np.ndarray | None = None,
    image_shape: Literal["auto"] | Sequence[int] | None = "auto",
    n_mistakes: int = 12,
    explain: bool = True,
) -> Results:
    """Evaluate a fitted classifier; return a dict that JSON can represent.

    The parameters are those of :meth:`EvaluationReport.from_estimator`.
    """
    _check_parameters(estimator, n_mistakes)
    X = X.detach().cpu().numpy() if hasattr(X, "detach") else X
    X = np.asarray(X) if isinstance(X, (list, tuple)) else X
    y = _check_target(estimator, X, y)

    start = time.perf_counter()
    y_pred = np.asarray(estimator.predict(X))
    predict_time = time.perf_counter() - start
    labels = _merge_labels(estimator.classes_, y)
    true, pred = np.searchsorted(labels, y), np.searchsorted(labels, y_pred)
    proba = _predict_proba(estimator, X, labels)

    unavailable: dict[str, str] = {}
    model = describe_model(estimator, unavailable)
    model["times"]["predict_time"] = predict_time
    if proba is None:
        unavailable["calibration"] = (
            f"{type(estimator).__name__} has no predict_proba, so there are no probabilities to "
            "evaluate."
        )
    elif len(labels) < 2:
        unavailable["calibration"] = "There is only one class, so every probability is 1."
    shape, reason = _find_image_shape(estimator, X, image_shape)
    if reason:
        unavailable["images"] = reason
    counts = np.zeros((len(labels), len(labels)), int)
    np.add.at(counts, (true, pred), 1)
    mistakes = _mistakes(X, true, pred, proba, shape, n_mistakes)
    mistakes["explanations"] = _explanations(estimator, X, labels, mistakes, shape, explain)
    return {
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        **model,
        "classes": to_jsonable(labels),
        "display_labels": _resolve_display_labels(estimator.classes_, labels, display_labels),
        "accuracy": accuracy(counts),
        "per_class": _per_class(true, pred, len(labels)),
        "confusion_matrix": counts.tolist(),
        "confused_pairs": confused_pairs(counts),
        "calibration": None if proba is None or len(labels) < 2 else calibration(true, pred, proba),
        "mistakes": mistakes,
        "data": describe_data(X, y),
        "versions": versions(),
        "unavailable": unavailable,
        "notes": _notes(estimator, labels, counts),
    }


def _check_parameters(estimator: Any, n_mistakes: int) -> None:
    if not is_classifier(estimator):
        raise TypeError(
            "The 'estimator' parameter of EvaluationReport.from_estimator must be a fitted "
            f"classifier. Got {type(estimator).__name__} instead."
        )
    check_is_fitted(estimator)
    check_int("EvaluationReport.from_estimator", "n_mistakes", n_mistakes, minimum=0)


def _check_target(estimator: Any, X: Any, y: Any) -> np.ndarray:
    """Validate the labels; return them as a one-dimensional array."""
    y = column_or_1d(y.detach().cpu() if hasattr(y, "detach") else y)
    check_consistent_length(X, y)
    if not len(y):
        raise ValueError("X_test and y_test are empty. Pass at least one test sample.")
    kind, classes = type_of_target(y), np.asarray(estimator.classes_)
    if kind not in ("binary", "multiclass"):
        raise ValueError(
            "The 'y_test' parameter of EvaluationReport.from_estimator must contain one class "
            f"label for each sample. Got labels of the type {kind!r} instead."
        )
    if not set(y.tolist()) & set(classes.tolist()):
        name = type(estimator).__name__
        raise ValueError(
            f"y_test contains the labels {_preview(np.unique(y))}, but {name} was fitted on the "
            f"labels {_preview(classes)}. Pass labels of the same type as in fit."
        )
    return y


def _merge_labels(classes: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the sorted class labels of the classifier and of the test set."""
    unknown = set(y.tolist()) - set(np.asarray(classes).tolist())
    return np.union1d(classes, y) if unknown else np.unique(classes)


def _preview(values: np.ndarray) -> str:
    """Format the first values as a list."""
    return f"[{', '.join(repr(v) for v in values.tolist()[:5])}{', …' * (len(values) > 5)}]"


def _resolve_display_labels(
    classes: np.ndarray, labels: np.ndarray, display_labels: Sequence[Any] | np.ndarray | None
) -> list[str]:
    """Return the display label of each label."""
    names = {}
    if display_labels is not None:
        if len(display_labels) != len(classes):
            raise ValueError(
                "The 'display_labels' parameter of EvaluationReport.from_estimator must contain "
                f"one name for each of the {len(classes)} classes "
                f"{_preview(np.asarray(classes))}. Got {len(display_labels)} names instead."
            )
        keys = to_jsonable(np.asarray(classes))
        names = dict(zip(keys, map(str, display_labels), strict=True))
    return [names.get(label, str(label)) for label in to_jsonable(labels)]


def _predict_proba(estimator: Any, X: Any, labels: np.ndarray) -> np.ndarray | None:
    """Return the probability of each label; it is 0 for classes not seen in fit."""
    if not hasattr(estimator, "predict_proba"):
        return None
    fitted = np.asarray(estimator.predict_proba(X))
    proba = np.zeros((len(fitted), len(labels)), fitted.dtype)
    proba[:, np.searchsorted(labels, estimator.classes_)] = fitted
    return proba


# -- metrics: from here on labels are encoded as 0, 1, ... -------------------------------------


def accuracy(counts: np.ndarray) -> Results:
    """Return the accuracy, its interval and baselines, from a confusion matrix."""
    n, n_correct, support = int(counts.sum()), int(np.trace(counts)), counts.sum(axis=1)
    interval = binomtest(n_correct, n).proportion_ci(_CONFIDENCE_LEVEL, method="wilson")
    recall = np.diag(counts)[support > 0] / support[support > 0]
    return {
        "value": n_correct / n,
        "low": float(interval.low),
        "high": float(interval.high),
        "confidence": _CONFIDENCE_LEVEL,
        "method": "Wilson",
        "n_correct": n_correct,
        "n_samples": n,
        "balanced": float(recall.mean()),
        "most_frequent_class": float(support.max() / n),
    }


def _per_class(true: np.ndarray, pred: np.ndarray, n_classes: int) -> Results:
    # Precision without predicted samples and recall without true samples are undefined (null).
    columns = precision_recall_fscore_support(
        true, pred, labels=range(n_classes), zero_division=np.nan
    )
    return dict(zip(("precision", "recall", "f1", "support"), to_jsonable(columns), strict=True))


def confused_pairs(counts: np.ndarray, n: int = _N_PAIRS) -> list[Results]:
    """Return the most frequent pairs of a true and a wrong class.

    Pairs with equal counts are sorted by their fraction of the true class.
    """
    support = counts.sum(axis=1)
    pairs = [
        {
            "true": t,
            "predicted": p,
            "count": int(counts[t, p]),
            "fraction": counts[t, p] / support[t],
        }
        for t, p in np.argwhere(counts - np.diag(np.diag(counts))).tolist()
    ]
    pairs.sort(key=lambda pair: (-pair["count"], -pair["fraction"]))
    return to_jsonable(pairs[:n])


def calibration(true: np.ndarray, pred: np.ndarray, proba: np.ndarray) -> Results:
    """Return metrics of the calibration of the probabilities.

    The confidence of a sample is the probability of its predicted class. The expected calibration
    error (ECE) is the mean over samples of the difference between accuracy and mean confidence in
    their bin: Guo et al., "On calibration of modern neural networks", ICML 2017.
    """
    confidence = proba[np.arange(len(pred)), pred]
    correct = true == pred
    edges = np.linspace(0, 1, _N_BINS + 1)
    indices = np.searchsorted(edges[1:-1], confidence)
    bins = []
    for i in np.unique(indices):
        in_bin = indices == i
        bins.append(
            {
                "low": edges[i],
                "high": edges[i + 1],
                "n": in_bin.sum(),
                "confidence": confidence[in_bin].mean(),
                "accuracy": correct[in_bin].mean(),
            }
        )
    ece = sum(b["n"] * abs(b["accuracy"] - b["confidence"]) for b in bins) / len(pred)
    labels = range(proba.shape[1])
    return to_jsonable(
        {
            "log_loss": log_loss(true, proba, labels=labels),
            "brier": brier_score_loss(true, proba, labels=labels),
            "ece": ece,
            "n_bins": _N_BINS,
            "bins": bins,
        }
    )


def _notes(estimator: Any, labels: np.ndarray, counts: np.ndarray) -> list[str]:
    """Return notes on classes that are missing in the test set or in the training set."""
    support = counts.sum(axis=1)
    missing, unknown = labels[support == 0], np.setdiff1d(labels, estimator.classes_)
    notes = []
    if len(missing):
        notes.append(
            f"y_test contains no samples of the {_format_classes(missing)}. Their recall is "
            "undefined, and means are computed over the other classes."
        )
    if len(unknown):
        n_samples = support[np.isin(labels, unknown)].sum()
        notes.append(
            f"{type(estimator).__name__} was not fitted on the {_format_classes(unknown)}, so the "
            f"predictions for these {n_samples:,} test samples are wrong."
        )
    return notes


def _format_classes(labels: np.ndarray) -> str:
    if len(labels) == 1:
        return f"class {labels[:1].tolist()[0]!r}"
    return f"classes {_preview(labels)}"


# -- mistakes ----------------------------------------------------------------------------------


def _mistakes(
    X: Any,
    true: np.ndarray,
    pred: np.ndarray,
    proba: np.ndarray | None,
    shape: tuple[int, ...] | None,
    n: int,
) -> Results:
    """Return the mistakes with the largest margin between the predicted and the true class.

    Without probabilities, the first mistakes are returned.
    """
    indices = np.flatnonzero(true != pred)
    total = len(indices)
    if proba is not None:
        margins = proba[indices, true[indices]] - proba[indices, pred[indices]]
        indices = indices[np.argsort(margins, kind="stable")]
    indices = indices[:n]
    p_true = p_pred = images = None
    if proba is not None:
        p_true = to_jsonable(proba[indices, true[indices]])
        p_pred = to_jsonable(proba[indices, pred[indices]])
    if shape is not None and len(indices):
        images = _encode_images(channels_first(_safe_indexing(X, indices), shape))
    return {
        "n": total,
        "indices": to_jsonable(indices),
        "true": to_jsonable(true[indices]),
        "predicted": to_jsonable(pred[indices]),
        "proba_true": p_true,
        "proba_predicted": p_pred,
        "images": images,
    }


def _explanations(
    estimator: Any,
    X: Any,
    labels: np.ndarray,
    mistakes: Results,
    shape: tuple[int, ...] | None,
    explain: bool,
) -> Results | None:
    """Return what speaks for the true and the predicted class of each mistake, or None."""
    known = np.isin(labels[mistakes["true"]], estimator.classes_)
    if not explain or mistakes["images"] is None or mistakes["proba_true"] is None:
        return None
    if shape is None or not known.all():
        return None
    indices = np.array(mistakes["indices"])
    pairs = [
        tuple(np.searchsorted(estimator.classes_, labels[[true, predicted]]).tolist())
        for true, predicted in zip(mistakes["true"], mistakes["predicted"], strict=True)
    ]
    samples = [
        X.iloc[[i]] if hasattr(X, "iloc") else _safe_indexing(X, np.array([i])) for i in indices
    ]
    return explain_mistakes(estimator, samples, shape, pairs)


def _find_image_shape(
    estimator: Any, X: Any, image_shape: Literal["auto"] | Sequence[int] | None
) -> tuple[tuple[int, ...] | None, str | None]:
    """Return the shape of one image and None, or None and the reason why no images are shown."""
    if image_shape is None:
        return None, "image_shape=None was passed."
    if isinstance(image_shape, str) and image_shape != "auto":
        raise ValueError(
            "The 'image_shape' parameter of EvaluationReport.from_estimator must be 'auto', None "
            f"or a tuple such as (height, width). Got {image_shape!r} instead."
        )
    shape = np.shape(X)
    input_shape, n_features = (shape[1:] if len(shape) > 2 else None), math.prod(shape[1:])
    if input_shape or image_shape != "auto":
        return resolve_image_shape(image_shape, input_shape, n_features), None
    square = resolve_image_shape("auto", None, n_features)
    fitted = getattr(estimator, "image_shape_", square)
    if fitted[-2:] != square:
        return fitted, None  # not the default, so it was set by the user
    advice = "If the samples are images, pass image_shape=(height, width)."
    if min(square) < _MIN_SIDE:
        return None, f"Samples of shape {shape[1:]} are treated as tabular data. {advice}"
    sample = _safe_indexing(X, np.arange(0, shape[0], max(1, shape[0] // 100)))
    if sample.dtype.kind not in "buif" or not (sample.min() >= 0 and sample.max() <= 255):
        return None, f"The features are not in the range [0, 255] of pixels. {advice}"
    return square, None


def _safe_indexing(X: Any, indices: np.ndarray) -> np.ndarray:
    """Return samples of an array, a sparse matrix or a DataFrame as an array."""
    if scipy.sparse.issparse(X):
        return X.tocsr()[indices].toarray()
    return np.asarray(X.iloc[indices] if hasattr(X, "iloc") else X[indices])


def _encode_images(images: np.ndarray) -> Results:
    """Scale images jointly to [0, 255]; return them as bytes in base64."""
    low, high = pixel_limits(images)
    pixels = np.rint(255 * (images.astype(float) - low) / max(high - low, 1e-12)).astype(np.uint8)
    return {"shape": list(pixels.shape), "pixels": base64.b64encode(pixels.tobytes()).decode()}


def decode_images(encoded: Results) -> np.ndarray:
    """Decode the images in the results of :func:`evaluate` to an array of uint8."""
    pixels = base64.b64decode(encoded["pixels"])
    return np.frombuffer(pixels, dtype=np.uint8).reshape(encoded["shape"])
