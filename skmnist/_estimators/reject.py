"""A classifier that abstains if its confidence is below a threshold."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skmnist._utils.argument_names import suggest_arguments
from skmnist._utils.messages import invalid_parameter_message, repr_value

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
    """Meta-classifier that abstains if its confidence is below a threshold.

    It rejects a sample when the highest predicted probability is below `threshold`.

    Parameters
    ----------
    estimator : estimator
        Any classifier with ``predict_proba``. To use a fitted classifier without fitting it again,
        wrap it in :class:`sklearn.frozen.FrozenEstimator`.
    threshold : float
        Samples whose highest class probability is below this threshold are rejected. It must be in
        [0, 1]; 0 rejects no samples.
    reject_label : int or str, default="auto"
        Label of rejected samples. "auto": "rejected" for string labels, otherwise -1 (or the
        smallest label minus 1 if there are negative labels).

    Attributes
    ----------
    estimator_ : estimator
        The fitted classifier.
    classes_ : ndarray of shape (n_classes,)
        Class labels, without the label of rejected samples.
    reject_label_ : int or str
        Label of rejected samples.
    n_features_in_ : int
        Number of features of `estimator_`, if it is defined.
    feature_names_in_ : ndarray of str
        Feature names of `estimator_`, if they are defined.

    See Also
    --------
    skmnist.displays.CoverageDisplay : Plot of accuracy against coverage, to choose a threshold.

    Notes
    -----
    ``score`` counts rejected samples as wrong. Images that resemble two digits are often rejected,
    but a network can be confident about images that are very different from its training data, such
    as noise.

    References
    ----------
    C. K. Chow, "On optimum recognition error and reject tradeoff", IEEE Transactions on
    Information Theory 16, 41-46 (1970).

    Examples
    --------
    >>> from skmnist import MLPClassifier, RejectClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = RejectClassifier(MLPClassifier(random_state=0), threshold=0.9)
    >>> clf = clf.fit(X[::2], y[::2])

    Blends of two digits are rejected more often than digits:

    >>> digits, blends = X[1::2], X[:2500] // 2 + X[2500:] // 2
    >>> digits_rejected = (clf.predict(digits) == -1).mean()
    >>> blends_rejected = (clf.predict(blends) == -1).mean()
    >>> bool(blends_rejected > 2 * digits_rejected)
    True
    """

    estimator_: Any
    classes_: NDArray[Any]
    reject_label_: int | str

    @suggest_arguments
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
        X : array-like of shape (n_samples, ...)
            Training samples, in any format that `estimator` accepts.
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, passed to the ``fit`` method of the estimator.

        Returns
        -------
        self : object
            The fitted classifier.

        Raises
        ------
        ValueError
            If `threshold` is not in [0, 1], or `reject_label` is one of the class labels.
        TypeError
            If `estimator` has no method ``predict_proba``.
        """
        if not isinstance(self.threshold, Real) or not 0 <= self.threshold <= 1:
            raise ValueError(
                invalid_parameter_message(
                    "threshold", "RejectClassifier", "a float in the range [0, 1]", self.threshold
                )
            )
        if not hasattr(self.estimator, "predict_proba"):
            raise TypeError(
                "The 'estimator' parameter of RejectClassifier must be a classifier with "
                f"predict_proba. Got {self.estimator!r:.200} instead. Wrap it in scikit-learn's "
                "CalibratedClassifierCV."
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
                "The 'reject_label' parameter of RejectClassifier must not be one of the class "
                f"labels {classes.tolist()}. Got {repr_value(label)} instead."
            )
        return label

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Predict the class labels, or `reject_label_` for rejected samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Samples, in any format that `estimator` accepts.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,)
            The predicted labels.
        """
        proba = self.predict_proba(X)
        labels = self.classes_[proba.argmax(axis=1)]
        rejected = proba.max(axis=1) < self.threshold
        if isinstance(self.reject_label_, str) != (labels.dtype.kind in "UO"):
            labels = labels.astype(object)  # numbers and strings in one array
        dtype = object if labels.dtype == object else None
        return np.where(rejected, np.asarray(self.reject_label_, dtype), labels)

    @_available_if_estimator_has("predict_proba")
    def predict_proba(self, X: ArrayLike) -> NDArray[np.floating]:
        """Predict class probabilities, also for rejected samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Samples, in any format that `estimator` accepts.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            The columns are in the order of ``classes_``.
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags
