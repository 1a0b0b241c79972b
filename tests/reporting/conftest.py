"""A fitted classifier and its report."""

import pytest

from skmnist import MLPClassifier
from skmnist.reporting import EvaluationReport
from tests.helpers import digits


@pytest.fixture(scope="module")
def data():
    X, y = digits(5)
    return X[::2], y[::2], X[1::2], y[1::2]


@pytest.fixture(scope="module")
def mlp(data):
    return MLPClassifier((32,), max_epochs=15, early_stopping=True, random_state=0).fit(*data[:2])


@pytest.fixture(scope="module")
def report(mlp, data):
    return EvaluationReport.from_estimator(mlp, *data[2:])


@pytest.fixture(scope="module")
def page(report):
    return report.to_html()
