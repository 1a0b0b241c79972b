"""seed_study and its display."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold, ShuffleSplit, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from skmnist.studies import SeedStudy, seed_study
from tests.studies.helpers import tiny

QUICK = {"max_epochs": 1}


@pytest.fixture(scope="module")
def study(data, held_out):
    estimators = {"eight": tiny(**QUICK), "sixteen": tiny(**QUICK).set_params(batch_size=16)}
    return seed_study(estimators, *data, n_seeds=4, **held_out)


def test_scores_are_those_of_fits_with_the_seeds(data, held_out, study):
    X_test, y_test = held_out.values()
    for i, batch_size in enumerate([tiny().batch_size, 16]):
        for seed, scores in zip(study.seeds, study.scores[i], strict=True):
            clf = tiny(**QUICK).set_params(batch_size=batch_size, random_state=int(seed))
            assert scores.tolist() == [clf.fit(*data).score(X_test, y_test)]
    assert len(np.unique(study.seeds)) == 4
    assert np.ptp(study.scores[0]) > 0


def test_summary_and_differences_are_scipys_for_a_fixed_test_set(study):
    one, other = study.scores[:, :, 0]
    summary, row = study.summary(), study.differences().loc[("eight", "sixteen")]
    for name, scores in (("eight", one), ("sixteen", other)):
        low, high = stats.t.interval(0.95, 3, scores.mean(), stats.sem(scores))
        expected = [scores.mean(), scores.std(ddof=1), low, high, 4]
        columns = ["mean", "std", "ci_low", "ci_high", "n_scores"]
        np.testing.assert_allclose(summary.loc[name, columns].astype(float), expected)
    expected = stats.ttest_rel(one, other)
    interval = expected.confidence_interval()
    np.testing.assert_allclose(
        row[["difference", "ci_low", "ci_high", "p_value"]],
        [one.mean() - other.mean(), *interval, expected.pvalue],
    )
    assert study.test_train_ratio == 0
    assert row["n_more_seeds"] > 0


def test_intervals_of_a_cross_validation_are_corrected(data):
    estimators = [tiny(**QUICK), LogisticRegression(C=1e-4, tol=0.1)]
    study = seed_study(estimators, *data, n_seeds=3, cv=2)
    assert study.names == ("MLPClassifier", "LogisticRegression")
    assert study.scores.shape == (2, 3, 2)
    assert study.test_train_ratio == 1
    differences = (study.scores[0] - study.scores[1]).ravel()
    t = differences.mean() / (differences.std(ddof=1) * np.sqrt(1 / 6 + 1))
    assert study.differences()["p_value"].item() == pytest.approx(2 * stats.t.sf(abs(t), 5))
    assert study.differences()["n_more_seeds"].item() == np.inf


def test_folds_are_shuffled_with_each_seed_and_the_same_for_all_estimators(data):
    X, y = data
    study = seed_study([GaussianNB(), tiny(**QUICK)], X, y, n_seeds=2, cv=3)
    for seed, scores in zip(study.seeds, study.scores[0], strict=True):
        cv = StratifiedKFold(3, shuffle=True, random_state=int(seed))
        expected = [
            GaussianNB().fit(X[train], y[train]).score(X[test], y[test])
            for train, test in cv.split(X, y)
        ]
        assert scores.tolist() == expected


def test_splits_of_a_splitter_are_the_same_for_all_seeds(data):
    X, y = data
    groups = np.arange(len(X)) % 4
    study = seed_study(GaussianNB(), X, y, n_seeds=3, cv=GroupKFold(4), groups=groups)
    expected = [
        GaussianNB().fit(X[groups != g], y[groups != g]).score(X[groups == g], y[groups == g])
        for g in range(4)
    ]
    for scores in study.scores[0]:
        assert sorted(scores) == sorted(expected)
    one_split = seed_study(tiny(**QUICK), X, y, n_seeds=2, cv=ShuffleSplit(1, random_state=0))
    assert one_split.test_train_ratio == 0


def test_every_random_state_is_set_and_the_estimator_is_not_modified(data, held_out):
    nested = make_pipeline(MaxAbsScaler(), BaggingClassifier(tiny(**QUICK), 2, random_state=7))
    before = nested.get_params(deep=True)
    study = seed_study(nested, *data, n_seeds=2, **held_out)
    for seed, scores in zip(study.seeds, study.scores[0], strict=True):
        seeds = {
            "baggingclassifier__random_state": int(seed),
            "baggingclassifier__estimator__random_state": int(seed),
        }
        fitted = clone(nested).set_params(**seeds).fit(*data)
        assert scores.tolist() == [fitted.score(*held_out.values())]
    assert nested.get_params(deep=True) == before
    assert not hasattr(nested[-1], "estimators_")
    assert study.names == ("BaggingClassifier",)


def test_frozen_estimator_is_left_as_it_is(data, held_out):
    clf = tiny(**QUICK).fit(*data)
    study = seed_study(FrozenEstimator(clf), *data, n_seeds=2, **held_out)
    assert clf.random_state == 0
    assert study.deterministic == (True,)
    assert set(study.scores.ravel()) == {clf.score(*held_out.values())}


def test_estimator_without_random_state_is_fitted_once(data, held_out, monkeypatch):
    fits, fit = [], GaussianNB.fit
    monkeypatch.setattr(GaussianNB, "fit", lambda *args: fits.append(1) or fit(*args))
    study = seed_study({"bayes": GaussianNB(), "mlp": tiny(**QUICK)}, *data, n_seeds=5, **held_out)
    assert len(fits) == 1
    assert study.deterministic == (True, False)
    assert np.ptp(study.scores[0]) == 0
    assert study.summary().loc["bayes", "std"] == 0
    row = study.differences().loc[("bayes", "mlp")]
    assert row["p_value"] == pytest.approx(stats.ttest_rel(*study.scores[:, :, 0]).pvalue)


def test_two_deterministic_estimators_have_no_p_value(data, held_out):
    study = seed_study([GaussianNB(), GaussianNB(var_smoothing=0.1)], *data, n_seeds=3, **held_out)
    assert study.names == ("GaussianNB 1", "GaussianNB 2")
    row = study.differences().iloc[0]
    assert np.isnan(row["p_value"])
    assert row["n_more_seeds"] == 0
    assert row["difference"] != 0


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("cv", [None, 2])
@pytest.mark.slow
def test_scores_do_not_depend_on_n_jobs(data, held_out, cv):
    estimators = [tiny(), SklearnMLPClassifier((4,), max_iter=2)]
    test = {"cv": cv} if cv else held_out
    one, two = (seed_study(estimators, *data, n_seeds=3, n_jobs=n, **test) for n in (1, 2))
    np.testing.assert_array_equal(one.scores, two.scores)


def test_more_seeds_keep_the_first_ones(data, held_out, study):
    more = seed_study(tiny(**QUICK), *data, n_seeds=6, **held_out)
    np.testing.assert_array_equal(more.seeds[:4], study.seeds)
    np.testing.assert_array_equal(more.scores[0, :4], study.scores[0])
    other = seed_study(tiny(**QUICK), *data, n_seeds=2, random_state=5, **held_out)
    assert set(other.seeds).isdisjoint(more.seeds)
    assert other.seed == 5


def test_scoring(data, held_out):
    X_test, y_test = held_out.values()
    study = seed_study(GaussianNB(), *data, n_seeds=2, scoring="f1_macro", **held_out)
    expected = f1_score(y_test, GaussianNB().fit(*data).predict(X_test), average="macro")
    assert study.score_name == "f1_macro"
    assert set(study.scores.ravel()) == {expected}


def test_frame_has_a_row_for_each_estimator_seed_and_split(study):
    frame = study.to_frame()
    assert list(frame.columns) == ["estimator", "seed", "split", "score", "fit_time"]
    assert frame["estimator"].tolist() == ["eight"] * 4 + ["sixteen"] * 4
    assert frame["seed"].tolist() == 2 * study.seeds.tolist()
    assert frame["score"].tolist() == study.scores.ravel().tolist()
    assert (frame["fit_time"] > 0).all()


def test_result_can_be_restored_from_json(study):
    again = SeedStudy.from_dict(json.loads(json.dumps(study.to_dict(), allow_nan=False)))
    assert again.to_dict() == study.to_dict()
    pd.testing.assert_frame_equal(again.summary(), study.summary())
    assert study.settings["estimators"]["sixteen"]["parameters"]["batch_size"] == 16
    assert repr(study) == "SeedStudy(2 estimators, 4 seeds, 1 splits, seed=0)"


def test_figure_has_a_point_for_each_score(study):
    display = study.plot()
    for points, scores in zip(display.points_, study.scores, strict=True):
        np.testing.assert_allclose(
            np.sort(points.get_offsets()[:, 0]), np.sort(100 * scores.ravel())
        )
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["eight", "sixteen"]


def test_scores_of_deterministic_estimators_on_the_same_splits_count_once(data):
    estimators = {"bayes": GaussianNB(), "smooth": GaussianNB(var_smoothing=0.1)}
    folds = StratifiedKFold(3)
    study = seed_study(estimators, *data, n_seeds=5, cv=folds)
    differences = study.scores[0, 0] - study.scores[1, 0]  # of three folds
    error = differences.std(ddof=1) * np.sqrt(1 / 3 + study.test_train_ratio)
    row = study.differences().iloc[0]
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(abs(differences.mean()) / error, 2))
    half_width = (row["ci_high"] - row["ci_low"]) / 2
    assert half_width == pytest.approx(stats.t.ppf(0.975, 2) * error)
    assert study.summary()["n_scores"].tolist() == [3, 3]
    assert row["n_more_seeds"] == np.inf
    assert study.differences(resolution=10).iloc[0]["n_more_seeds"] == 0
    with_network = seed_study({**estimators, "mlp": tiny(**QUICK)}, *data, n_seeds=2, cv=folds)
    assert with_network.summary()["n_scores"].tolist() == [3, 3, 6]


def test_invalid_arguments_are_rejected(data, held_out, study):
    with pytest.raises(ValueError, match=r"'cv' parameter of seed_study .* GroupKFold\(5\)"):
        seed_study(tiny(), *data, cv=3, groups=data[1])
    with pytest.raises(ValueError, match="'scoring' parameter of seed_study .* one metric"):
        seed_study(tiny(), *data, cv=2, scoring=["accuracy", "f1_macro"])
    with pytest.raises(ValueError, match=r"'confidence' parameter .* \(0.0, 1.0\). Got 95"):
        study.summary(confidence=95)
    with pytest.raises(ValueError, match=r"'resolution' parameter .* \(0.0, inf\). Got 0"):
        study.differences(resolution=0)
    with pytest.raises(ValueError, match="either cv, or X_test and y_test, but not both"):
        seed_study(tiny(), *data, cv=2, **held_out)
    with pytest.raises(ValueError, match=r"'n_seeds' parameter of seed_study .*\[2, inf\)"):
        seed_study(tiny(), *data, n_seeds=1, **held_out)
    with pytest.raises(ValueError, match="'estimators' parameter of seed_study must be a class"):
        seed_study({}, *data)
    with pytest.raises(TypeError, match="or a dict or list of classifiers. Got 'mlp' instead"):
        seed_study("mlp", *data)
