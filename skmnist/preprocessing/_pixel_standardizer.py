"""Standardize pixels with one mean and one standard deviation."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self


class PixelStandardizer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Subtract one mean from all pixels and divide them by one standard deviation.

    Unlike scikit-learn's ``StandardScaler`` it uses the same two numbers for all pixels, so an
    image keeps its appearance, and pixels that are always black don't matter.

    Parameters
    ----------
    mean : "auto", float or None, default="auto"
        What to subtract from pixels in the range 0 to 1. "auto" learns it in `fit`, None subtracts
        nothing. MNIST's is 0.1307.
    std : "auto", float or None, default="auto"
        What to divide by then. "auto" learns it in `fit`, None does not divide. MNIST's is 0.3081.

    Attributes
    ----------
    mean_ : float
        The mean that is subtracted.
    std_ : float
        The standard deviation that pixels are divided by.
    pixel_scale_ : int
        What pixels are divided by first: 255 if those of the fit are whole numbers within 0..255
        that aren't all 0 or 1, else 1.
    n_features_in_ : int
        Number of features of the fit; for images of three and more dimensions, their height.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if all are strings.

    See Also
    --------
    sklearn.preprocessing.StandardScaler : A mean and a deviation for each feature.

    Examples
    --------
    A grid search that compares pipelines with and without it:

    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.pipeline import make_pipeline
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.preprocessing import PixelStandardizer
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> pipe = make_pipeline(PixelStandardizer(), MLPClassifier(max_epochs=2, random_state=0))
    >>> search = GridSearchCV(
    ...     pipe,
    ...     [
    ...         {"pixelstandardizer": ["passthrough", PixelStandardizer()]},
    ...         {"pixelstandardizer__mean": [0.5], "pixelstandardizer__std": [0.5]},
    ...     ],
    ...     cv=2,
    ... )
    >>> len(search.fit(X[::5], y[::5]).cv_results_["params"])
    3
    """

    mean_: float
    std_: float
    pixel_scale_: int
    n_features_in_: int
    feature_names_in_: np.ndarray

    def __init__(
        self,
        mean: Literal["auto"] | float | None = "auto",
        std: Literal["auto"] | float | None = "auto",
    ) -> None:
        self.mean = mean
        self.std = std

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn the mean and the standard deviation if they are "auto".

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or of more dimensions
            Images.
        y : Ignored
            Not needed.

        Returns
        -------
        self : PixelStandardizer
        """
        mean, std = (_check_constant(name, getattr(self, name)) for name in ("mean", "std"))
        X = self._validate(X, reset=True)
        low, high = X.min(), X.max()
        integers = X.dtype.kind in "ui" or (X == np.floor(X)).all()
        self.pixel_scale_ = 255 if integers and low >= 0 and 1 < high <= 255 else 1
        if mean == "auto":
            mean = X.mean(dtype=np.float64) / self.pixel_scale_
        if std == "auto":
            # As in scikit-learn's scalers, constant pixels are not divided.
            std = X.std(dtype=np.float64) / self.pixel_scale_ or 1.0
        self.mean_ = 0.0 if mean is None else float(mean)
        self.std_ = 1.0 if std is None else float(std)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float32 | np.float64]:
        """Scale the pixels to 0 to 1, subtract the mean and divide by the standard deviation.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or of more dimensions
            Images.

        Returns
        -------
        X_out : ndarray of the same shape, float32, or float64 if X is
            The standardized pixels.
        """
        check_is_fitted(self)
        X = self._validate(X, reset=False)
        dtype = X.dtype.type if X.dtype in (np.float32, np.float64) else np.float32
        # (X / scale - mean) / std in two operations, as there are many images.
        factor = 1 / (self.pixel_scale_ * self.std_)
        return X.astype(dtype, copy=False) * dtype(factor) - dtype(self.mean_ / self.std_)

    def _validate(self, X: Any, *, reset: bool) -> np.ndarray:
        if hasattr(X, "detach"):
            X = X.detach().cpu().numpy()
        return validate_data(self, X, dtype="numeric", allow_nd=True, reset=reset)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _check_constant(name: str, value: Any) -> Any:
    is_number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if value is None or value == "auto" or (is_number and (name == "mean" or value > 0)):
        return value
    expected = "a number" if name == "mean" else "a number above 0"
    raise ValueError(
        f'{name}={value!r}: wanted is "auto", {expected} (for pixels of 0 to 1) or None.'
    )
