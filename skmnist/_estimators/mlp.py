"""Multi-layer perceptron classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from sklearn import neural_network

from skmnist._networks.losses import OUTPUT_ACTIVATIONS
from skmnist._networks.mlp import MLP

from .base import resolve_image_shape
from .docstrings import fill_docstring
from .layer_params import check_sizes
from .net_classifier import BaseNetClassifier
from .parameter_types import (
    Activation,
    Augmentation,
    Callbacks,
    ClassWeight,
    Device,
    LayerSizes,
    Loss,
    LRSchedule,
    Optimizer,
    Path,
    Precision,
    RandomState,
    Verbose,
    WeightInit,
)
from .sklearn_conversion import convert_params, copy_weights

if TYPE_CHECKING:
    from typing_extensions import Self


@fill_docstring
class MLPClassifier(BaseNetClassifier):
    """Multi-layer perceptron (MLP) classifier.

    The network consists of fully connected layers. The parameters have scikit-learn's names where
    scikit-learn has the same parameter.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    CNNClassifier : Convolutional neural network, more accurate on images.
    BackpropClassifier : The same network, trained with hand-written backpropagation.
    sklearn.neural_network.MLPClassifier : scikit-learn's MLP, without GPU support, dropout and
        data augmentation.

    References
    ----------
    D. E. Rumelhart, G. E. Hinton, R. J. Williams, "Learning representations by back-propagating
    errors", Nature 323, 533-536 (1986).

    Examples
    --------
    >>> from sklearn.model_selection import train_test_split
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     X, y, stratify=y, random_state=0
    ... )
    >>> clf = MLPClassifier((64, 32), max_epochs=10, random_state=0)
    >>> clf.fit(X_train, y_train).score(X_test, y_test) > 0.9
    True
    >>> clf.n_weights_
    52544
    """

    _architecture_params = ("hidden_layer_sizes", "activation", "dropout", "batch_norm", "loss")

    def __init__(
        self,
        hidden_layer_sizes: LayerSizes = (64, 32),
        activation: Activation = "relu",
        *,
        dropout: float = 0.0,
        batch_norm: bool = False,
        weight_init: WeightInit = "auto",
        loss: Loss = "cross_entropy",
        label_smoothing: float = 0.0,
        optimizer: Optimizer = "adam",
        lr: float = 3e-3,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        optimizer_params: dict[str, Any] | None = None,
        lr_schedule: LRSchedule = None,
        average: bool = True,
        batch_size: int = 64,
        max_epochs: int = 10,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        class_weight: ClassWeight = None,
        augment: Augmentation = None,
        callbacks: Callbacks = None,
        precision: Precision = "auto",
        warm_start: bool = False,
        checkpoint_dir: Path | None = None,
        device: Device = "auto",
        n_threads: int | None = None,
        deterministic: bool = True,
        random_state: RandomState = None,
        verbose: Verbose = 0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.weight_init = weight_init
        self.loss = loss
        self.label_smoothing = label_smoothing
        self.optimizer = optimizer
        self.lr = lr
        self.momentum = momentum
        self.nesterov = nesterov
        self.weight_decay = weight_decay
        self.optimizer_params = optimizer_params
        self.lr_schedule = lr_schedule
        self.average = average
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.class_weight = class_weight
        self.augment = augment
        self.callbacks = callbacks
        self.precision = precision
        self.warm_start = warm_start
        self.checkpoint_dir = checkpoint_dir
        self.device = device
        self.n_threads = n_threads
        self.deterministic = deterministic
        self.random_state = random_state
        self.verbose = verbose

    @classmethod
    def from_sklearn(cls, estimator: neural_network.MLPClassifier, **params: Any) -> Self:
        """Convert a :class:`sklearn.neural_network.MLPClassifier` to this class.

        The weights are copied if it is fitted. The state of its optimizer is not copied.

        Parameters
        ----------
        estimator : sklearn.neural_network.MLPClassifier
            The estimator to convert, fitted or not.
        **params
            Parameters of this class that replace the converted ones.

        Returns
        -------
        clf : MLPClassifier
            If `estimator` is fitted, it is fitted, too, and makes the same predictions (apart
            from rounding). It does not scale pixel values, like scikit-learn's classifier.

        Raises
        ------
        TypeError
            If `estimator` is not a :class:`sklearn.neural_network.MLPClassifier`.
        InvalidParameterError
            If a parameter has no counterpart and `params` does not replace it. This applies to
            ``solver="lbfgs"``, a `learning_rate` schedule and other decay rates of Adam.
        ValueError
            If `estimator` was fitted on multilabel targets or on a single class.

        Notes
        -----
        When it is trained, the converted classifier does not stop if the training loss stops
        decreasing, unlike scikit-learn's. It trains for `max_epochs` epochs unless
        `early_stopping` is True. The L2 penalty `alpha` becomes a `weight_decay`, which also
        applies to the biases.

        Examples
        --------
        >>> from sklearn import neural_network
        >>> from skmnist import MLPClassifier
        >>> from skmnist.datasets import load_mnist_sample
        >>> X, y = load_mnist_sample(return_X_y=True)
        >>> original = neural_network.MLPClassifier(
        ...     32, early_stopping=True, random_state=0
        ... ).fit(X[::10] / 255, y[::10])
        >>> clf = MLPClassifier.from_sklearn(original)
        >>> bool((clf.predict(X / 255) == original.predict(X / 255)).all())
        True
        """
        if not isinstance(estimator, neural_network.MLPClassifier):
            raise TypeError(
                "The 'estimator' parameter of from_sklearn must be a "
                f"sklearn.neural_network.MLPClassifier. Got {estimator!r:.100} instead."
            )
        clf = cls(**convert_params(estimator, params))
        if hasattr(estimator, "coefs_"):
            copy_weights(estimator, clf)
        return clf

    def _resolve_architecture(self) -> None:
        self._sizes = check_sizes(
            type(self).__name__, "hidden_layer_sizes", self.hidden_layer_sizes
        )
        self.image_shape_ = resolve_image_shape(
            "auto", self._input_image_shape, self.n_features_in_
        )

    def _build_module(self, n_outputs: int, generator: torch.Generator | None) -> MLP:
        return MLP(
            (self.n_features_in_, *self._sizes, n_outputs),
            activation=self.activation,
            output_activation=OUTPUT_ACTIVATIONS[self.loss],
            dropout=self.dropout,
            batch_norm=self.batch_norm,
            weight_init=self.weight_init,
            generator=generator,
        )
