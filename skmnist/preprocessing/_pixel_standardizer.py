"""Standardize images with one mean and one standard deviation for all pixels."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from skmnist._utils.messages import invalid_parameter_message

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self


def _has_one_name_per_feature(standardizer: PixelStandardizer) -> bool:
    return getattr(standardizer, "_n_dims", 2) == 2


class PixelStandardizer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Standardize images with one mean and one standard deviation for all pixels.

    Unlike scikit-learn's ``StandardScaler``, it uses the same two numbers for all pixels. The
    appearance of an image is kept, and pixels that are always black need no special treatment.

    Parameters
    ----------
    mean : "auto", float or None, default="auto"
        Mean to subtract, for pixels in the range 0 to 1. If "auto", it is computed in `fit`. If
        None, nothing is subtracted. The mean of MNIST's training set is 0.1307.
    std : "auto", float or None, default="auto"
        Standard deviation to divide by, for pixels in the range 0 to 1. If "auto", it is computed
        in `fit`. If None, pixels are not divided. The standard deviation of MNIST's training set
        is 0.3081.

    Attributes
    ----------
    mean_ : float
        The mean that is subtracted.
    std_ : float
        The standard deviation that the pixels are divided by.
    pixel_scale_ : int
        The divisor that scales the pixels to the range 0 to 1. It is 255 if the training data are
        integers from 0 to 255 with at least one above 1, else 1.
    n_features_in_ : int
        Number of features seen during `fit`. For images of three or more dimensions, their height.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features seen during `fit`. Only defined if all of them are strings.

    See Also
    --------
    sklearn.preprocessing.StandardScaler : Standardize each feature separately.

    Examples
    --------
    Compare pipelines with and without standardization in a grid search:

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
    _n_dims: int

    def __init__(
        self,
        mean: Literal["auto"] | float | None = "auto",
        std: Literal["auto"] | float | None = "auto",
    ) -> None:
        self.mean = mean
        self.std = std

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Compute the mean and the standard deviation, if they are "auto".

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or of more dimensions
            The images.
        y : Ignored
            Not used, present for API consistency.

        Returns
        -------
        self : PixelStandardizer
            The fitted transformer.

        Raises
        ------
        ValueError
            If a parameter or `X` is invalid.
        """
        mean, std = (_check_constant(name, getattr(self, name)) for name in ("mean", "std"))
        X = self._validate(X, reset=True)
        low, high = X.min(), X.max()
        self._n_dims = X.ndim
        integers = X.dtype.kind in "ui" or (X == np.floor(X)).all()
        self.pixel_scale_ = 255 if integers and low >= 0 and 1 < high <= 255 else 1
        if mean == "auto":
            mean = X.mean(dtype=np.float64) / self.pixel_scale_
        if std == "auto":
            # Like scikit-learn's scalers, do not divide constant pixels by zero.
            std = X.std(dtype=np.float64) / self.pixel_scale_ or 1.0
        self.mean_ = 0.0 if mean is None else float(mean)
        self.std_ = 1.0 if std is None else float(std)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float32 | np.float64]:
        """Standardize images: scale to 0 to 1, subtract the mean, divide by the deviation.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or of more dimensions
            The images.

        Returns
        -------
        X_out : ndarray of the same shape as `X`, float32, or float64 if `X` is float64
            The standardized images.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        """
        check_is_fitted(self)
        X = self._validate(X, reset=False)
        dtype = X.dtype.type if X.dtype in (np.float32, np.float64) else np.float32
        # (X / scale - mean) / std in two array operations instead of three.
        factor = 1 / (self.pixel_scale_ * self.std_)
        return X.astype(dtype, copy=False) * dtype(factor) - dtype(self.mean_ / self.std_)

    @available_if(_has_one_name_per_feature)
    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Return the names of the output features, which are those of the input.

        It is not available if the transformer was fitted on images of three or more dimensions.
        Their pixels have no names, and `transform` returns arrays, whatever `set_output` says.

        Parameters
        ----------
        input_features : array-like of str, default=None
            The names of the input features.

        Returns
        -------
        names : ndarray of str of shape (n_features,)
            The names.
        """
        return super().get_feature_names_out(input_features)

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
    number = "a finite number" if name == "mean" else "a finite number greater than 0"
    expected = f"'auto', {number} or None"
    raise ValueError(invalid_parameter_message(name, "PixelStandardizer", expected, value))
