"""The classifiers inside scikit-learn's pipelines, searches, ensembles and displays."""

import matplotlib
import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.inspection import permutation_importance
from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score, make_scorer, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, MinMaxScaler, StandardScaler

from tests.helpers import digits, every_classifier, has, same_network, tiny

CHANCE = 0.1


def learner(cls, **params):
    """Return a small classifier that learns the digits in about a tenth of a second."""
    lr = 0.1 if cls.__name__ == "BackpropClassifier" else 5e-3
    small = {"stride": 2} if has(cls, "stride") else {}
    return tiny(cls, **{"max_epochs": 8, "lr": lr, "batch_size": 16, **small, **params})


@every_classifier
def test_pipeline(cls):
    X, y = digits()
    pipe = make_pipeline(MinMaxScaler(), learner(cls))
    assert pipe.fit(X, y).score(X, y) > 0.6
    assert pipe[:-1].transform(X).dtype == np.float64
    # Tabular data whose number of features is not a square number.
    pipe = make_pipeline(StandardScaler(), PCA(30, random_state=0), learner(cls))
    assert pipe.fit(X, y).score(X, y) > 0.6


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@every_classifier
def test_grid_search_finds_the_better_parameters(cls):
    X, y = digits()
    grid = {"lr": [1e-30, learner(cls).lr], "max_epochs": [1, 8]}
    search = GridSearchCV(learner(cls), grid, cv=2).fit(X, y)
    assert search.best_params_ == {"lr": learner(cls).lr, "max_epochs": 8}
    assert search.best_score_ > 3 * CHANCE
    assert search.score(X, y) > 0.5


@every_classifier
def test_search_inside_a_pipeline_over_architectures_and_scores_by_probability(cls):
    X, y = digits()
    name = cls.__name__.lower()
    pipe = make_pipeline(Binarizer(threshold=127), learner(cls))
    values = {f"{name}__batch_size": [8, 16], f"{name}__loss": ["cross_entropy", "mse"]}
    if has(cls, "hidden_layer_sizes"):
        values[f"{name}__hidden_layer_sizes"] = [(16,), (16, 8), 32]
    search = RandomizedSearchCV(
        pipe, values, n_iter=3, cv=2, random_state=0, scoring=["neg_log_loss", "roc_auc_ovr"],
        refit="neg_log_loss",
    )  # fmt: skip
    search.fit(X, y)
    assert search.cv_results_["mean_test_roc_auc_ovr"].max() > 0.7


@every_classifier
def test_cross_validation(cls):
    X, y = digits()
    scores = cross_val_score(learner(cls), X, y, cv=3)
    assert scores.mean() > 3 * CHANCE
    assert np.array_equal(scores, cross_val_score(learner(cls), X, y, cv=3))
    proba = cross_val_predict(learner(cls), X, y, cv=2, method="predict_proba")
    assert proba.shape == (250, 10)
    assert roc_auc_score(y, proba, multi_class="ovr") > 0.7


@every_classifier
def test_learning_and_validation_curves(cls):
    X, y = digits()
    sizes, _, tested = learning_curve(
        learner(cls), X, y, train_sizes=[0.2, 1.0], cv=2, shuffle=True, random_state=0
    )
    assert sizes.tolist() == [25, 125]
    assert tested.mean(axis=1).argmax() == 1
    if cls.__name__ != "BackpropClassifier":
        # Incremental learning uses partial_fit.
        *_, tested, _, _ = learning_curve(
            learner(cls), X, y, train_sizes=[0.5, 1.0], cv=2, shuffle=True, random_state=0,
            exploit_incremental_learning=True, return_times=True,
        )  # fmt: skip
        assert tested.shape == (2, 2)
    trained, _ = validation_curve(
        learner(cls), X, y, param_name="max_epochs", param_range=[1, 12], cv=2
    )
    assert trained.mean(axis=1).argmax() == 1


@every_classifier
def test_voting_and_stacking(cls):
    X, y = digits()
    members = [(str(seed), learner(cls, random_state=seed)) for seed in range(2)]
    for voting in ("soft", "hard"):
        assert VotingClassifier(members, voting=voting).fit(X, y).score(X, y) > 0.5
    assert StackingClassifier(members, cv=2).fit(X, y).score(X, y) > 0.5


@every_classifier
def test_bagging(cls):
    X, y = digits()
    bag = BaggingClassifier(learner(cls), n_estimators=3, random_state=0).fit(X, y)
    assert bag.score(X, y) > 0.5
    first, second, _ = bag.estimators_
    assert not same_network(first, second)
    # A random subset of the features is tabular data instead of an image.
    some = BaggingClassifier(learner(cls), n_estimators=2, max_features=100, random_state=0)
    assert some.fit(X, y).score(X, y) > 2 * CHANCE


@every_classifier
def test_boosting_uses_its_weights(cls):
    X, y = digits()
    boost = AdaBoostClassifier(learner(cls, max_epochs=3), n_estimators=3, random_state=0)
    assert boost.fit(X, y).score(X, y) > 2 * CHANCE
    assert len(boost.estimators_) == 3
    assert np.isfinite(boost.predict_proba(X)).all()


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
@every_classifier
def test_calibration(cls, method):
    X, y = digits()
    calibrated = CalibratedClassifierCV(learner(cls), method=method, cv=2).fit(X, y)
    assert calibrated.score(X, y) > 0.5


@every_classifier
def test_one_vs_rest(cls):
    X, y = digits()
    three = OneVsRestClassifier(learner(cls)).fit(X[y < 3], y[y < 3])
    assert three.score(X[y < 3], y[y < 3]) > 0.8
    assert [clf.classes_.tolist() for clf in three.estimators_] == [[0, 1]] * 3


@every_classifier
def test_sample_weight_is_routed_through_pipeline_and_cross_validation(cls):
    X, y = digits()
    weights = (y < 5).astype(float)  # the other digits have weight 0
    with config_context(enable_metadata_routing=True):
        clf = learner(cls).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        pipe = make_pipeline(Binarizer(threshold=127), clf)
        # scikit-learn 1.7 does not route weights to the method score of a pipeline.
        accuracy = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        for estimator, scoring in ((clf, None), (pipe, accuracy)):
            result = cross_validate(
                estimator,
                X,
                y,
                cv=2,
                params={"sample_weight": weights},
                scoring=scoring,
                return_estimator=True,
            )
            for fitted in result["estimator"]:
                assert fitted.classes_.tolist() == [0, 1, 2, 3, 4]
            # The score ignores samples of weight 0, too.
            assert result["test_score"].mean() > 3 * CHANCE
        search = GridSearchCV(clf, {"batch_size": [8, 16]}, cv=2)
        search.fit(X, y, sample_weight=weights)
        assert search.best_estimator_.classes_.tolist() == [0, 1, 2, 3, 4]


@every_classifier
def test_classes_of_partial_fit_and_validation_samples_are_routed(cls):
    X, y = digits()
    with config_context(enable_metadata_routing=True):
        clf = learner(cls).set_partial_fit_request(classes=True)
        multi = OneVsRestClassifier(clf)
        assert multi.get_metadata_routing()
        pipe = make_pipeline(learner(cls).set_fit_request(X_val=True, y_val=True))
        pipe.fit(X, y, X_val=X, y_val=y)
        assert len(pipe[-1].validation_scores_) == 8


@every_classifier
def test_set_params_of_a_pipeline_works_and_clones_are_not_fitted(cls):
    pipe = make_pipeline(MinMaxScaler(), learner(cls))
    pipe.set_params(**{f"{cls.__name__.lower()}__lr": 0.25})
    assert pipe[-1].lr == 0.25
    X, y = digits()
    fitted = learner(cls).fit(X, y)
    assert clone(fitted).get_params() == fitted.get_params()
    assert not hasattr(clone(fitted), "classes_")


@every_classifier
def test_confusion_matrix_and_scorers_accept_it(cls):
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    X, y = digits()
    clf = learner(cls).fit(X, y)
    display = ConfusionMatrixDisplay.from_estimator(clf, X, y)
    plt.close(display.figure_)
    assert display.confusion_matrix.sum() == 250
    scorer = make_scorer(
        roc_auc_score, response_method="predict_proba", multi_class="ovr", average="macro"
    )
    assert scorer(clf, X, y) > 0.8


def test_permutation_importance_finds_the_relevant_pixel():
    from skmnist import MLPClassifier

    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4)).astype(np.float32)
    y = (X[:, 2] > 0).astype(int)
    clf = MLPClassifier(max_epochs=20, random_state=0).fit(X, y)
    importance = permutation_importance(clf, X, y, n_repeats=3, random_state=0)
    assert importance.importances_mean.argmax() == 2
