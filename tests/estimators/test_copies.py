"""Copies and clones of fitted classifiers."""

import copy
import io
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

try:
    import cloudpickle
except ImportError:
    from joblib.externals import cloudpickle  # an older joblib includes it
from tests.helpers import digits, every_classifier, same_network, tiny


def _through_joblib(clf):
    file = io.BytesIO()
    joblib.dump(clf, file)
    file.seek(0)
    return joblib.load(file)


COPIES = {
    "pickle": lambda clf: pickle.loads(pickle.dumps(clf)),
    "cloudpickle": lambda clf: pickle.loads(cloudpickle.dumps(clf)),
    "joblib": _through_joblib,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("duplicate", list(COPIES.values()), ids=list(COPIES))
@every_classifier
def test_copy_predicts_and_trains_exactly_the_same(cls, duplicate):
    X, y = digits(50)
    clf = tiny(cls).fit(X, y)
    twin = duplicate(clf)
    assert np.array_equal(twin.predict_proba(X), clf.predict_proba(X))
    pd.testing.assert_frame_equal(twin.history_, clf.history_)
    # The optimizer state is copied, too.
    assert same_network(twin.partial_fit(X, y), clf.partial_fit(X, y))


@every_classifier
def test_memory_mapped_copy_predicts_and_trains_exactly_the_same(cls, tmp_path):
    X, y = digits(50)
    clf = tiny(cls).fit(X, y)
    joblib.dump(clf, tmp_path / "clf.joblib")
    twin = joblib.load(tmp_path / "clf.joblib", mmap_mode="r")
    assert np.array_equal(twin.predict_proba(X), clf.predict_proba(X))
    assert same_network(twin.partial_fit(X, y), clf.partial_fit(X, y))


@every_classifier
def test_clone_and_refit_give_exactly_the_same_network(cls):
    X, y = digits(50)
    clf = tiny(cls).fit(X, y)
    twin = clone(clf)
    assert not hasattr(twin, "net_")
    assert same_network(twin.fit(X, y), clf)
    first = copy.deepcopy(clf)
    assert same_network(clf.fit(X, y), first)
