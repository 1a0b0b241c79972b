"""Validation and early stopping."""

import copy

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from tests.helpers import (
    EachEpoch,
    digits,
    every_classifier,
    labels_by_epoch,
    regularized,
    same_network,
    tiny,
)


@every_classifier
def test_validation_curves_are_of_the_given_samples(cls):
    X, y = digits()
    X_val, y_val = digits(33)
    clf = regularized(cls, max_epochs=3, loss="cross_entropy").fit(X, y, X_val=X_val, y_val=y_val)
    assert len(clf.validation_scores_) == len(clf.validation_loss_curve_) == 3
    assert clf.validation_scores_[-1] == pytest.approx(clf.score(X_val, y_val))
    assert clf.validation_loss_curve_[-1] == pytest.approx(
        log_loss(y_val, clf.predict_proba(X_val)), rel=1e-4
    )
    assert clf.best_epoch_ == np.argmax(clf.validation_scores_) + 1
    # A validation set changes nothing, and no samples are split off.
    assert same_network(clf, regularized(cls, max_epochs=3, loss="cross_entropy").fit(X, y))
    without = tiny(cls).fit(X, y)
    assert without.validation_scores_ is without.validation_loss_curve_ is None
    assert without.best_epoch_ is None


@every_classifier
def test_early_stopping_holds_out_a_stratified_validation_set(cls):
    X, y = digits()
    clf = tiny(cls, early_stopping=True, validation_fraction=0.2)
    for epoch in labels_by_epoch(clf, X, y):
        assert np.bincount(epoch).tolist() == [20] * 10
    # The scores are multiples of 1 / 50: the validation set has 50 samples.
    assert np.allclose(np.array(clf.validation_scores_) * 50 % 1, 0, atol=1e-6)


@every_classifier
def test_early_stopping_holds_out_nothing_if_validation_samples_are_given(cls):
    X, y = digits()
    clf = tiny(cls, early_stopping=True)
    for epoch in labels_by_epoch(clf, X, y, X_val=X, y_val=y):
        assert len(epoch) == len(y)


@every_classifier
def test_early_stopping_stops_and_restores_the_best_weights(cls):
    X, y = digits()
    X_val, y_val = digits(33)
    states = []
    clf = tiny(
        cls,
        early_stopping=True,
        n_iter_no_change=3,
        max_epochs=200,
        lr=0.02,
        loss="cross_entropy",
        callbacks=[EachEpoch(lambda net: states.append(copy.deepcopy(net.module_.state_dict())))],
    ).fit(X, y, X_val=X_val, y_val=y_val)
    assert clf.n_iter_ == len(states) < 200
    scores = clf.validation_scores_
    assert clf.best_epoch_ == np.argmax(scores) + 1 <= clf.n_iter_ - 3
    best = states[clf.best_epoch_ - 1]
    assert all(torch.equal(best[name], now) for name, now in clf.module_.state_dict().items())
    assert clf.score(X_val, y_val) == pytest.approx(max(scores))


@every_classifier
def test_tol_defines_an_improvement(cls):
    X, y = digits()
    clf = tiny(cls, early_stopping=True, n_iter_no_change=2, tol=1.0, max_epochs=50).fit(X, y)
    # No increase is larger than 1, except the first, from minus infinity.
    assert clf.n_iter_ == 3


@every_classifier
def test_divergence_during_early_stopping_is_an_error(cls):
    X, y = digits()

    def explode(net):
        net.optimizer_.param_groups[0]["lr"] = 1e30

    clf = tiny(cls, early_stopping=True, loss="cross_entropy", callbacks=[EachEpoch(explode)])
    with pytest.raises(ValueError, match=r"epoch 2.*lr=1e\+30"):
        clf.fit(X, y)
