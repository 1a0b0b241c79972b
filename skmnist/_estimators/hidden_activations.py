"""A transformer that returns the activations of a layer of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse
from sklearn import get_config
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    MetaEstimatorMixin,
    TransformerMixin,
    clone,
)
from sklearn.utils import _safe_indexing, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted

from skmnist._utils.argument_names import suggest_arguments

from .hidden_layers import hidden_activations

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from sklearn.utils import Tags
    from typing_extensions import Self


class HiddenActivations(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, MetaEstimatorMixin, BaseEstimator
):
    """Transformer that returns the activations of a hidden layer as features.

    Use them for plots such as t-SNE, or as the input of another classifier.

    Parameters
    ----------
    estimator : estimator
        A network of skmnist, scikit-learn's MLPClassifier, or a Pipeline or a search that contains
        one. :meth:`fit` trains a clone. To use a fitted estimator without fitting it again, wrap it
        in :class:`sklearn.frozen.FrozenEstimator`.
    layer : int or str, default=-2
        The layer. An int counts the layers with weights: 0 is the first, -1 the output layer and
        -2 the last hidden layer. The activations are what the next layer gets: after the
        normalization, the activation function and the pooling. Those of the output layer are the
        outputs before the softmax. A str is the name of a submodule in ``module_.named_modules()``,
        such as "features.0", and returns exactly the outputs of this submodule.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator.
    classes_ : ndarray of shape (n_classes,)
        Class labels of `estimator_`.
    n_features_in_ : int
        Number of features of `estimator_`, if it is defined.
    feature_names_in_ : ndarray of str
        Feature names of `estimator_`, if they are defined.

    See Also
    --------
    skmnist.displays.FeatureMapsDisplay : Plot of the feature maps of one image.

    Notes
    -----
    Feature maps of shape (channels, height, width) are flattened: the columns are in the order of
    ``activations.reshape(n_samples, -1)``. The width of the features is known after :meth:`fit`.
    Dropout is inactive, and the activations are those of the image itself, also with
    ``test_time_augment=True``.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skmnist import HiddenActivations, MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> hidden = HiddenActivations(MLPClassifier((32, 16), max_epochs=3, random_state=0))
    >>> hidden.fit_transform(X, y).shape
    (5000, 16)
    >>> model = make_pipeline(hidden, KNeighborsClassifier()).fit(X[::2], y[::2])
    >>> model.score(X[1::2], y[1::2]) > 0.8
    True
    """

    estimator_: Any
    classes_: NDArray[Any]

    @suggest_arguments
    def __init__(self, estimator: BaseEstimator, layer: int | str = -2) -> None:
        self.estimator = estimator
        self.layer = layer

    def fit(self, X: ArrayLike, y: ArrayLike | None = None, **fit_params: Any) -> Self:
        """Fit a clone of `estimator`.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Training images, in any format that `estimator` accepts.
        y : array-like of shape (n_samples,), default=None
            Class labels. Not used by a FrozenEstimator.
        **fit_params
            Parameters passed to the ``fit`` method of the estimator, such as `sample_weight`. If
            metadata routing is enabled, they are routed.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        TypeError
            If the estimator has no hidden layers.
        ValueError
            If the network has no such layer, or the data are invalid.
        NotFittedError
            If a FrozenEstimator contains an estimator that is not fitted.
        """
        if get_config()["enable_metadata_routing"]:
            fit_params = process_routing(self, "fit", **fit_params).estimator.fit
        estimator = clone(self.estimator).fit(X, y, **fit_params)
        first = hidden_activations(estimator, _first_sample(X), self.layer)
        self._n_features_out = first.shape[1]
        self.estimator_ = estimator
        for name in ("classes_", "n_features_in_", "feature_names_in_"):
            if hasattr(estimator, name):
                setattr(self, name, getattr(estimator, name))
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.floating]:
        """Return the activations of the layer.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Images, in any format that the estimator accepts.

        Returns
        -------
        activations : ndarray of shape (n_samples, n_activations)
            Feature maps are flattened.
        """
        check_is_fitted(self)
        return hidden_activations(self.estimator_, X, self.layer)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the routing of the parameters of :meth:`fit` to the estimator.

        Returns
        -------
        routing : MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=type(self).__name__)
        return router.add(estimator=self.estimator, method_mapping=mapping)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        nested = get_tags(self.estimator)
        tags.input_tags, tags.target_tags = nested.input_tags, nested.target_tags
        return tags


def _first_sample(X: Any) -> Any:
    """Return the first sample in the container of X."""
    if scipy.sparse.issparse(X):
        return X.tocsr()[:1]
    return _safe_indexing(X, [0]) if hasattr(X, "__getitem__") else np.asarray(X)[:1]
