"""Optuna with the classifiers: pruning per epoch, OptunaSearchCV and the example."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold, cross_val_score

from skmnist import MLPClassifier
from tests.helpers import ROOT, digits, every_classifier, tiny
from tests.test_examples import run

reason = "needs the extra optuna: pip install '.[optuna]'"
optuna = pytest.importorskip("optuna", reason=reason)
optuna_integration = pytest.importorskip("optuna_integration", reason=reason)

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
    pytest.mark.filterwarnings("ignore:`optuna.terminator`:FutureWarning"),
]
X, Y = digits()
CV = StratifiedKFold(2, shuffle=True, random_state=0)
MAX_EPOCHS = 4


def optimize(clf, pruner, lrs):
    """Return the study that scores each learning rate after each epoch."""
    splits = list(CV.split(X, Y))

    def objective(trial):
        candidate = clone(clf).set_params(lr=trial.suggest_categorical("lr", lrs))
        folds = [clone(candidate) for _ in splits]
        for epoch in range(1, MAX_EPOCHS + 1):
            scores = []
            for fold, (train, test) in zip(folds, splits, strict=True):
                fold.partial_fit(X[train], Y[train], classes=range(10))
                scores.append(fold.score(X[test], Y[test]))
            trial.report(np.mean(scores), epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return np.mean(scores)

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.GridSampler({"lr": lrs}, seed=0)
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
    study.optimize(objective)
    return study


@every_classifier
def test_reported_scores_are_those_of_a_fit_with_as_many_epochs(cls):
    study = optimize(tiny(cls), optuna.pruners.NopPruner(), [1e-2])
    (trial,) = study.trials
    for epoch in (1, MAX_EPOCHS):
        clf = tiny(cls, lr=1e-2, max_epochs=epoch)
        assert trial.intermediate_values[epoch] == cross_val_score(clf, X, Y, cv=CV).mean()


def test_bad_candidates_are_pruned():
    pruner = optuna.pruners.ThresholdPruner(lower=0.3, n_warmup_steps=MAX_EPOCHS)
    study = optimize(tiny(MLPClassifier, batch_size=8), pruner, [1e-30, 1e-2])
    states = {trial.params["lr"]: trial.state for trial in study.trials}
    assert states[1e-30] == optuna.trial.TrialState.PRUNED
    assert states[1e-2] == optuna.trial.TrialState.COMPLETE
    assert study.best_params == {"lr": 1e-2}


@pytest.mark.parametrize("prune", [False, True], ids=["all epochs", "pruning"])
@every_classifier
def test_optuna_search(cls, prune):
    distributions = {"lr": optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True)}
    clf = tiny(cls, max_epochs=2)
    search = optuna_integration.OptunaSearchCV(
        clf, distributions, cv=CV, n_trials=2, random_state=0, enable_pruning=prune, max_iter=2
    )
    search.fit(X, Y)
    assert 1e-4 <= search.best_params_["lr"] <= 1e-1
    expected = cross_val_score(clone(clf).set_params(**search.best_params_), X, Y, cv=CV).mean()
    assert search.best_score_ == pytest.approx(expected, abs=1e-12)
    assert search.best_estimator_.predict(X).shape == Y.shape


@pytest.mark.slow
def test_example_stops_candidates_early(tmp_path):
    output = run(ROOT / "examples" / "plot_10_optuna.py", tmp_path)
    stopped, total = output.split("stopped early: ")[1].split(" candidates")[0].split(" of ")
    assert 0 < int(stopped) < int(total)
    assert "test accuracy" in output
