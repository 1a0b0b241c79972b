"""What is measured of a fitted classifier, skmnist's or another."""

import numpy as np
from sklearn.metrics import log_loss

from ._staged import last_step


def loss(classifier, X, y):
    """Return the cross-entropy of the predicted probabilities, in nats; NaN if there are none."""
    if not hasattr(classifier, "predict_proba"):
        return np.nan
    return log_loss(y, classifier.predict_proba(X), labels=classifier.classes_)


def n_weights(classifier):
    """Return the number of weights without biases; NaN where the classifier doesn't show them."""
    last, _ = last_step(classifier)
    if hasattr(last, "n_weights_"):
        return last.n_weights_
    coefs = getattr(last, "coefs_", None) or [getattr(last, "coef_", None)]
    known = all(isinstance(coef, np.ndarray) for coef in coefs)
    return sum(coef.size for coef in coefs) if known else np.nan
