"""SearchDisplay."""

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skmnist import MLPClassifier
from skmnist.displays import SearchDisplay
from skmnist.studies import (
    EpochGridSearchCV,
    EpochHalvingSearchCV,
    LayerSizes,
)
from tests.displays.helpers import assert_readable
from tests.helpers import digits


@pytest.fixture(scope="module")
def data():
    return digits(25)


def tiny(**params):
    return MLPClassifier((8,), **{"max_epochs": 1, "random_state": 0, **params})


def test_one_parameter_is_a_line_with_error_bars(data, boxes_of):
    search = GridSearchCV(tiny(), {"lr": [1e-1, 1e-3, 1e-2]}, cv=2).fit(*data)
    display = SearchDisplay.from_estimator(search)
    assert display.kind_ == "line"
    ((line, caps, bars),) = display.ax_.containers
    order = [1, 2, 0]
    means = 100 * search.cv_results_["mean_test_score"][order]
    stds = 100 * search.cv_results_["std_test_score"][order]
    np.testing.assert_allclose(line.get_ydata(), means)
    np.testing.assert_allclose(caps[1].get_ydata(), means + stds)
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == ["0.001", "0.01", "0.1"]
    assert_readable(display.figure_, boxes_of)


def test_two_parameters_are_an_annotated_heatmap(data, boxes_of):
    grid = {"max_epochs": [1, 2, 3], "hidden_layer_sizes": [(8, 4), (8,)]}
    search = EpochGridSearchCV(tiny(), grid, cv=2).fit(*data)
    display = SearchDisplay.from_estimator(search)
    assert display.kind_ == "heatmap"
    (image,) = display.ax_.images
    # The parameter with more values is on the x axis. Networks with fewer layers are below.
    assert display.ax_.get_xlabel() == "max_epochs"
    assert [one.get_text() for one in display.ax_.get_yticklabels()] == ["(8,)", "(8, 4)"]
    for params, mean in zip(
        search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
    ):
        row = [(8,), (8, 4)].index(params["hidden_layer_sizes"])
        assert image.get_array()[row, params["max_epochs"] - 1] == pytest.approx(100 * mean)
        assert f"{100 * mean:.1f}" in {text.get_text() for text in display.ax_.texts}
    assert_readable(display.figure_, boxes_of)


def test_halving_search_shows_the_last_score_of_each_candidate_without_the_resource(data):
    search = EpochHalvingSearchCV(tiny(), {"lr": [1e-1, 1e-3, 1e-2]}, cv=2, max_resources=3)
    search.fit(*data)
    display = SearchDisplay.from_estimator(search)
    assert list(display.parameters) == ["lr"]
    expected = dict(
        zip(search.cv_results_["param_lr"], search.cv_results_["mean_test_score"], strict=True)
    )
    assert dict(zip(display.parameters["lr"], display.mean_scores, strict=True)) == expected
    # As after a time limit, the last iteration has no score.
    search.cv_results_["mean_test_score"][3] = np.nan
    scores = SearchDisplay.from_estimator(search).mean_scores
    np.testing.assert_array_equal(scores, search.cv_results_["mean_test_score"][:3])


def test_best_candidate_is_marked_and_chance_level_is_shown(data):
    search = GridSearchCV(tiny(), {"lr": [1e-1, 1e-3, 1e-2]}, cv=2).fit(*data)
    display = SearchDisplay.from_estimator(search)
    *_, star = display.ax_.collections
    best = 100 * search.best_score_
    assert star.get_offsets()[0][1] == pytest.approx(best)
    assert display.chance_level == 10
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["best candidate", "chance level"]


def test_categories_are_not_joined_by_a_line(data):
    for name, values, style in (("optimizer", ["adam", "sgd"], "None"), ("lr", [0.1, 0.2], "-")):
        display = SearchDisplay({name: values}, [0.5, 0.7], [0.0, 0.0]).plot()
        ((line, _, _),) = display.ax_.containers
        assert line.get_linestyle() == style


def test_higher_scores_are_darker_in_both_color_scales(data):
    two = {"a": [1, 1, 2, 2], "b": ["x", "y", "x", "y"]}
    scores, stds = [0.5, 0.6, 0.7, 0.9], [0.0] * 4
    (heatmap,) = SearchDisplay(two, scores, stds).plot().ax_.images
    display = SearchDisplay(two | {"c": [1, 2, 2, 1]}, scores, stds).plot()
    (scale,) = display.ax_.images
    assert heatmap.get_cmap().name == scale.get_cmap().name == "cividis_r"
    lines = [line for line in display.ax_.lines if len(line.get_xdata()) == 4][:-1]
    brightness = [sum(line.get_color()[:3]) for line in lines]
    assert brightness == sorted(brightness, reverse=True)


def test_more_parameters_are_parallel_coordinates(data, boxes_of):
    grid = {"lr": [1e-3, 1e-2], "optimizer": ["adam", "sgd"], "batch_norm": [False, True]}
    search = GridSearchCV(tiny(), grid, cv=2).fit(*data)
    display = SearchDisplay.from_estimator(search)
    assert display.kind_ == "parallel_coordinates"
    *lines, best = [line for line in display.ax_.lines if len(line.get_xdata()) == 4]
    assert len(lines) == 8
    scores = search.cv_results_["mean_test_score"]
    ends = sorted(line.get_ydata()[-1] for line in lines)
    span = scores.max() - scores.min()
    np.testing.assert_allclose(ends, (np.sort(scores) - scores.min()) / span)
    assert best.get_ydata()[-1] == 1
    assert best.get_label() == "best candidate"
    assert [one.get_text() for one in display.ax_.get_xticklabels()] == [
        "batch_norm",
        "lr",
        "optimizer",
        "Mean test accuracy (%)",
    ]
    display.figure_.canvas.draw()


def test_two_parameters_drawn_at_random_are_parallel_coordinates(data):
    space = {"lr": loguniform(1e-4, 1e-1), "hidden_layer_sizes": LayerSizes(4, 16)}
    search = RandomizedSearchCV(tiny(), space, n_iter=10, cv=2, random_state=0).fit(*data)
    display = SearchDisplay.from_estimator(search)
    assert display.kind_ == "parallel_coordinates"
    # The axis of the learning rates is logarithmic.
    rates = np.log(list(display.parameters["lr"]))
    heights = [line.get_ydata() for line in display.ax_.lines if len(line.get_xdata()) == 3][:-1]
    places = [list(display.parameters).index("lr")]
    found = np.sort(np.array(heights)[:, places].ravel())
    np.testing.assert_allclose(found, (np.sort(rates) - rates.min()) / np.ptp(rates))


def test_failed_candidates_are_nan_in_a_heatmap_and_have_no_line(data):
    scores = np.array([0.5, np.nan, 0.7, 0.9])
    stds = np.zeros(4)
    two = {"a": [1, 1, 2, 2], "b": ["x", "y", "x", "y"]}
    display = SearchDisplay(two, scores, stds).plot()
    assert sorted(text.get_text() for text in display.ax_.texts) == ["0.5", "0.7", "0.9", "nan"]
    three = two | {"c": [1, 2, 2, 1]}
    display = SearchDisplay(three, scores, stds).plot()
    assert len([line for line in display.ax_.lines if len(line.get_xdata()) == 4]) == 3 + 1


def test_values_with_the_same_label_are_distinct():
    lr = [0.123451, 0.123452, 0.2]
    display = SearchDisplay({"lr": lr}, [0.1, 0.2, 0.3], [0.0] * 3).plot()
    ((line, _, _),) = display.ax_.containers
    np.testing.assert_array_equal(line.get_xdata(), [0, 1, 2])


def test_halving_search_shows_each_candidate_once_with_its_last_score(data):
    search = HalvingGridSearchCV(
        tiny(),
        {"lr": [1e-3, 1e-2, 1e-1, 1.0]},
        resource="max_epochs",
        min_resources=1,
        max_resources=2,
        factor=2,
        cv=2,
    ).fit(*data)
    display = SearchDisplay.from_estimator(search)
    last = {
        params["lr"]: mean
        for params, mean in zip(
            search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
        )
    }
    assert dict(zip(display.parameters["lr"], display.mean_scores, strict=True)) == last


def test_search_over_a_pipeline_with_another_score(data, boxes_of):
    pipe = make_pipeline(MinMaxScaler(), LogisticRegression(tol=0.1))
    grid = {
        "logisticregression__C": [0.01, 0.1, 1.0],
        "minmaxscaler__feature_range": [(0, 1), (-1, 1)],
    }
    search = GridSearchCV(pipe, grid, cv=2, scoring="f1_macro").fit(*data)
    display = SearchDisplay.from_estimator(search)
    assert display.score_name == "f1_macro"
    assert_readable(display.figure_, boxes_of)


def test_default_metric_is_that_of_refit(data):
    metrics = ["accuracy", "f1_macro"]
    search = GridSearchCV(tiny(), {"lr": [1e-3, 1e-2]}, cv=2, scoring=metrics, refit="f1_macro")
    search.fit(*data)
    assert SearchDisplay.from_estimator(search).score_name == "f1_macro"
    display = SearchDisplay.from_estimator(search, metric="accuracy")
    np.testing.assert_array_equal(display.mean_scores, search.cv_results_["mean_test_accuracy"])
    with pytest.raises(
        ValueError,
        match=r"'metric' parameter of .* \['accuracy', 'f1_macro'\]. Got 'recall' instead",
    ):
        SearchDisplay.from_estimator(search, metric="recall")


def test_other_objects_and_unfitted_searches_are_rejected(data):
    with pytest.raises(
        TypeError, match="'estimator' parameter .* must be a fitted .* Got MLPClassifier instead"
    ):
        SearchDisplay.from_estimator(tiny())
    with pytest.raises(NotFittedError):
        SearchDisplay.from_estimator(GridSearchCV(tiny(), {"lr": [1e-3]}))
    with pytest.raises(ValueError, match="All mean_scores are NaN"):
        SearchDisplay({"lr": [1, 2]}, [np.nan] * 2, [np.nan] * 2).plot()
