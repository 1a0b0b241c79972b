"""A classifier that abstains if its confidence is below a threshold."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray
    from sklearn.utils import Tags
    from typing_extensions import Self

_Method = TypeVar("_Method", bound="Callable[..., Any]")


def _available_if_estimator_has(name: str) -> Callable[[_Method], _Method]:
    """Make a method available only if the estimator has the method `name`."""

    def estimator_has(self: RejectClassifier) -> bool:
        getattr(getattr(self, "estimator_", self.estimator), name)
        return True

    return available_if(estimator_has)


class RejectClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Classifier that gives no label to what it isn't sure of, such as a picture of no digit.

    Parameters
    ----------
    estimator : estimator
        Any classifier with ``predict_proba``. Wrap one that is fitted in scikit-learn's
        ``FrozenEstimator``, so that it stays as it is.
    threshold : float
        The highest probability below which a picture is rejected, in [0, 1]; 0 rejects none.
    reject_label : int or str, default="auto"
        The label of the rejected; "auto" is -1 (where there are negative labels, the smallest minus
        one), or "rejected" where the labels are text.

    Attributes
    ----------
    estimator_ : estimator
        The fitted classifier.
    classes_ : ndarray of shape (n_classes,)
        Its labels, without the one of the rejected.
    reject_label_ : int or str
        The label of the rejected.
    n_features_in_, feature_names_in_
        Those of `estimator_`, where it has them.

    See Also
    --------
    skmnist.displays.CoverageDisplay : Which threshold to take.

    Notes
    -----
    ``score`` counts the rejected as wrong. A network may be sure of a picture unlike any that it
    was trained with: what is between the digits is rejected more readily than what is far from
    all of them, such as noise.

    References
    ----------
    C. K. Chow, "On optimum recognition error and reject tradeoff", IEEE Transactions on
    Information Theory 16, 41-46 (1970).

    Examples
    --------
    >>> from skmnist import MLPClassifier, RejectClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = RejectClassifier(MLPClassifier(random_state=0), threshold=0.9).fit(X[::2], y[::2])
    >>> digits, blends = X[1::2], X[:2500] // 2 + X[2500:] // 2  # two on top of one another
    >>> bool((clf.predict(blends) == -1).mean() > 2 * (clf.predict(digits) == -1).mean())
    True
    """

    estimator_: Any
    classes_: NDArray[Any]
    reject_label_: int | str

    def __init__(
        self, estimator: BaseEstimator, threshold: float, *, reject_label: int | str = "auto"
    ) -> None:
        self.estimator = estimator
        self.threshold = threshold
        self.reject_label = reject_label

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit a copy of `estimator`.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Pictures, in a form that `estimator` accepts.
        y : array-like of shape (n,)
            Labels.
        sample_weight : array-like of shape (n,), default=None
            For the estimator's ``fit``.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If `threshold` is not in [0, 1], or `reject_label` is one of the labels.
        """
        if not isinstance(self.threshold, Real) or not 0 <= self.threshold <= 1:
            raise ValueError(
                f"threshold={self.threshold!r}: pass the probability below which to reject, a "
                "number from 0 to 1."
            )
        if not hasattr(self.estimator, "predict_proba"):
            raise TypeError(
                f"{self.estimator!r:.200} has no predict_proba, whose highest probability says "
                "how sure it is. Wrap it in scikit-learn's CalibratedClassifierCV."
            )
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        estimator = clone(self.estimator).fit(X, y, **weights)
        self.reject_label_ = self._resolve_reject_label(estimator.classes_)
        self.estimator_, self.classes_ = estimator, estimator.classes_
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(estimator, name):
                setattr(self, name, getattr(estimator, name))
        return self

    def _resolve_reject_label(self, classes: np.ndarray) -> int | str:
        label = self.reject_label
        if isinstance(label, str) and label == "auto":
            is_numeric = classes.dtype.kind in "biuf"
            label = min(0, int(classes.min())) - 1 if is_numeric else "rejected"
        if label in classes.tolist():
            raise ValueError(
                f"The label of the rejected, {label!r}, is one of the labels in y: "
                f"{classes.tolist()}. Pass another reject_label."
            )
        return label

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable label of each picture, or that of the rejected.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Pictures, in a form that `estimator` accepts.

        Returns
        -------
        ndarray of shape (n,)
        """
        proba = self.predict_proba(X)
        labels = self.classes_[proba.argmax(axis=1)]
        rejected = proba.max(axis=1) < self.threshold
        if isinstance(self.reject_label_, str) != (labels.dtype.kind in "UO"):
            labels = labels.astype(object)  # so that numbers beside text stay numbers
        dtype = object if labels.dtype == object else None
        return np.where(rejected, np.asarray(self.reject_label_, dtype), labels)

    @_available_if_estimator_has("predict_proba")
    def predict_proba(self, X: ArrayLike) -> NDArray[np.floating]:
        """Return the probability of each class, rejected or not.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Pictures, in a form that `estimator` accepts.

        Returns
        -------
        ndarray of shape (n, n_classes)
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags
