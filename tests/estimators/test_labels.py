"""Labels of any kind."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.exceptions import DataConversionWarning

from tests.helpers import digits, every_classifier, forms, read_only, same_network, tiny

# All keep the order of the digits, so that the class indices stay the same.
LABELS = {
    "text": lambda y: np.char.add("digit ", y.astype(str)),
    "objects": lambda y: np.char.add("digit ", y.astype(str)).astype(object),
    "negative": lambda y: y - 20,
    "with-gaps": lambda y: 10 * y**2 + 3,
    "whole-floats": lambda y: y.astype(float) * 2,
    "bytes": lambda y: y.astype(np.uint8),
    "big-endian": lambda y: y.astype(">i2"),
    "list": lambda y: y.tolist(),
    "list-of-text": lambda y: [f"digit {label}" for label in y],
    "series": lambda y: pd.Series(y, index=range(1000, 1000 + len(y))),
    "series-of-text": lambda y: pd.Series([f"digit {label}" for label in y]),
    "categories": lambda y: pd.Series([f"digit {label}" for label in y], dtype="category"),
    "tensor": torch.tensor,
    "read-only": read_only,
}


@forms(LABELS)
@every_classifier
def test_labels_of_any_type_are_predicted(cls, form):
    X, y = digits(50)
    labels = form(y)
    clf = tiny(cls).fit(X, labels)
    reference = tiny(cls).fit(X, y)
    assert same_network(clf, reference)
    expected = np.asarray(form(np.arange(10)))
    assert clf.classes_.tolist() == expected.tolist()
    assert clf.predict(X).tolist() == expected[reference.predict(X)].tolist()
    assert clf.predict(X).dtype == clf.classes_.dtype
    assert clf.score(X, labels) == reference.score(X, y)
    assert tiny(cls).partial_fit(X, labels, classes=form(np.arange(10))).predict(X).shape == (100,)


@every_classifier
def test_boolean_labels_are_predicted(cls):
    X, y = digits(50)
    clf = tiny(cls).fit(X, y > 4)
    assert clf.classes_.tolist() == [False, True]
    assert clf.predict(X).dtype == bool
    decisions = clf.decision_function(X)
    assert decisions.shape == (100,)
    assert np.array_equal(decisions > 0, clf.predict(X))


@every_classifier
def test_column_labels_give_scikit_learns_warning(cls):
    X, y = digits(50)
    with pytest.warns(DataConversionWarning):
        clf = tiny(cls).fit(X, y[:, None])
    assert same_network(clf, tiny(cls).fit(X, y))
