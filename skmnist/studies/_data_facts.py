"""Facts about labeled images: scale, duplicates, leakage, balance and suspicious labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_SAMPLES = 4000  # for the neighbors, whose time grows with the square
N_NEIGHBORS = 10
_BLOCK = 512  # samples whose distances are computed at once
# Copies that were stored with a loss: the squared distance, relative to the squared norm.
_COPY = 1e-4


@dataclass(frozen=True)
class ValidationFacts:
    """Facts about a validation set.

    Parameters
    ----------
    leaked : float
        Fraction of the samples that are (almost) equal to a training sample.
    rms : float
        As that of the training samples.
    accuracy : float
        Accuracy of the nearest training samples.
    expected_accuracy : float
        The same if they predict each class as well as in the training set.
    chance : float
        The same if the predictions have nothing to do with the labels.
    """

    leaked: float
    rms: float
    accuracy: float
    expected_accuracy: float
    chance: float


@dataclass(frozen=True)
class DataFacts:
    """Facts about a training set and a validation set.

    Parameters
    ----------
    low, high : float
        Range of the inputs of the last step of the estimator.
    rms : float
        Median over the samples of the root mean square of the inputs.
    class_counts : ndarray of shape (n_classes,)
        Number of training samples of each class.
    missing : list
        Labels of the validation samples that no training sample has.
    n_samples : int
        Number of training samples.
    n_duplicates : int
        Training samples that are equal to an earlier one.
    n_conflicts : int
        Those of them with another label than the earlier one.
    validation : ValidationFacts or None
        Facts about the validation samples, if the user passed some.
    neighbor_proba : ndarray of shape (n, n_classes)
        Out-of-fold probabilities of a part of the training samples: the fractions of the classes
        among the nearest other samples.
    neighbor_labels : ndarray of shape (n,)
        The class indices of these samples.
    indices : ndarray of shape (n,)
        The indices of these samples in the training set.
    """

    low: float
    high: float
    rms: float
    class_counts: NDArray[np.int64]
    missing: list[Any]
    n_samples: int
    n_duplicates: int
    n_conflicts: int
    validation: ValidationFacts | None
    neighbor_proba: NDArray[np.float64]
    neighbor_labels: NDArray[np.int64]
    indices: NDArray[np.int64]

    @property
    def reference_accuracy(self) -> float:
        """Out-of-fold accuracy of the nearest neighbors."""
        return float((self.neighbor_proba.argmax(axis=1) == self.neighbor_labels).mean())

    @property
    def label_issues(self) -> NDArray[np.int64]:
        """Which of these samples have a label that is probably wrong."""
        return find_label_issues(self.neighbor_labels, self.neighbor_proba)

    @property
    def contradicted(self) -> float:
        """Fraction of the samples most of whose neighbors have the same other label."""
        own = self.neighbor_proba[np.arange(len(self.neighbor_labels)), self.neighbor_labels]
        most = self.neighbor_proba.max(axis=1)
        # If a label is often mistaken for the same other one, some neighbors have the wrong one.
        return float(((most > 0.55) & (own < 0.15) | (most > 0.65) & (own < 0.35)).mean())

    @property
    def majority(self) -> float:
        """Fraction of the most frequent class."""
        return float(self.class_counts.max() / self.class_counts.sum())


def find_facts(
    X: np.ndarray,
    y: np.ndarray,
    X_val: np.ndarray | None,
    y_val: np.ndarray | None,
    *,
    missing: list[Any],
    scale: float,
    seed: int,
) -> DataFacts:
    """Compute the facts.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Training samples as the last step of the estimator receives them.
    y : ndarray of shape (n_samples,)
        Class indices.
    X_val : ndarray of shape (n, n_features) or None
        Validation samples.
    y_val : ndarray of shape (n,) or None
        Their class indices.
    missing : list
        Labels of the validation samples that no training sample has.
    scale : float
        The last step divides the inputs by it.
    seed : int
        Seed of the choice of the samples whose neighbors are computed.
    """
    first, is_copy = _first_copies(X)
    indices = np.arange(len(X))
    if len(X) > _MAX_SAMPLES:
        rng = np.random.default_rng(seed)
        indices = np.sort(rng.choice(len(X), _MAX_SAMPLES, replace=False))
    some = X[indices].astype(np.float32) / np.float32(scale)
    one_hot = np.eye(y.max() + 1)[y[indices]]
    neighbor_proba = _neighbor_proba(some, some, one_hot)
    validation = None
    if X_val is not None and y_val is not None:
        val = X_val.astype(np.float32) / np.float32(scale)
        predicted = _neighbor_proba(val[:_MAX_SAMPLES], some, one_hot).argmax(axis=1)
        is_right = neighbor_proba.argmax(axis=1) == y[indices]
        recall = one_hot.T @ is_right / np.maximum(one_hot.sum(axis=0), 1)
        validation = ValidationFacts(
            leaked=_leaked(X.astype(np.float32) / np.float32(scale), val),
            rms=_rms(val),
            accuracy=float((predicted == y_val[:_MAX_SAMPLES]).mean()),
            expected_accuracy=float(recall[y_val].mean()),
            chance=float(_frequencies(predicted, len(recall)) @ _frequencies(y_val, len(recall))),
        )
    return DataFacts(
        low=float(X.min()) / scale,
        high=float(X.max()) / scale,
        rms=_rms(some),
        class_counts=np.bincount(y),
        missing=missing,
        n_samples=len(X),
        n_duplicates=int(is_copy.sum()),
        n_conflicts=int((y[first] != y)[is_copy].sum()),
        validation=validation,
        neighbor_proba=neighbor_proba,
        neighbor_labels=y[indices],
        indices=indices,
    )


def _frequencies(y: np.ndarray, n_classes: int) -> np.ndarray:
    return np.bincount(y, minlength=n_classes) / len(y)


def _rms(X: np.ndarray) -> float:
    """Return the median over the samples of the root mean square of the inputs."""
    return float(np.median(np.sqrt(np.square(X, dtype=np.float64).mean(axis=1))))


def _first_copies(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each sample the index of the first equal one, and whether that is another one."""
    keys = np.ascontiguousarray(X).view(f"V{X.dtype.itemsize * X.shape[1]}").ravel()
    seen: dict[bytes, int] = {}
    first = np.array([seen.setdefault(key.tobytes(), i) for i, key in enumerate(keys)])
    return first, first != np.arange(len(X))


def _leaked(train: np.ndarray, val: np.ndarray) -> float:
    """Return the fraction of the validation samples with an (almost) equal training sample."""
    norms = np.maximum(np.square(val).sum(axis=1), 1e-12)
    leaked = 0
    for start in range(0, len(val), _BLOCK):
        part = val[start : start + _BLOCK]
        nearest = np.full(len(part), np.inf)
        for other in range(0, len(train), 8 * _BLOCK):
            distances = _squared_distances(part, train[other : other + 8 * _BLOCK])
            nearest = np.minimum(nearest, distances.min(axis=1))
        leaked += int((nearest <= _COPY * norms[start : start + _BLOCK]).sum())
    return leaked / len(val)


def _squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    products = a @ b.T
    return np.square(a).sum(axis=1)[:, None] - 2 * products + np.square(b).sum(axis=1)


def _neighbor_proba(X: np.ndarray, others: np.ndarray, one_hot: np.ndarray) -> np.ndarray:
    """Return the fractions of the classes among the nearest of the others; copies do not count."""
    # Centered, so that rounding errors of the distances are small.
    center = others.mean(axis=0)
    X, others = X - center, others - center
    norms = np.maximum(np.square(X).sum(axis=1), 1e-12)
    n_neighbors = min(N_NEIGHBORS, len(others) - 1)
    proba = np.zeros((len(X), one_hot.shape[1]))
    for start in range(0, len(X), _BLOCK):
        part = slice(start, start + _BLOCK)
        distances = _squared_distances(X[part], others)
        distances[distances <= _COPY * norms[part, None]] = np.inf
        nearest = np.argpartition(distances, n_neighbors - 1, axis=1)[:, :n_neighbors]
        proba[part] = one_hot[nearest].mean(axis=1)
    return proba


def find_label_issues(y: np.ndarray, proba: np.ndarray) -> NDArray[np.int64]:
    """Return the indices of the samples whose label is probably wrong.

    Confident learning (C. Northcutt, L. Jiang, I. Chuang, "Confident learning: estimating
    uncertainty in dataset labels", JAIR 2021): the threshold of a class is the mean probability
    that its own samples get for it. A label is suspicious if the most probable of the classes above
    their thresholds is another one, and the prediction differs from the label, too.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Class indices.
    proba : ndarray of shape (n_samples, n_classes)
        Out-of-fold probabilities.
    """
    n_classes = proba.shape[1]
    thresholds = np.array(
        [proba[y == k, k].mean() if (y == k).any() else np.inf for k in range(n_classes)]
    )
    confident = proba >= thresholds - 1e-6
    likely = np.where(confident, proba, -1).argmax(axis=1)
    suspicious = confident.any(axis=1) & (likely != y) & (proba.argmax(axis=1) != y)
    return np.flatnonzero(suspicious)
