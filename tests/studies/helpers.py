"""A small classifier for the tests of studies, and the comparison of two searches."""

import numpy as np

from skmnist import MLPClassifier

# A linear network with a large learning rate: the loss becomes infinite in the fifth epoch.
DIVERGING = {"activation": "identity", "optimizer": "sgd", "lr": 100.0}


def tiny(**params):
    return MLPClassifier((8,), **{"random_state": 0, **params})


def without_times(results):
    return {name: values for name, values in results.items() if "_time" not in name}


def assert_same_results(results, expected):
    """Check that two dicts `cv_results_` are equal except for the times."""
    assert list(results) == list(expected)
    results, expected = without_times(results), without_times(expected)
    for name, values in expected.items():
        if name == "params":
            assert results[name] == values
            continue
        np.testing.assert_array_equal(results[name], values, err_msg=name)
        assert results[name].dtype == values.dtype
        np.testing.assert_array_equal(np.ma.getmask(results[name]), np.ma.getmask(values))


def assert_same(search, reference, extra, extra_params):
    """Check that a search has the results of one of scikit-learn, and `extra` attributes."""
    assert_same_results(search.cv_results_, reference.cv_results_)
    fitted = {name for name in vars(reference) if name.endswith("_")}
    assert {name for name in vars(search) if name.endswith("_")} == fitted | extra
    for name in fitted:
        value = getattr(reference, name)
        if isinstance(value, (int, float, list, dict)) and name not in ("cv_results_", "scorer_"):
            if "_time" not in name:
                np.testing.assert_equal(getattr(search, name), value, err_msg=name)
    assert repr(search.scorer_) == repr(reference.scorer_)
    assert search.get_params().keys() - extra_params <= reference.get_params().keys()
    assert type(search.estimator) is type(reference.estimator)
