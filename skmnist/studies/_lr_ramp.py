"""Train any supported network while its learning rate rises from batch to batch."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.validation import _num_samples

from skmnist._estimators.net_classifier import BaseNetClassifier
from skmnist._training.lr_ramp import LrRamp, RampFinished
from skmnist.exceptions import DivergenceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator

# Parameters of the networks that would change the learning rate, or end or slow down the training.
_RAMP_PARAMS: dict[str, Any] = {
    "average": False,
    "checkpoint_dir": None,
    "early_stopping": False,
    "lr_schedule": None,
    "verbose": 0,
    "warm_start": False,
}


def train_with_ramp(
    estimator: BaseEstimator,
    X: ArrayLike,
    y: ArrayLike,
    lrs: Sequence[float],
    on_loss: Callable[[float], bool],
) -> None:
    """Train a clone of an estimator; each mini-batch has its own learning rate.

    Parameters
    ----------
    estimator : estimator
        A network of skmnist, a MLPClassifier of scikit-learn with the solver "sgd" or "adam", or a
        Pipeline that ends in one of them.
    X, y : array-like
        Training set. It is used several times if there are more rates than mini-batches.
    lrs : sequence of float
        The learning rate of each mini-batch.
    on_loss : callable
        Called with the loss of each mini-batch before its weight update. If it returns True, the
        training ends.

    Raises
    ------
    TypeError
        If the estimator is not supported.
    """
    while isinstance(estimator, Pipeline):
        if len(estimator) > 1:
            X = clone(estimator[:-1]).fit_transform(X, y)
        estimator = estimator[-1]
    if isinstance(estimator, BaseNetClassifier):
        _train_net(estimator, X, y, lrs, on_loss)
    elif isinstance(estimator, SklearnMLPClassifier) and estimator.solver != "lbfgs":
        _train_sklearn(estimator, X, y, lrs, on_loss)
    else:
        raise TypeError(_unsupported_message(estimator))


def _train_net(
    estimator: BaseNetClassifier,
    X: Any,
    y: Any,
    lrs: Sequence[float],
    on_loss: Callable[[float], bool],
) -> None:
    known = estimator.get_params(deep=False)
    params = {name: value for name, value in _RAMP_PARAMS.items() if name in known}
    ramp = LrRamp(lrs, on_loss)
    # Each epoch has at least one mini-batch.
    params |= {"callbacks": [ramp], "max_epochs": len(lrs), "lr": float(lrs[0])}
    try:
        clone(estimator).set_params(**params).fit(X, y)
    except RampFinished:
        pass
    except DivergenceError:  # the weights are no longer finite, although each loss was
        on_loss(np.inf)


def _train_sklearn(
    estimator: SklearnMLPClassifier,
    X: Any,
    y: Any,
    lrs: Sequence[float],
    on_loss: Callable[[float], bool],
) -> None:
    """Call partial_fit for each mini-batch.

    partial_fit ignores later changes of learning_rate_init, so the rate is set in the optimizer,
    which has no public name.
    """
    params = {"early_stopping": False, "learning_rate_init": float(lrs[0]), "verbose": False}
    clf = clone(estimator).set_params(**params, warm_start=False)
    n_samples = _num_samples(X)
    batch_size = min(200 if clf.batch_size == "auto" else clf.batch_size, n_samples)
    classes = np.unique(np.asarray(y))
    batches = _batches(n_samples, batch_size, clf.random_state)
    for lr, indices in zip(lrs, batches, strict=False):
        if hasattr(clf, "_optimizer"):
            clf._optimizer.learning_rate = clf._optimizer.learning_rate_init = float(lr)
        try:
            clf.partial_fit(_safe_indexing(X, indices), _safe_indexing(y, indices), classes=classes)
        except ValueError as error:
            if "non-finite" not in str(error):
                raise
            on_loss(np.inf)
            return
        if on_loss(float(clf.loss_)):
            return


def _batches(n_samples: int, batch_size: int, random_state: Any) -> Iterator[np.ndarray]:
    """Yield the indices of full mini-batches, shuffled again in each epoch, without end."""
    generator = check_random_state(random_state)
    for _ in itertools.count():
        order = generator.permutation(n_samples)
        for start in range(0, n_samples - batch_size + 1, batch_size):
            yield order[start : start + batch_size]


def _unsupported_message(estimator: Any) -> str:
    name = type(estimator).__name__
    supported = (
        "lr_range_test supports the networks of skmnist, scikit-learn's MLPClassifier with "
        "solver='sgd' or 'adam', and Pipelines that end in one of them."
    )
    if isinstance(estimator, SklearnMLPClassifier):
        return f"solver='lbfgs' has no learning rate. {supported}"
    if hasattr(estimator, "best_estimator_") or hasattr(estimator, "estimator"):
        return f"{name} is not a network, but contains an estimator. Pass that one. {supported}"
    return (
        f"{name} has no learning rate that can be changed from one mini-batch to the next. "
        f"{supported}"
    )
