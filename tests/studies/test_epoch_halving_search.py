"""EpochHalvingSearchCV gives the same results as HalvingGridSearchCV, with fewer epochs."""

import warnings

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GroupKFold, HalvingGridSearchCV, ShuffleSplit, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler
from sklearn.svm import SVC
from skorch.callbacks import EpochTimer

from skmnist import CNNClassifier
from skmnist._training.schedules import NEEDS_MAX_EPOCHS, SCHEDULES
from skmnist.studies import EpochHalvingSearchCV
from tests.helpers import CLASSIFIERS, has, same_network
from tests.helpers import tiny as tiny_of
from tests.studies.helpers import DIVERGING, assert_same, tiny

GRID = {"lr": [1e-4, 1e-3, 1e-2], "batch_size": [16, 32, 64]}
EXTRA = {"extra": {"continued_"}, "extra_params": {"time_limit", "checkpoint_dir"}}
FROM_SCRATCH = "trained from scratch in each iteration"


def both(estimator, grid, data, fit_params=None, resource="max_epochs", n_warnings=0, **params):
    """Fit an EpochHalvingSearchCV and a HalvingGridSearchCV, compare and return them."""
    params = {"cv": 2, "max_resources": 9} | params
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search = EpochHalvingSearchCV(clone(estimator), grid, **params)
        search.fit(*data, **(fit_params or {}))
    scratch = [w for w in caught if "from scratch" in str(w.message)]
    assert len(scratch) == n_warnings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = HalvingGridSearchCV(clone(estimator), grid, resource=resource, **params)
        reference.fit(*data, **(fit_params or {}))
    assert_same(search, reference, **EXTRA)
    return search, reference


def continued_rows(search):
    """Return whether each entry of `cv_results_` belongs to a later iteration than the first."""
    return (search.cv_results_["iter"] > 0).tolist()


def test_remaining_candidates_continue_from_their_weights(data, epochs_run):
    search = EpochHalvingSearchCV(tiny(), GRID, cv=2, max_resources=9, refit=False).fit(*data)
    assert search.n_candidates_ == [9, 3, 1]
    assert search.n_resources_ == [1, 3, 9]
    # Each candidate of an iteration trains the epochs that it has not trained before.
    assert len(epochs_run) == 2 * (9 * 1 + 3 * 2 + 1 * 6)
    assert search.continued_.tolist() == continued_rows(search)


def test_best_estimator_is_the_same(data):
    search, reference = both(tiny(), GRID, data)
    assert same_network(search.best_estimator_, reference.best_estimator_)
    np.testing.assert_array_equal(search.predict(data[0]), reference.predict(data[0]))


@pytest.mark.parametrize(
    "params",
    [
        {"factor": 2, "min_resources": 1},
        {"factor": 2.5, "max_resources": 7},
        {"min_resources": 2, "max_resources": 5},
        {"min_resources": "smallest", "max_resources": 30},
        {"aggressive_elimination": True, "max_resources": 4},
        {"scoring": "neg_log_loss", "return_train_score": False, "random_state": 0},
        {"cv": StratifiedKFold(3, shuffle=True, random_state=1), "refit": False},
        {"cv": ShuffleSplit(2, random_state=0), "error_score": "raise"},
        pytest.param({"n_jobs": 2}, marks=pytest.mark.slow),
    ],
    ids=lambda params: " ".join(params),
)
def test_settings_of_the_search(data, params):
    search, _ = both(tiny(), GRID, data, **params)
    assert search.continued_.tolist() == continued_rows(search)


def test_auto_is_the_number_of_epochs_of_the_estimator(data):
    search = EpochHalvingSearchCV(tiny(max_epochs=4), GRID, cv=2, factor=2).fit(*data)
    assert search.max_resources_ == 4
    assert search.get_params()["max_resources"] == "auto"


@pytest.mark.parametrize("cls", CLASSIFIERS, ids=lambda cls: cls.__name__)
def test_every_classifier(cls, data):
    grid = {"lr": [1e-3, 1e-2, 1e-1]}
    small = {"stride": 2} if has(cls, "stride") else {}
    search, _ = both(tiny_of(cls, **small), grid, data, max_resources=3)
    assert search.continued_.tolist() == continued_rows(search)


@pytest.mark.parametrize(
    "params",
    [
        {"early_stopping": True, "n_iter_no_change": 1, "tol": 0.1},
        {"early_stopping": True, "n_iter_no_change": 20},
        {"warm_start": True},
        {"random_state": np.random.RandomState(0)},
        {"dropout": 0.2, "batch_norm": True},
        {"average": False, "optimizer": "sgd", "momentum": 0.9},
        {"augment": "light"},
    ],
    ids=lambda params: " ".join(params),
)
def test_settings_of_the_estimator(data, params):
    if "augment" in params:
        estimator = CNNClassifier((2,), hidden_layer_sizes=(), stride=2, random_state=0, **params)
    else:
        estimator = tiny(**params)
    search, _ = both(estimator, {"lr": [1e-3, 1e-2, 1e-1]}, data, max_resources=6)
    assert search.continued_.tolist() == continued_rows(search)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule(data, schedule):
    nests = schedule not in NEEDS_MAX_EPOCHS
    search, _ = both(tiny(lr_schedule=schedule), GRID, data, n_warnings=int(not nests))
    assert search.continued_.tolist() == [nests and later for later in continued_rows(search)]


def test_warning_counts_the_candidates_that_are_trained_from_scratch(data):
    grid = {"lr_schedule": [None, "cosine"], "lr": [1e-3, 1e-2]}
    search = EpochHalvingSearchCV(tiny(), grid, cv=2, factor=1.5, min_resources=2, max_resources=4)
    with pytest.warns(UserWarning, match=f"[12] of 3 candidates are {FROM_SCRATCH}"):
        search.fit(*data)
    schedules = search.cv_results_["param_lr_schedule"]
    assert not search.continued_[schedules == "cosine"].any()


def test_callbacks_are_used_from_scratch(data):
    search, _ = both(tiny(callbacks=[EpochTimer()]), GRID, data, n_warnings=1)
    assert not search.continued_.any()


@pytest.mark.parametrize(
    ("estimator", "grid"),
    [
        (SklearnMLPClassifier((4,), random_state=0), {"learning_rate_init": [1e-4, 1e-3, 1e-2]}),
        (LogisticRegression(), {"C": [1e-3, 1e-2, 1e-1]}),
    ],
    ids=["mlp", "logistic regression"],
)
def test_classifiers_of_scikit_learn_are_trained_from_scratch(data, estimator, grid):
    search, _ = both(estimator, grid, data, resource="max_iter", n_warnings=1)
    assert not search.continued_.any()


def test_pipeline(data):
    pipe = make_pipeline(MinMaxScaler(clip=True), tiny())
    grid = {
        "mlpclassifier__lr": [1e-3, 1e-2],
        "minmaxscaler__feature_range": [(0, 1), (-1, 1)],
    }
    search, reference = both(pipe, grid, data, resource="mlpclassifier__max_epochs")
    assert search.continued_.tolist() == continued_rows(search)
    assert same_network(search.best_estimator_[-1], reference.best_estimator_[-1])


def add_noise(X):
    return X / 255 + np.random.normal(0, 0.01, X.shape)


def test_training_that_gets_other_data_starts_from_scratch_with_a_warning(data):
    pipe = make_pipeline(FunctionTransformer(add_noise), tiny())
    grid = {"mlpclassifier__lr": [1e-3, 1e-2, 1e-1]}
    search = EpochHalvingSearchCV(pipe, grid, cv=2, max_resources=3, refit=False)
    with pytest.warns(UserWarning, match="2 fits were trained from scratch, because the state"):
        search.fit(*data)
    assert not search.continued_.any()
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_equal_candidates_and_equal_splits(data):
    n = len(data[0])
    splits = [(np.arange(n // 2), np.arange(n // 2, n))] * 2
    both(tiny(), {"lr": [1e-2, 1e-2, 1e-3]}, data, cv=splits, max_resources=3)


def test_splits_from_a_generator(data):
    n = len(data[0])
    for cls, resource in (
        (EpochHalvingSearchCV, {}),
        (HalvingGridSearchCV, {"resource": "max_epochs"}),
    ):
        splits = ((np.arange(n) % 3 != i, np.arange(n) % 3 == i) for i in range(3))
        splits = ((np.flatnonzero(a), np.flatnonzero(b)) for a, b in splits)
        search = cls(tiny(), GRID, cv=splits, max_resources=3, **resource).fit(*data)
        assert search.n_splits_ == 3


def test_weights_and_groups(data):
    rng = np.random.default_rng(0)
    n = len(data[0])
    fit_params = {"sample_weight": rng.integers(0, 3, n), "groups": rng.integers(0, 9, n)}
    search, _ = both(tiny(), GRID, data, fit_params, cv=GroupKFold(3), scoring="accuracy")
    assert search.continued_.tolist() == continued_rows(search)


def test_metadata_routing(data):
    rng = np.random.default_rng(0)
    n = len(data[0])
    fit_params = {"sample_weight": rng.uniform(0, 2, n), "groups": rng.integers(0, 9, n)}
    with sklearn.config_context(enable_metadata_routing=True):
        search, _ = both(
            tiny().set_fit_request(sample_weight=True),
            GRID,
            data,
            fit_params,
            cv=GroupKFold(3),
            scoring=make_scorer(accuracy_score).set_score_request(sample_weight=True),
        )
        assert search.continued_.tolist() == continued_rows(search)
        with pytest.raises(sklearn.exceptions.UnsetMetadataPassedError):
            EpochHalvingSearchCV(tiny(), GRID).fit(*data, sample_weight=fit_params["sample_weight"])


def test_search_can_be_cloned_and_fitted_again(data):
    search = EpochHalvingSearchCV(tiny(), GRID, cv=2, max_resources=9)
    before = search.get_params()
    first = search.fit(*data).cv_results_
    assert search.get_params() == before
    again = clone(search).fit(*data).cv_results_
    np.testing.assert_array_equal(first["mean_test_score"], again["mean_test_score"])
    unfitted = {name for name in vars(clone(search)) if not name.endswith("_")}
    private = {name for name in vars(search).keys() - unfitted if not name.endswith("_")}
    assert private <= {"_checked_cv_orig", "_n_samples_orig"}


def test_no_state_remains(data, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    EpochHalvingSearchCV(tiny(), GRID, cv=2, max_resources=9).fit(*data)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error_score", [np.nan, -1.0])
def test_failing_candidates_get_the_error_score(data, error_score):
    # Training fails in the first iteration for one candidate, and later for another.
    grid = {"lr": [1e12, 100.0, 1e-3]}
    estimator = tiny(**{**DIVERGING, "lr": 1.0})
    search, _ = both(estimator, grid, data, error_score=error_score, factor=1.3, min_resources=4)
    scores = search.cv_results_["mean_test_score"]
    failed = np.isnan(scores) if np.isnan(error_score) else scores == error_score
    assert 0 < failed.sum() < len(scores)


def test_errors(data, tmp_path):
    with pytest.raises(ValueError, match="Cannot use parameter max_epochs as the resource"):
        EpochHalvingSearchCV(tiny(), {"max_epochs": [1, 2]}).fit(*data)
    with pytest.raises(
        ValueError, match="KNeighborsClassifier has neither the parameter max_epochs nor max_iter"
    ):
        EpochHalvingSearchCV(KNeighborsClassifier(), GRID).fit(*data)
    with pytest.raises(ValueError, match="must yield consistent folds"):
        EpochHalvingSearchCV(tiny(), GRID, cv=ShuffleSplit(2)).fit(*data)
    with pytest.raises(ValueError, match="'factor' parameter of EpochHalvingSearchCV"):
        EpochHalvingSearchCV(tiny(), GRID, factor=-1).fit(*data)
    with pytest.raises(ValueError, match=r"float in the range \(1.0, inf\). Got 1 instead"):
        EpochHalvingSearchCV(tiny(), GRID, factor=1).fit(*data)
    with pytest.raises(ValueError, match="Got max_iter=-1 instead. Set max_resources to an int"):
        EpochHalvingSearchCV(SVC(), GRID).fit(*data)
    with pytest.raises(ValueError, match="resume=True requires checkpoint_dir"):
        EpochHalvingSearchCV(tiny(), GRID).fit(*data, resume=True)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="checkpoint_dir must be a folder"):
        EpochHalvingSearchCV(tiny(), GRID, checkpoint_dir=tmp_path / "file").fit(*data)
