"""Checks of the data of a diagnosis."""

from __future__ import annotations

import numpy as np
from scipy import stats

from ._observations import MAX_RMS, Observations, Verdict, graded, not_checked, ok

_MIN_LARGEST = 0.02, 0.3  # largest input: error, warning
_MAX_RATIO = 3  # of the root mean squares of the training and the validation set


def pixel_range(seen: Observations) -> Verdict:
    """Check the scale of the inputs of the network."""
    data = seen.data
    evidence = (
        f"The inputs of {seen.name} range from {data.low:.3g} to {data.high:.3g}; the root mean "
        f"square of a sample is {data.rms:.2g}."
    )
    if data.low == data.high:
        return Verdict(
            "error",
            evidence + " All inputs are the same.",
            "Check how the images are read, and the steps before the classifier.",
        )
    other = data.rms if data.validation is None else data.validation.rms
    if not data.rms / _MAX_RATIO <= other <= _MAX_RATIO * data.rms:
        return Verdict(
            "error",
            f"The root mean square of a training sample is {data.rms:.2g}, that of a validation "
            f"sample {other:.2g}.",
            "Scale the validation samples as the training samples.",
        )
    if not seen.training.depends_on_scale:
        return ok(evidence + f" The scale does not matter for {seen.name}.")
    largest = max(-data.low, data.high)
    remedy = (
        "Scale the pixels to 0..1, for example X / 255, in fit and predict, or add a scaler as the "
        "first step of a Pipeline."
    )
    if data.rms > MAX_RMS[1]:
        return Verdict("error" if data.rms > MAX_RMS[0] else "warning", evidence, remedy)
    if 0 < largest < _MIN_LARGEST[1]:
        small = "error" if largest < _MIN_LARGEST[0] else "warning"
        return Verdict(small, evidence, "Scale the pixels to 0..1. Do not divide them twice.")
    return ok(evidence)


def _upper_limit(accuracy: float, n: int) -> float:
    """Return the accuracy on n samples that a classifier of this accuracy hardly ever reaches."""
    smoothed = (accuracy * n + 1) / (n + 2)
    return accuracy + max(4 * np.sqrt(smoothed * (1 - smoothed) / n), 0.05)


def _training_set_is_unrelated(seen: Observations) -> bool:
    data = seen.data
    limit = _upper_limit(data.majority, len(data.neighbor_labels))
    # Similar images get the same prediction, so that many of them are right or wrong at once.
    is_chance = seen.training.validation_accuracy < data.majority + 0.2 * (1 - data.majority)
    # If one class dominates, no classifier is much better than guessing.
    return data.reference_accuracy < min(limit, 0.9) and is_chance and limit < 1


def _validation_set_is_unrelated(seen: Observations) -> bool:
    validation, n = seen.data.validation, seen.training.n_validation
    if validation is None or seen.data.missing:
        return False
    accuracy = max(validation.accuracy, seen.training.validation_accuracy)
    is_worse = _upper_limit(accuracy, n) < validation.expected_accuracy
    return is_worse and accuracy < _upper_limit(validation.chance, n)


def labels(seen: Observations) -> Verdict:
    """Check that the labels have to do with the images."""
    data = seen.data
    evidence = (
        f"The nearest other images have the same label in {data.reference_accuracy:.1%} of the "
        f"cases; the most frequent class has {data.majority:.1%} of the samples."
    )
    if _training_set_is_unrelated(seen):
        return Verdict(
            "error",
            evidence + " The labels have nothing to do with the images.",
            "Check that X and y are in the same order: shuffle and split them together.",
        )
    if data.validation is not None and _validation_set_is_unrelated(seen):
        return Verdict(
            "error",
            "The nearest training images have the same label as a validation image in "
            f"{data.validation.accuracy:.1%} of the cases; {data.validation.expected_accuracy:.1%} "
            "is expected.",
            "Check that X_val and y_val are in the same order, and that X_val is prepared as X.",
        )
    return ok(evidence)


def leakage(seen: Observations) -> Verdict:
    """Check for validation samples that are in the training set."""
    if seen.data.validation is None:
        return not_checked("No validation set was passed (X_val, y_val).")
    leaked = seen.data.validation.leaked
    evidence = f"{leaked:.1%} of the validation samples are also in the training set."
    severity = graded(leaked, 0.01, 0.05)
    if severity:
        return Verdict(
            severity,
            evidence + " The validation accuracy is too optimistic.",
            "Remove them from one of the sets. Split before you copy or augment samples.",
        )
    return ok(evidence)


def duplicates(seen: Observations) -> Verdict:
    """Check for equal samples in the training set."""
    data = seen.data
    share = data.n_duplicates / data.n_samples
    evidence = (
        f"{data.n_duplicates:,} of {data.n_samples:,} training samples ({share:.1%}) are copies of "
        f"another one, {data.n_conflicts:,} of them with another label."
    )
    severity = graded(share, 0.02, 0.2)
    if severity:
        remedy = "Remove the copies, for example with numpy.unique(X, axis=0, return_index=True)."
        return Verdict(severity, evidence, remedy)
    return Verdict("info" if data.n_duplicates else "ok", evidence)


_MIN_REFERENCE = 0.3  # accuracy of the neighbors, below which they say little about a label
# Images that are only hard to predict are contradicted, too, but rarely by most of the neighbors.
_MIN_CONTRADICTED = 0.35  # fraction of the neighbors' mistakes that are label issues
_MAX_AGREED = 0.08  # fraction of clean samples whose neighbors mostly agree on another label


def label_noise(seen: Observations) -> Verdict:
    """Check for labels that are probably wrong."""
    data = seen.data
    if _training_set_is_unrelated(seen):
        return not_checked("The labels have nothing to do with the images.")
    if data.reference_accuracy < _MIN_REFERENCE:
        return not_checked(
            "The nearest neighbors, which give the out-of-fold probabilities, predict only "
            f"{data.reference_accuracy:.1%} of the labels."
        )
    issues = data.label_issues
    share = len(issues) / len(data.neighbor_labels)
    first = ", ".join(map(str, data.indices[issues[:5]]))
    evidence = (
        f"{len(issues):,} of {len(data.neighbor_labels):,} labels ({share:.1%}) contradict the "
        "confident out-of-fold prediction of the nearest neighbors"
        f"{f' (samples {first}, ...)' if len(issues) else ''}."
    )
    is_noise = share >= _MIN_CONTRADICTED * (
        1 - data.reference_accuracy
    ) and data.contradicted >= _MAX_AGREED + 2 * np.sqrt(_MAX_AGREED / len(data.indices))
    severity = graded(share, 0.08, 0.15)
    if severity and is_noise:
        return Verdict(
            severity,
            evidence,
            "Look at the samples in label_issues and correct their labels, or remove them.",
        )
    return Verdict("info" if len(issues) else "ok", evidence)


_MAX_P_VALUE = 0.001  # of equal classes


def class_imbalance(seen: Observations) -> Verdict:
    """Check for classes with few samples, or without any."""
    counts, missing = seen.data.class_counts, seen.data.missing
    if missing:
        return Verdict(
            "error",
            f"No training sample has one of the labels {missing} of the validation set, so these "
            "samples were left out.",
            "Add training samples of these classes, or split the samples with stratify=y.",
        )
    ratio = counts.max() / max(counts.min(), 1)
    evidence = f"The classes have {counts.min():,} to {counts.max():,} training samples."
    severity = graded(ratio, 5, 20)
    # Few random samples of classes of the same size may differ as much.
    if severity and stats.chisquare(counts).pvalue < _MAX_P_VALUE:
        return Verdict(
            severity,
            evidence,
            "Use class_weight='balanced' or more samples of the rare classes, and look at the "
            "balanced accuracy.",
        )
    return ok(evidence)
