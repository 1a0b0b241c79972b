"""First step of a report: what a classifier does on test data, as one plain dict."""

import base64
import math
import time
from datetime import datetime, timezone

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
from skmnist.studies._jsonable import to_jsonable

from ._provenance import describe_data, describe_model, versions

_CONFIDENCE = 0.95
_BINS = 10  # of equal width, as in scikit-learn's CalibrationDisplay and in Guo et al. (2017)
_PAIRS = 10
_SMALLEST_SIDE = 8  # pixels; a square table of fewer features is rather no picture


def evaluate(estimator, X, y, *, display_labels=None, image_shape="auto", n_mistakes=12):
    """Return what a report says, as a dict that JSON can hold.

    The parameters are those of :meth:`EvaluationReport.from_estimator`.
    """
    name = type(estimator).__name__
    if not is_classifier(estimator):
        raise TypeError(f"{name} is no classifier; pass a fitted classifier.")
    check_is_fitted(estimator)
    if not isinstance(n_mistakes, (int, np.integer)) or n_mistakes < 0:
        raise ValueError(f"n_mistakes={n_mistakes!r}: pass an integer that is not negative.")
    X = X.detach().cpu().numpy() if hasattr(X, "detach") else X
    X = np.asarray(X) if isinstance(X, (list, tuple)) else X
    y = _check_target(estimator, X, y)

    start = time.perf_counter()
    y_pred = np.asarray(estimator.predict(X))
    predict_seconds = time.perf_counter() - start
    labels = _all_labels(estimator.classes_, y)
    true, pred = np.searchsorted(labels, y), np.searchsorted(labels, y_pred)
    proba = _probabilities(estimator, X, labels)

    left_out = {}
    model = describe_model(estimator, left_out)
    model["times"]["predict_seconds"] = predict_seconds
    if proba is None:
        left_out["calibration"] = (
            f"{name} has no predict_proba: there are no probabilities to judge."
        )
    elif len(labels) < 2:
        left_out["calibration"] = "with a single class every probability is 1."
    shape, left_out["pictures"] = _picture_shape(estimator, X, image_shape)
    counts = np.zeros((len(labels), len(labels)), int)
    np.add.at(counts, (true, pred), 1)
    return {
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        **model,
        "classes": to_jsonable(labels),
        "names": _names(estimator.classes_, labels, display_labels),
        "accuracy": accuracy(counts),
        "per_class": _per_class(true, pred, len(labels)),
        "confusion": counts.tolist(),
        "confused_pairs": confused_pairs(counts),
        "calibration": None if "calibration" in left_out else calibration(true, pred, proba),
        "mistakes": _mistakes(X, true, pred, proba, shape, n_mistakes),
        "data": describe_data(X, y),
        "versions": versions(),
        "left_out": {part: why for part, why in left_out.items() if why},
        "notes": _notes(estimator, labels, counts),
    }


def _check_target(estimator, X, y):
    """Return the labels as a one-dimensional array of the kind that the classifier predicts."""
    y = column_or_1d(y.detach().cpu() if hasattr(y, "detach") else y)
    check_consistent_length(X, y)
    if not len(y):
        raise ValueError("X_test and y_test are empty; pass at least one row to test on.")
    kind, classes = type_of_target(y), np.asarray(estimator.classes_)
    if kind not in ("binary", "multiclass"):
        raise ValueError(f"y_test is {kind}; the label of one class for each row is wanted.")
    if not set(y.tolist()) & set(classes.tolist()):
        raise ValueError(
            f"y_test holds {_some(np.unique(y))}, none of which {type(estimator).__name__} knows: "
            f"its classes_ are {_some(classes)}. Pass the labels in the form that fit got them."
        )
    return y


def _all_labels(classes, y):
    """Return the classes that were fitted and those that only the test holds, sorted."""
    unknown = set(y.tolist()) - set(np.asarray(classes).tolist())
    return np.union1d(classes, y) if unknown else np.unique(classes)


def _some(values):
    """Return the first values as a text."""
    return f"[{', '.join(repr(v) for v in values.tolist()[:5])}{', …' * (len(values) > 5)}]"


def _names(classes, labels, display_labels):
    """Return what to call the labels."""
    names = {}
    if display_labels is not None:
        if len(display_labels) != len(classes):
            raise ValueError(
                f"There are {len(display_labels)} display_labels for the {len(classes)} classes "
                f"{_some(np.asarray(classes))}; pass one name for each, in that order."
            )
        keys = to_jsonable(np.asarray(classes))
        names = dict(zip(keys, map(str, display_labels), strict=True))
    return [names.get(label, str(label)) for label in to_jsonable(labels)]


def _probabilities(estimator, X, labels):
    """Return a column for each label, of zeros for those the classifier doesn't know."""
    if not hasattr(estimator, "predict_proba"):
        return None
    known = np.asarray(estimator.predict_proba(X))
    proba = np.zeros((len(known), len(labels)), known.dtype)
    proba[:, np.searchsorted(labels, estimator.classes_)] = known
    return proba


# -- numbers from predictions: labels are numbers from here on ---------------------------------


def accuracy(counts):
    """Return the accuracy, its interval and what to hold it against, from a confusion matrix."""
    n, n_correct, support = int(counts.sum()), int(np.trace(counts)), counts.sum(axis=1)
    interval = binomtest(n_correct, n).proportion_ci(_CONFIDENCE, method="wilson")
    recall = np.diag(counts)[support > 0] / support[support > 0]
    return {
        "value": n_correct / n,
        "low": float(interval.low),
        "high": float(interval.high),
        "confidence": _CONFIDENCE,
        "method": "Wilson",
        "n_correct": n_correct,
        "n_samples": n,
        "balanced": float(recall.mean()),
        "most_frequent_class": float(support.max() / n),
    }


def _per_class(true, pred, n_classes):
    # Where nothing was predicted, or nothing is there to find, the ratio has no value: null.
    columns = precision_recall_fscore_support(
        true, pred, labels=range(n_classes), zero_division=np.nan
    )
    return dict(zip(("precision", "recall", "f1", "support"), to_jsonable(columns), strict=True))


def confused_pairs(counts, n=_PAIRS):
    """Return the most frequent mistakes; of equally frequent ones the rarer true class's first."""
    support = counts.sum(axis=1)
    pairs = [
        {"true": t, "predicted": p, "count": int(counts[t, p]), "share": counts[t, p] / support[t]}
        for t, p in np.argwhere(counts - np.diag(np.diag(counts))).tolist()
    ]
    pairs.sort(key=lambda pair: (-pair["count"], -pair["share"]))
    return to_jsonable(pairs[:n])


def calibration(true, pred, proba):
    """Return how far the probabilities can be believed.

    A row's confidence is the probability of the class that was predicted. The expected
    calibration error (ECE) is the mean distance, over rows, between the confidence and the
    accuracy of their bin: Guo et al., "On calibration of modern neural networks", ICML 2017.
    """
    confidence = proba[np.arange(len(pred)), pred]
    correct = true == pred
    edges = np.linspace(0, 1, _BINS + 1)
    numbers = np.searchsorted(edges[1:-1], confidence)
    bins = []
    for i in np.unique(numbers):
        inside = numbers == i
        bins.append(
            {
                "low": edges[i],
                "high": edges[i + 1],
                "n": inside.sum(),
                "confidence": confidence[inside].mean(),
                "accuracy": correct[inside].mean(),
            }
        )
    ece = sum(one["n"] * abs(one["accuracy"] - one["confidence"]) for one in bins) / len(pred)
    labels = range(proba.shape[1])
    return to_jsonable(
        {
            "log_loss": log_loss(true, proba, labels=labels),
            "brier": brier_score_loss(true, proba, labels=labels),
            "ece": ece,
            "n_bins": _BINS,
            "bins": bins,
        }
    )


def _notes(estimator, labels, counts):
    """Return what the reader should know about the test labels."""
    support = counts.sum(axis=1)
    missing, unknown = labels[support == 0], np.setdiff1d(labels, estimator.classes_)
    notes = []
    if len(missing):
        notes.append(
            f"y_test holds no row of the {_classes(missing)}: recall has no value there, and "
            "means are taken over the others."
        )
    if len(unknown):
        n_rows = support[np.isin(labels, unknown)].sum()
        notes.append(
            f"{type(estimator).__name__} was fitted without the {_classes(unknown)}: the "
            f"{n_rows:,} test rows of it can only be mistakes."
        )
    return notes


def _classes(labels):
    return f"class {labels[:1].tolist()[0]!r}" if len(labels) == 1 else f"classes {_some(labels)}"


# -- mistakes ----------------------------------------------------------------------------------


def _mistakes(X, true, pred, proba, shape, n):
    """Return the worst mistakes: those where the wrong class was given most above the true one.

    Without probabilities none is worse than another: the first ones are taken.
    """
    rows = np.flatnonzero(true != pred)
    total, p_true, p_pred = len(rows), None, None
    if proba is not None:
        margins = proba[rows, true[rows]] - proba[rows, pred[rows]]
        rows = rows[np.argsort(margins, kind="stable")]
    rows = rows[:n]
    if proba is not None:
        p_true = to_jsonable(proba[rows, true[rows]])
        p_pred = to_jsonable(proba[rows, pred[rows]])
    draw = shape is not None and len(rows)
    return {
        "n": total,
        "rows": to_jsonable(rows),
        "true": to_jsonable(true[rows]),
        "predicted": to_jsonable(pred[rows]),
        "proba_true": p_true,
        "proba_predicted": p_pred,
        "images": _encode(_take(X, rows).reshape(len(rows), *shape)) if draw else None,
    }


def _picture_shape(estimator, X, image_shape):
    """Return the shape of one picture and None, or None and why rows aren't shown as pictures."""
    if image_shape is None:
        return None, "image_shape=None was asked for."
    if isinstance(image_shape, str) and image_shape != "auto":
        raise ValueError(f"image_shape={image_shape!r}: pass 'auto', None, or (height, width).")
    shape = np.shape(X)
    given, n_features = (shape[1:] if len(shape) > 2 else None), math.prod(shape[1:])
    if given or image_shape != "auto":
        return resolve_image_shape(image_shape, given, n_features), None
    square = resolve_image_shape("auto", None, n_features)
    learnt = getattr(estimator, "image_shape_", square)
    if learnt[-2:] != square:
        return learnt, None  # the classifier was told
    how = "if they are pictures, say their size: image_shape=(height, width)."
    if min(square) < _SMALLEST_SIDE:
        return None, f"rows of shape {shape[1:]} are taken for a table; {how}"
    some = _take(X, np.arange(0, shape[0], max(1, shape[0] // 100)))
    if some.dtype.kind not in "buif" or not (some.min() >= 0 and some.max() <= 255):
        return None, f"the features aren't numbers from 0 to 255, as pixels are; {how}"
    return square, None


def _take(X, rows):
    """Return rows of an array, a sparse matrix or a DataFrame as an array."""
    if scipy.sparse.issparse(X):
        return X.tocsr()[rows].toarray()
    return np.asarray(X.iloc[rows] if hasattr(X, "iloc") else X[rows])


def _encode(images):
    """Return pictures as bytes, in base64: the darkest pixel of all 0, the brightest 255."""
    images = np.asarray(images, dtype=float)
    low, high = images.min(), images.max()
    pixels = np.rint(255 * (images - low) / max(high - low, 1e-12)).astype(np.uint8)
    return {"shape": list(pixels.shape), "pixels": base64.b64encode(pixels.tobytes()).decode()}


def decode_images(encoded):
    """Return pictures that :func:`evaluate` encoded as an array of bytes."""
    pixels = base64.b64decode(encoded["pixels"])
    return np.frombuffer(pixels, dtype=np.uint8).reshape(encoded["shape"])
