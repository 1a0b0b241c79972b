"""
Hyperparameter search with Optuna
=================================

Optuna chooses the next candidate from the scores of the earlier ones, and
stops candidates that are worse than the others after a few epochs. The
classifiers need no adapter for that: their ``partial_fit`` trains for one
epoch, and ``OptunaSearchCV`` accepts them like any scikit-learn classifier.

``pip install '.[optuna]'`` in a checkout installs Optuna. Without Optuna, this
example prints a message instead of the results.
"""

# %%
# Prepare the data
# ----------------
# The splits are computed once, so that all candidates are trained and scored
# on the same images.

import importlib.util
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold, train_test_split

from skmnist import MLPClassifier
from skmnist.datasets import load_mnist_sample

X, y = load_mnist_sample(return_X_y=True)
X, X_test, y, y_test = train_test_split(
    X, y, train_size=1500, stratify=y, random_state=0
)
cv = StratifiedKFold(2, shuffle=True, random_state=0)
splits = list(cv.split(X, y))
MAX_EPOCHS = 9

has_optuna = all(
    importlib.util.find_spec(name) for name in ("optuna", "optuna_integration")
)

# %%
# Stop bad candidates early
# -------------------------
# The objective trains one classifier for each split, epoch by epoch, and
# reports the mean accuracy after each epoch. Optuna's ``HyperbandPruner`` is
# based on successive halving. With an integer ``random_state``, *n* calls of
# ``partial_fit`` give the same classifier as ``fit`` with ``max_epochs=n``.


def objective(trial):
    """Return the accuracy of a candidate, unless Optuna stops it."""
    clf = MLPClassifier(
        hidden_layer_sizes=trial.suggest_int("units", 16, 128, log=True),
        lr=trial.suggest_float("lr", 1e-4, 1e-1, log=True),
        random_state=0,
    )
    classifiers = [clone(clf) for _ in splits]
    for epoch in range(1, MAX_EPOCHS + 1):
        scores = []
        for fold, (train, test) in zip(classifiers, splits, strict=True):
            fold.partial_fit(X[train], y[train], classes=range(10))
            scores.append(fold.score(X[test], y[test]))
        trial.report(np.mean(scores), epoch)
        if trial.should_prune():
            raise optuna.TrialPruned
    return np.mean(scores)


if has_optuna:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        study_name="digits",  # HyperbandPruner depends on it
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=0),
        pruner=optuna.pruners.HyperbandPruner(max_resource=MAX_EPOCHS),
    )
    study.optimize(objective, n_trials=20)
    epochs = [len(trial.intermediate_values) for trial in study.trials]
    stopped = sum(n < MAX_EPOCHS for n in epochs)
    print(f"stopped early: {stopped} of {len(epochs)} candidates")
    print(f"epochs trained: {sum(epochs)} of {MAX_EPOCHS * len(epochs)}")
    print(f"best accuracy:  {study.best_value:.1%}")
    print(f"best units: {study.best_params['units']}")
    print(f"best lr:    {study.best_params['lr']:.4f}")
else:
    print("Optuna is not installed.")

# %%
# Each line is a candidate. Optuna stopped those that end before the last
# epoch.

if has_optuna:
    figure, ax = plt.subplots(layout="constrained")
    for trial in study.trials:
        values = trial.intermediate_values
        color = "C0" if len(values) == MAX_EPOCHS else "0.7"
        percent = [100 * value for value in values.values()]
        ax.plot(list(values), percent, color=color, marker=".")
    ax.set(xlabel="Epoch", ylabel="Validation accuracy (%)")
    ax.grid(alpha=0.3)

# %%
# Train the best candidate on all training images and test it:

if has_optuna:
    best = MLPClassifier(
        hidden_layer_sizes=study.best_params["units"],
        lr=study.best_params["lr"],
        max_epochs=MAX_EPOCHS,
        random_state=0,
    )
    print(f"test accuracy: {best.fit(X, y).score(X_test, y_test):.1%}")

# %%
# Search with OptunaSearchCV
# --------------------------
# ``OptunaSearchCV`` has the interface of scikit-learn's searches.

if has_optuna:
    from optuna.distributions import FloatDistribution, IntDistribution
    from optuna_integration import OptunaSearchCV

    # OptunaSearchCV is experimental, and uses a deprecated module of Optuna.
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    warnings.filterwarnings("ignore", "`optuna.terminator`", FutureWarning)
    search = OptunaSearchCV(
        MLPClassifier(max_epochs=MAX_EPOCHS, random_state=0),
        {
            "hidden_layer_sizes": IntDistribution(16, 128, log=True),
            "lr": FloatDistribution(1e-4, 1e-1, log=True),
        },
        cv=cv,
        n_trials=8,
        random_state=0,
    )
    search.fit(X, y)
    print("best parameters:", search.best_params_)
    print(f"cross-validation accuracy: {search.best_score_:.1%}")
    print(f"test accuracy:             {search.score(X_test, y_test):.1%}")

# %%
# :class:`~skmnist.studies.EpochHalvingSearchCV` needs no further package. It
# trains all candidates of a grid for a few epochs, continues with the best
# third, and gives the same scores as scikit-learn's ``HalvingGridSearchCV``.
