"""Fit several classifiers at once."""

from skmnist._estimators.stacked_fit import train_stack
from skmnist._training.stacked.plan import plan_stacks, share_pixels


def fit_stacked(classifiers, data, **fit_params):
    """Fit the classifiers in one stack, each on its X, y and perhaps weights."""
    fits = []
    for clf, own in zip(classifiers, data, strict=True):
        with clf._defer_training() as deferred:
            clf.fit(*own, **fit_params)
        fits += deferred
    share_pixels([fit.member for fit in fits])
    stacks, alone = plan_stacks([fit.member for fit in fits])
    assert (len(stacks), alone) == (1, [])
    ended = []
    errors = train_stack(fits, lambda i, n: ended.append((i, n)))
    return errors, ended
