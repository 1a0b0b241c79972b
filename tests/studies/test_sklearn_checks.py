"""scikit-learn's own checks of every search."""

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import estimator_checks_generator

from skmnist.studies import EpochGridSearchCV, EpochHalvingSearchCV, EpochRandomizedSearchCV

CLF, GRID = LogisticRegression(max_iter=20), {"C": [0.1, 1.0]}
SEARCHES = [
    EpochGridSearchCV(CLF, GRID, cv=2),
    EpochRandomizedSearchCV(CLF, GRID, n_iter=2, cv=2, random_state=0),
    EpochHalvingSearchCV(CLF, GRID, cv=2, factor=2),
]


@pytest.mark.filterwarnings("ignore")  # about failed fits, for example with invalid data
@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: type(search).__name__)
def test_scikit_learns_checks_pass(search):
    n_passed = 0
    for estimator, check in estimator_checks_generator(search):
        if "array_api" in getattr(check, "func", check).__name__:
            continue  # `staged_` is a NumPy array for every X
        check(estimator)
        n_passed += 1
    assert n_passed >= 45
