"""A small classifier for the tests of studies."""

from skmnist import MLPClassifier


def tiny(**params):
    return MLPClassifier((8,), **{"random_state": 0, **params})
