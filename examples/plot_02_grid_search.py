"""
A pipeline with a grid search
=============================

How long to train, at which learning rate, and should the pixels be normalised? A network is a
step of a pipeline like any other, and scikit-learn's searches find out.
"""

# %%
# The pipeline
# ------------
# To see something in seconds we take 1,500 digits to search with and keep the rest for the test.

from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline

from skmnist import MLPClassifier
from skmnist.datasets import load_mnist_sample
from skmnist.displays import SearchDisplay
from skmnist.preprocessing import PixelStandardizer
from skmnist.studies import EpochGridSearchCV

X, y = load_mnist_sample(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, train_size=1500, stratify=y, random_state=0)

pipe = Pipeline([("pixels", PixelStandardizer()), ("clf", MLPClassifier(random_state=0))])

# %%
# scikit-learn's search
# ---------------------
# A parameter of a step is named after it; ``"passthrough"`` leaves a step out.

grid = {"pixels": ["passthrough", PixelStandardizer()], "clf__lr": [0.0003, 0.001, 0.003, 0.01]}
search = GridSearchCV(pipe, grid, cv=3).fit(X, y)
print(search.best_params_)
print(f"cross-validated:  {search.best_score_:.1%}")
print(f"on the test rows: {search.score(X_test, y_test):.1%}")

# %%
# The test rows took no part in the choice. The cross-validated accuracy of the winner did, so it
# is a little flattering.

SearchDisplay.from_estimator(search)

# %%
# Notice how much the learning rate decides, and that normalising shifts the best one: larger inputs
# make larger steps.
#
# Numbers of epochs
# -----------------
# 10, 20 and 40 epochs of one candidate are three trainings, 70 epochs, for ``GridSearchCV``.
# ``EpochGridSearchCV`` trains it once for 40 epochs and scores it after 10 and 20 of them, with the
# same results.

grid = {"clf__max_epochs": [10, 20, 40], "clf__lr": [0.0003, 0.001, 0.003, 0.01]}
search = EpochGridSearchCV(pipe, grid, cv=3).fit(X, y)
print(search.best_params_, f"{search.score(X_test, y_test):.1%}")
SearchDisplay.from_estimator(search)

# %%
# A low learning rate needs many epochs, a high one few: to search over one with the other fixed
# compares how patient you were.
