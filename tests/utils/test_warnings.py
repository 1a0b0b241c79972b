"""Repeated warnings are shown once."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skmnist import CNNClassifier, MLPClassifier
from skmnist.exceptions import PixelRangeWarning
from tests.helpers import digits, tiny

X, Y = digits(step=50)
ALL = np.arange(len(X))


def test_warning_is_shown_once_and_not_for_each_batch():
    clf = tiny(CNNClassifier).fit(X / np.float32(255), Y)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(2):
            for i in range(0, 90, 3):
                clf.predict(X[i : i + 3])
    assert [warning.category for warning in caught] == [PixelRangeWarning]


@pytest.mark.parametrize(
    "fit",
    [
        lambda clf: clf.fit(X, Y),
        lambda clf: make_pipeline(MinMaxScaler(), clf).fit(X, Y),
        lambda clf: cross_val_score(clf, X, Y, cv=[(ALL, ALL)]),
    ],
    ids=["fit", "pipeline", "cross-validation"],
)
def test_warning_of_a_fit_points_to_the_line_of_the_user(fit):
    with pytest.warns(ConvergenceWarning) as caught:
        fit(MLPClassifier((4,), lr=1e-7, batch_size=2, max_epochs=1, random_state=0))
    assert {warning.filename for warning in caught} == {__file__}
    assert {warning.lineno for warning in caught} == {fit.__code__.co_firstlineno}
