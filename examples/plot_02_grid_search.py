"""
Grid search over a pipeline
===========================

Find the best learning rate, number of epochs and pixel scaling with
cross-validation. An skmnist classifier is an ordinary step of a scikit-learn
pipeline, so scikit-learn's searches work with it.
"""

# %%
# Build the pipeline
# ------------------
# To keep the search short, we train on 1,500 digits and use the others as the
# test set.

from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline

from skmnist import MLPClassifier
from skmnist.datasets import load_mnist_sample
from skmnist.displays import SearchDisplay
from skmnist.preprocessing import PixelStandardizer
from skmnist.studies import EpochGridSearchCV

X, y = load_mnist_sample(return_X_y=True)
X, X_test, y, y_test = train_test_split(
    X, y, train_size=1500, stratify=y, random_state=0
)

pipe = Pipeline(
    [
        ("pixels", PixelStandardizer()),
        ("clf", MLPClassifier(random_state=0)),
    ]
)

# %%
# Search with GridSearchCV
# ------------------------
# The name of a parameter is the name of its step, two underscores and the
# name in the step. The value ``"passthrough"`` removes a step.

rates = [0.0003, 0.001, 0.003, 0.01, 0.03]
grid = {"clf__lr": rates, "pixels": ["passthrough", PixelStandardizer()]}
search = GridSearchCV(pipe, grid, cv=3).fit(X, y)
best = {name: str(value) for name, value in search.best_params_.items()}
print("best parameters:          ", best)
print(f"cross-validation accuracy: {search.best_score_:.1%}")
print(f"test accuracy:             {search.score(X_test, y_test):.1%}")

# %%
# The search chose the parameters with the highest cross-validation accuracy.
# That accuracy is therefore slightly optimistic; the test accuracy is not,
# because the test set was not used in the search.

SearchDisplay.from_estimator(search)

# %%
# Which of the two parameters matters more? For each pixel scaling, compare
# the best and the worst learning rate:

scores = search.cv_results_["mean_test_score"].reshape(len(rates), 2)
names = ["passthrough", "standardized"]
for name, column in zip(names, scores.T, strict=True):
    print(
        f"{name:12}  worst lr {column.min():.1%}, best lr {column.max():.1%}"
        f" (lr={rates[column.argmax()]})"
    )

# %%
# Search over the number of epochs
# --------------------------------
# ``GridSearchCV`` would train a separate network for 10, 20 and 40 epochs.
# ``EpochGridSearchCV`` trains one network for 40 epochs and also scores it
# after 10 and 20 epochs. The results are the same.

grid = {"clf__max_epochs": [10, 20, 40], "clf__lr": rates}
search = EpochGridSearchCV(pipe, grid, cv=3).fit(X, y)
print("best parameters:", search.best_params_)
print(f"test accuracy:   {search.score(X_test, y_test):.1%}")
SearchDisplay.from_estimator(search)

# %%
# The smallest learning rate gains most from more epochs. Search over both
# parameters together: the best learning rate can depend on the number of
# epochs.

# sphinx_gallery_thumbnail_number = 1
