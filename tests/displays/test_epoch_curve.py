"""EpochCurveDisplay."""

import numpy as np
import pytest
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skmnist import MLPClassifier
from skmnist.displays import EpochCurveDisplay
from skmnist.studies import (
    epoch_curve,
)
from tests.helpers import digits


@pytest.fixture(scope="module")
def data():
    return digits(25)


def tiny(**params):
    return MLPClassifier((8,), **{"max_epochs": 1, "random_state": 0, **params})


def test_epoch_curve_shows_mean_scores_and_fit_times(data):
    curve = epoch_curve(tiny(), *data, epochs=[1, 2, 4], cv=2)
    display = curve.plot(line_kw={"linewidth": 3})
    assert isinstance(display, EpochCurveDisplay)
    train, test, seconds = display.lines_
    np.testing.assert_array_equal(train.get_xdata(), [1, 2, 4])
    np.testing.assert_allclose(train.get_ydata(), 100 * curve.train_scores.mean(axis=1))
    np.testing.assert_allclose(test.get_ydata(), 100 * curve.test_scores.mean(axis=1))
    np.testing.assert_allclose(seconds.get_ydata(), curve.fit_times.mean(axis=1))
    assert [ax.get_ylabel() for ax in display.axes_] == ["Fit time (s)", "Accuracy (%)"]
    assert {line.get_linewidth() for line in display.lines_} == {3}


def test_best_epoch_is_marked_with_several_splits_only(data):
    curve = epoch_curve(tiny(), *data, epochs=[1, 2, 4], cv=2)
    display = curve.plot()
    best = curve.test_scores.mean(axis=1).argmax()
    star = display.ax_.collections[-1].get_offsets()[0]
    np.testing.assert_allclose(
        star,
        (
            curve.epochs[best],
            100 * curve.test_scores[best].mean(),
        ),
    )
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels[:4] == ["training", "test", "fit time", f"best epoch ({curve.epochs[best]})"]
    display = epoch_curve(tiny(), *data, epochs=[1, 2], X_test=data[0], y_test=data[1]).plot()
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert not any(label.startswith("best") for label in labels)


def test_baseline_is_hidden_if_it_is_far_below_the_curves():
    scores, times = np.array([[0.97], [0.98]]), np.ones((2, 1))
    for baseline, n_lines in ((10.0, 2), (96.5, 3)):
        display = EpochCurveDisplay([1, 2], scores, scores, times, "accuracy", baseline).plot()
        assert len(display.ax_.get_lines()) == n_lines


def test_other_metrics_are_not_in_percent(data):
    estimator = make_pipeline(MinMaxScaler(), LogisticRegression())
    curve = epoch_curve(estimator, *data, epochs=[1, 2], cv=2, scoring="neg_log_loss")
    display = curve.plot()
    assert display.ax_.get_ylabel() == "Neg log loss"
    np.testing.assert_allclose(display.lines_[1].get_ydata(), curve.test_scores.mean(axis=1))
