"""Train once to the largest number of epochs, and read the smaller ones on the way."""

import copy
import time

from sklearn.pipeline import Pipeline

# What scikit-learn's estimators call an epoch: its MLPClassifier, its LogisticRegression.
_EPOCHS = ("max_epochs", "max_iter")


def last_step(estimator):
    """Return the estimator at the end of a pipeline, and the prefix of its parameters."""
    prefix = ""
    while isinstance(estimator, Pipeline):
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
    return estimator, prefix


def epochs_parameter(estimator):
    """Return the name of the parameter that says for how many epochs to train.

    ``"max_epochs"`` or ``"max_iter"``, with the prefix of the last step in a Pipeline.

    Raises
    ------
    ValueError
        If the estimator has neither.
    """
    last, prefix = last_step(estimator)
    known = last.get_params(deep=False) if hasattr(last, "get_params") else {}
    for name in _EPOCHS:
        if name in known:
            return prefix + name
    raise ValueError(
        f"{type(last).__name__} has neither max_epochs nor max_iter, so there are no epochs to "
        "count. Use an estimator that trains by epochs; validation_curve studies any parameter."
    )


def can_be_read(estimator):
    """Whether one training shows what a shorter one would have come to."""
    return getattr(last_step(estimator)[0], "_supports_staged_fit", False)


def read_on_the_way(estimator, epochs, read, X, y, **fit_params):
    """Train to the largest of `epochs`, and call `read` where each of them is reached.

    Parameters
    ----------
    estimator : estimator
        One that :func:`can_be_read`. It is fitted in place.
    epochs : iterable of int
    read : callable
        ``read(n, seconds)`` finds the estimator as if n epochs had been all; the training took
        that many seconds so far.
    X, y, **fit_params
        For ``fit``.
    """
    last, _ = last_step(estimator)
    ahead = sorted(set(epochs))
    start = time.perf_counter()
    spent_reading = 0.0

    def reached(n):
        nonlocal spent_reading
        before = time.perf_counter()
        read(n, before - start - spent_reading)
        spent_reading += time.perf_counter() - before

    def after_epoch(n):
        # The last one is read when the fit is done.
        if len(ahead) > 1 and n == ahead[0]:
            reached(ahead.pop(0))

    estimator.set_params(**{epochs_parameter(estimator): ahead[-1]})
    with last._on_epoch_end(after_epoch):
        estimator.fit(X, y, **fit_params)
    for n in ahead:  # several, where early stopping ended the training
        reached(n)


def as_it_is_now(estimator, n):
    """Return a copy of an estimator that is being trained, with n as its number of epochs.

    Only what the training goes on to change is copied, for there is one copy for each epoch:
    the weights and the history, not the optimizer's state.
    """
    now = copy.copy(estimator)
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        now.steps = [*estimator.steps[:-1], (name, as_it_is_now(last, n))]
        return now
    now.net_ = estimator.net_.copy(optimizer=False)
    return now.set_params(max_epochs=n)
