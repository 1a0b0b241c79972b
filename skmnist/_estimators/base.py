"""Base class of the classifiers: input validation, label encoding and prediction methods."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import scipy.sparse
import scipy.special
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, validate_data

from skmnist._utils.argument_names import suggest_argument
from skmnist._utils.image_shape import is_channels_last
from skmnist._utils.messages import invalid_parameter_message, repr_value
from skmnist.exceptions import InvalidParameterError

from .array_conversion import as_numpy, images_as_numpy
from .label_column import check_no_label_column
from .pixel_range import pixel_statistics, warn_on_bad_scale, warn_on_range_shift

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from sklearn.utils import Tags
    from typing_extensions import Self


class BaseImageClassifier(ClassifierMixin, BaseEstimator):
    """Base class of the classifiers: validate the input, encode and decode the labels."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.three_d_array = True
        return tags

    def set_params(self, **params: Any) -> Self:
        """Set the parameters of this estimator.

        Parameters
        ----------
        **params : dict
            Parameters of the class.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If a parameter does not exist. The message suggests the one that is meant.
        """
        names = self._get_param_names()
        for name in params:
            owner = getattr(self, name.partition("__")[0], None)
            if name not in names and not hasattr(owner, "set_params"):
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {type(self).__name__}."
                    f"{suggest_argument(name, names)} Valid parameters are: {names!r}."
                )
        return super().set_params(**params)

    def _check_data(
        self,
        X: Any,
        y: Any = "no_validation",
        sample_weight: Any = None,
        *,
        reset: bool,
        finite: bool = True,
    ) -> Any:
        """Validate the data, and return it as arrays.

        Parameters
        ----------
        X, y, sample_weight
            As the user passed them. The default of `y` means that there is none.
        reset : bool
            Whether to set `n_features_in_`, `feature_names_in_`, the image shape and the pixel
            range. Otherwise X is compared with them.
        finite : bool, default=True
            Whether to reject NaN and infinity in a floating-point array.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            C-contiguous, of dtype uint8, float32 or float64.
        y : ndarray of shape (n_samples,)
            Only returned if `y` was passed, without the samples of weight zero.
        sample_weight : ndarray of shape (n_samples,) or None
            Only returned if `y` was passed. None: equal weights.
        """
        X, y, sample_weight = images_as_numpy(X), as_numpy(y), as_numpy(sample_weight)
        given, shape = X, None
        if getattr(X, "ndim", 2) == 1:
            # scikit-learn's message contains all the pixels.
            raise ValueError(
                f"Expected 2D array, got 1D array instead: X has shape {X.shape}. Reshape your "
                "data with X.reshape(1, -1) if it is a single sample, or with X.reshape(-1, 1) if "
                "it has a single feature."
            )
        if getattr(X, "ndim", 2) in (3, 4):
            X, shape = _flatten(X)
            if shape != self._declared_image_shape(reset):
                has_image_shape = reset and hasattr(self, "image_shape")
                _check_channels_first(given.shape, has_image_shape=has_image_shape)
        if not reset:
            self._check_shape(X, shape)
        is_integer = _is_integer_frame(X)
        checked = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            dtype="numeric",
            ensure_all_finite=finite or not _is_float_array(X),
            reset=reset,
        )
        X, y = checked if isinstance(checked, tuple) else (checked, None)
        if y is not None:
            check_classification_targets(y)
        if sample_weight is not None:
            X, y, sample_weight = _drop_zero_weight(X, y, sample_weight)
        X = X.toarray() if scipy.sparse.issparse(X) else X
        X, are_bytes = _as_pixels(X.astype(np.int64) if is_integer and X.dtype.kind == "f" else X)
        owner = type(self).__name__
        if reset:
            self._input_image_shape = shape
            self._fit_pixel_range(X, are_bytes)
            if y is not None and shape is None:
                check_no_label_column(X, y, given)
            warn_on_bad_scale(owner, X, given, self.pixel_scale_)
        else:
            warn_on_range_shift(owner, X, self.pixel_range_, self._mean_abs_pixel)
        return X if y is None else (X, y, sample_weight)

    def _declared_image_shape(self, reset: bool) -> tuple[int, ...] | None:
        """Return the shape of one image that the parameter or the previous fit states, or None."""
        if not reset:
            return self.image_shape_
        image_shape = getattr(self, "image_shape", None)
        return None if image_shape is None or isinstance(image_shape, str) else tuple(image_shape)

    def _fit_pixel_range(self, X: np.ndarray, are_bytes: bool) -> None:
        # Integers in 0..255 are divided by 255, unless all are 0 or 1. Bool and floating-point
        # pixels are used unchanged.
        self.pixel_scale_ = 255.0 if are_bytes and X.max() > 1 else 1.0
        self.pixel_range_, self._mean_abs_pixel = pixel_statistics(X)

    def _check_shape(self, X: Any, shape: tuple[int, ...] | None) -> None:
        name = type(self).__name__
        given = getattr(X, "shape", None)
        if shape is None and given == self.image_shape_ and given[1] != self.n_features_in_:
            raise ValueError(
                f"Expected a batch of images, got a single image of shape {given}. Pass X[None] to "
                f"{name} for a batch of one."
            )
        if shape is None or shape == self.image_shape_:
            return
        # The channel axis of a grayscale image is optional.
        if shape[-2:] != self.image_shape_[-2:] and np.prod(shape) == self.n_features_in_:
            raise ValueError(
                f"X contains images of shape {shape}, but {name} was fitted on images of shape "
                f"{self.image_shape_}."
            )

    def _fit_classes(self, y: np.ndarray, classes: ArrayLike | None = None) -> None:
        """Set `classes_` to the given classes, or to the labels in y."""
        self.classes_ = np.unique(y if classes is None else as_numpy(classes))
        if len(self.classes_) < 2:
            raise ValueError(
                f"y contains only one class ({repr_value(self.classes_[0])}), but "
                f"{type(self).__name__} requires at least two classes."
            )

    def _check_same_classes(self, classes: ArrayLike | None) -> None:
        """Raise scikit-learn's error if `classes` differs from that of the first call."""
        if classes is not None:
            classes = np.unique(as_numpy(classes))
            if not np.array_equal(self.classes_, classes):
                raise ValueError(
                    f"`classes={classes!r}` is not the same as on last call to partial_fit, was: "
                    f"{self.classes_!r}"
                )

    def _encode(self, y: np.ndarray) -> np.ndarray:
        """Return the class indices of the labels y."""
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y contains the labels {unknown.tolist()}, which are not among the classes "
                f"{self.classes_.tolist()}. For partial_fit, pass all labels as classes in the "
                "first call."
            )
        return np.searchsorted(self.classes_, y).astype(np.int64)

    # -- prediction --------------------------------------------------------------------------

    def _logits(self, X: Any) -> np.ndarray:
        """Return the logits, of shape (n_samples, n_classes)."""
        raise NotImplementedError

    def decision_function(self, X: ArrayLike) -> NDArray[np.floating]:
        """Return the logits; their softmax is :meth:`predict_proba`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Images, in any format that :meth:`fit` accepts.

        Returns
        -------
        scores : ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            For two classes: the logit of the second class minus the logit of the first.
        """
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits

    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.floating]:
        """Predict log-probabilities.

        This is more accurate than the logarithm of :meth:`predict_proba` for small probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Images, in any format that :meth:`fit` accepts.

        Returns
        -------
        log_proba : ndarray of shape (n_samples, n_classes)
            The columns are in the order of ``classes_``.
        """
        return scipy.special.log_softmax(self._logits(X), axis=1)

    def predict_proba(self, X: ArrayLike) -> NDArray[np.floating]:
        """Predict class probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Images, in any format that :meth:`fit` accepts.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            The columns are in the order of ``classes_``; the probabilities of each sample sum to 1.
        """
        return scipy.special.softmax(self._logits(X), axis=1)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the class labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Images, in any format that :meth:`fit` accepts.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,)
            The label with the highest probability for each sample.
        """
        class_indices = self._logits(X).argmax(axis=1)
        return self.classes_[class_indices]


def _is_integer_frame(X: Any) -> bool:
    """Return whether X is a DataFrame of integers; as an array it may have a float dtype."""
    return (
        hasattr(X, "dtypes")
        and hasattr(X, "columns")
        and len(X.columns) > 0
        and all(getattr(dtype, "kind", "O") in "iu" for dtype in X.dtypes)
    )


def _is_float_array(X: Any) -> bool:
    return isinstance(X, np.ndarray) and X.dtype.kind == "f"


def _drop_zero_weight(
    X: Any, y: np.ndarray, sample_weight: ArrayLike
) -> tuple[Any, np.ndarray, np.ndarray]:
    """Return the samples with a positive weight, and their weights."""
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    present = weights > 0
    if not present.any():
        raise ValueError(
            "sample_weight is zero for all samples. Pass at least one positive weight."
        )
    if present.all():
        return X, y, weights
    return X[present], y[present], weights[present]


def _flatten(X: Any) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return images as an array of shape (n_samples, n_features), and the shape of one image."""
    X = np.asarray(X)
    if 0 in X.shape:
        raise ValueError(
            f"Found array with 0 samples or pixels (shape={X.shape}) while a minimum of 1 is "
            "required."
        )
    return X.reshape(len(X), -1), X.shape[1:]


def _check_channels_first(shape: tuple[int, ...], *, has_image_shape: bool) -> None:
    """Raise a ValueError if the last axis of a batch may be the channels: it is the shortest."""
    *sides, last = shape[1:]
    if len(sides) != 2 or last >= min(sides):
        return
    fix = "X.transpose(0, 3, 1, 2)"
    if is_channels_last(shape[1:]):
        fix = f"Pass image_shape={shape[1:]} or {fix}." if has_image_shape else f"Pass {fix}."
    else:
        other = f"image_shape={shape[1:]}" if has_image_shape else "X.reshape(len(X), -1)"
        fix = f"If the channels are last, pass {fix}. If they are first, pass {other}."
    raise ValueError(
        "X must have the shape (n_samples, channels, height, width). Got "
        f"{shape} instead, whose last axis may be the channels. {fix}"
    )


def _as_pixels(X: np.ndarray) -> tuple[np.ndarray, bool]:
    """Convert a numeric array to uint8, float32 or float64.

    Integers in 0..255 become uint8, other integers float32. Floating-point data keep their
    precision.

    Returns
    -------
    X : ndarray
    are_bytes : bool
        Whether X had integers in 0..255.
    """
    kind = X.dtype.kind
    if kind == "b":
        return np.ascontiguousarray(X).view(np.uint8), False
    if kind in "iu":
        are_bytes = X.dtype == np.uint8 or (X.min() >= 0 and X.max() <= 255)
        return np.ascontiguousarray(X, dtype=np.uint8 if are_bytes else np.float32), are_bytes
    if kind != "f":
        raise ValueError(
            f"X must contain numbers or bools. Got an array of dtype {X.dtype} instead."
        )
    is_double = X.dtype.itemsize >= 8
    return np.ascontiguousarray(X, dtype=np.float64 if is_double else np.float32), False


def resolve_image_shape(
    image_shape: Literal["auto"] | Sequence[int] | np.ndarray,
    input_image_shape: tuple[int, ...] | None,
    n_features: int,
    *,
    owner: str | None = None,
) -> tuple[int, ...]:
    """Return the shape of one image: (height, width), (channels, height, width) or channels last.

    Parameters
    ----------
    image_shape : "auto" or tuple
    input_image_shape : tuple or None
        The shape of one image in a 3-D or 4-D X, None for a 2-D X.
    n_features : int
    owner : str, default=None
        Name of the classifier, for the error message.

    Raises
    ------
    InvalidParameterError
        If `image_shape` does not have `n_features` pixels or differs from `input_image_shape`.
    """
    if not isinstance(image_shape, str):
        shape = tuple(image_shape)
        are_sizes = all(isinstance(side, (int, np.integer)) and side >= 1 for side in shape)
        if len(shape) not in (2, 3) or not are_sizes:
            expected = (
                "'auto', (height, width), (channels, height, width) or (height, width, channels), "
                "in positive ints"
            )
        elif np.prod(shape) != n_features:
            expected = (
                f"the shape of an image with {n_features} pixels, the number of features of X, not "
                f"{np.prod(shape)}"
            )
        elif input_image_shape is not None and shape[-2:] != input_image_shape[-2:]:
            expected = f"the shape of the images in X, {input_image_shape}"
        else:
            return tuple(map(int, shape))
        raise InvalidParameterError(
            invalid_parameter_message("image_shape", owner, expected, image_shape)
        )
    if input_image_shape is not None:
        return input_image_shape
    side = math.isqrt(n_features)
    return (side, side) if side * side == n_features else (1, n_features)
