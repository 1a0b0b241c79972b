"""Fitted estimators, and the bounding boxes of the texts in a figure."""

import inspect

import matplotlib
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier
from skmnist.displays import (
    DiagnosisDisplay,
    EpochCurveDisplay,
    FeatureMapsDisplay,
    LrRangeTestDisplay,
    PreprocessingDisplay,
    RobustnessDisplay,
    SearchDisplay,
    SeedStudyDisplay,
)
from skmnist.preprocessing import DigitNormalizer
from skmnist.studies import (
    diagnose,
    epoch_curve,
    lr_range_test,
    robustness_curve,
    seed_study,
)
from tests.helpers import digits

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def data():
    return digits(10)


@pytest.fixture(scope="module")
def mlp(data):
    return MLPClassifier((16,), max_epochs=3, early_stopping=True, random_state=0).fit(*data)


@pytest.fixture(scope="module")
def backprop(data):
    return BackpropClassifier((16,), max_epochs=2, random_state=0).fit(*data)


@pytest.fixture(scope="module")
def cnn(data):
    X, y = data
    return CNNClassifier((4, 6), max_epochs=1, random_state=0).fit(X.reshape(-1, 28, 28), y)


@pytest.fixture(scope="module")
def linear(data):
    X, y = data
    clf = LogisticRegression(tol=0.1)
    return clf.fit(X / 255, y)


@pytest.fixture(scope="module")
def curve(data):
    return epoch_curve(MLPClassifier((16,), random_state=0), *data, epochs=[1, 2, 4], cv=2)


@pytest.fixture(scope="module")
def diagnosis(data):
    return diagnose(MLPClassifier((16,), max_epochs=3, random_state=0), *data)


@pytest.fixture(scope="module")
def search(data):
    grid = {"lr": [1e-3, 1e-2, 1e-1], "optimizer": ["adam", "sgd"]}
    return GridSearchCV(MLPClassifier((8,), max_epochs=1, random_state=0), grid, cv=2).fit(*data)


@pytest.fixture
def make(mlp, cnn, data, curve, search, diagnosis):
    """Return a function that plots a display of any class."""
    known = {"X": data[0], "y": data[1], "image": data[0][0]}
    narrow, wide = (MLPClassifier((n,), max_epochs=1, random_state=0) for n in (8, 16))

    def make(display_class, **kwargs):
        if display_class is EpochCurveDisplay:
            return display_class.from_curve(curve, **kwargs)
        if display_class is DiagnosisDisplay:
            return display_class.from_diagnosis(diagnosis, **kwargs)
        if display_class is LrRangeTestDisplay:
            return display_class.from_curve(lr_range_test(narrow, *data), **kwargs)
        if display_class is SeedStudyDisplay:
            estimators = {"eight units": narrow, "a long name of a network": wide}
            test = {"X_test": data[0], "y_test": data[1]}
            study = seed_study(estimators, *data, n_seeds=3, **test)
            return display_class.from_study(study, **kwargs)
        if display_class is RobustnessDisplay:
            curves = {"narrow": robustness_curve(mlp, *data), "wide": robustness_curve(cnn, *data)}
            return display_class.from_curves(curves, **kwargs)
        estimators = {
            FeatureMapsDisplay: cnn,
            PreprocessingDisplay: DigitNormalizer(),
            SearchDisplay: search,
        }
        estimator = estimators.get(display_class, mlp)
        parameters = inspect.signature(display_class.from_estimator).parameters
        arguments = [known[name] for name in parameters if name in known]
        return display_class.from_estimator(estimator, *arguments, **kwargs)

    return make


@pytest.fixture
def boxes_of(monkeypatch):
    """Return a function that draws a figure and returns ``{text: bounding box in pixels}``."""
    drawn = {}
    draw = matplotlib.text.Text.draw

    def record(text, renderer):
        draw(text, renderer)
        if text.get_visible() and text.get_text().strip():
            drawn[text] = text.get_window_extent(renderer)

    def boxes_of(figure):
        # The layout is final after the first drawing.
        figure.canvas.draw()
        monkeypatch.setattr(matplotlib.text.Text, "draw", record)
        figure.canvas.draw()
        return drawn

    return boxes_of
