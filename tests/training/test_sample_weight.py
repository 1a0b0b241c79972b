"""sample_weight and class_weight."""

import numpy as np
import pytest
from sklearn.model_selection import LeaveOneGroupOut, cross_val_score
from sklearn.utils.class_weight import compute_class_weight

from tests.helpers import digits, every_classifier, regularized, same_network, some_weights, tiny


@every_classifier
def test_sample_with_weight_zero_is_ignored(cls):
    X, y = digits(50)
    weights = (some_weights(len(y)) > 0).astype(float)
    kept = weights > 0
    clf = regularized(cls).fit(X, y, sample_weight=weights)
    assert same_network(clf, regularized(cls).fit(X[kept], y[kept]))


@every_classifier
def test_sample_with_weight_zero_is_ignored_in_classes_scale_and_range(cls):
    X, y = digits(50)
    X = X.astype(np.int64)
    clf = regularized(cls).fit(X, y)
    absent = np.full((1, 784), 1000)
    weighted = regularized(cls).fit(
        np.r_[X, absent], np.r_[y, 77], sample_weight=np.r_[np.ones(len(y)), 0]
    )
    assert weighted.classes_.tolist() == clf.classes_.tolist()
    assert weighted.pixel_scale_ == clf.pixel_scale_ == 255
    assert weighted.pixel_range_ == clf.pixel_range_
    assert same_network(weighted, clf)


@every_classifier
def test_integer_weights_equal_repeated_samples(cls):
    X, y = digits(50)
    weights = some_weights(len(y))
    clf = regularized(cls).fit(X, y, sample_weight=weights)
    repeated = regularized(cls).fit(X.repeat(weights, axis=0), y.repeat(weights))
    assert same_network(clf, repeated)
    assert clf.loss_curve_ == repeated.loss_curve_


@every_classifier
def test_equal_weights_equal_no_weights(cls):
    X, y = digits(50)
    clf = regularized(cls).fit(X, y)
    assert same_network(regularized(cls).fit(X, y, sample_weight=np.ones(len(y))), clf)
    # Only their ratios count.
    clf = regularized(cls).fit(X / 255, y)
    for factor in (0.25, 1e-6, 1e6, 1e-50, 1e30):
        other = regularized(cls).fit(X / 255, y, sample_weight=np.full(len(y), factor))
        np.testing.assert_allclose(other.predict_proba(X / 255), clf.predict_proba(X / 255))


@every_classifier
def test_fractional_weights_act_in_proportion(cls):
    X, y = digits(50)
    X = X / 255  # float64: rounding can't hide a difference
    counts = some_weights(len(y)) + 1
    params = {"batch_size": 1000, "max_epochs": 5}
    repeated = tiny(cls, **params).fit(X.repeat(counts, axis=0), y.repeat(counts))
    weighted = tiny(cls, **params).fit(X, y, sample_weight=counts / 8)
    np.testing.assert_allclose(
        weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-6, atol=1e-9
    )
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-9)


@every_classifier
def test_class_weight_equals_sample_weight(cls):
    X, y = digits(50)
    X = X / 255
    params = {"batch_size": 1000, "max_epochs": 5}
    sample_weight = np.where(y == 3, 2.5, 1.0)
    by_class = tiny(cls, class_weight={3: 2.5}, **params).fit(X, y)
    by_sample = tiny(cls, **params).fit(X, y, sample_weight=sample_weight)
    np.testing.assert_allclose(by_class.predict_proba(X), by_sample.predict_proba(X), rtol=1e-7)
    both = tiny(cls, class_weight={3: 2.5}, **params).fit(X, y, sample_weight=sample_weight)
    product = tiny(cls, **params).fit(X, y, sample_weight=sample_weight**2)
    np.testing.assert_allclose(both.predict_proba(X), product.predict_proba(X), rtol=1e-7)


@every_classifier
def test_class_weight_may_contain_labels_that_a_fold_lacks(cls):
    X, y = digits(50)
    names = np.array(list("abcdefghij"))[y]
    weights = dict(zip("abcdefghij", np.linspace(1, 3, 10).tolist(), strict=True))
    fold = y % 3 > 0
    clf = tiny(cls, class_weight=weights).fit(X[fold], names[fold])
    present = {label: weights[label] for label in clf.classes_.tolist()}
    assert len(present) < 10
    assert same_network(clf, tiny(cls, class_weight=present).fit(X[fold], names[fold]))
    scores = cross_val_score(clf, X, names, groups=y // 4, cv=LeaveOneGroupOut())
    assert np.isfinite(scores).all()
    with pytest.raises(ValueError, match=r"weights for \[0\].*none for \['b', .*as keys"):
        clf.set_params(class_weight={0: 2.0, "a": 1.0}).fit(X, names)


@every_classifier
def test_balanced_equals_scikit_learns(cls):
    X, y = digits(50)
    X, y = X[60:], y[60:]  # fewer of some digits
    classes = np.unique(y)
    weights = compute_class_weight("balanced", classes=classes, y=y)
    balanced = regularized(cls, class_weight="balanced").fit(X, y)
    given = regularized(cls, class_weight=dict(zip(classes.tolist(), weights, strict=True))).fit(
        X, y
    )
    np.testing.assert_allclose(balanced.predict_proba(X), given.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 2, 32])
@every_classifier
def test_class_with_weight_zero_is_known_but_not_learned(cls, batch_size):
    X, y = digits(50)
    subset = slice(None, None, 2)
    # Some batches this small hold nothing else.
    clf = tiny(cls, class_weight={3: 0}, batch_size=batch_size, max_epochs=20, lr=0.01)
    clf.fit(X[subset], y[subset])
    assert clf.classes_.tolist() == list(range(10))
    assert np.isfinite(clf.loss_curve_).all()
    proba = clf.predict_proba(X[y == 3])[:, 3]
    assert proba.max() < 0.1
