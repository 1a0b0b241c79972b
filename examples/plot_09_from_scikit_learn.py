"""
Moving from scikit-learn's MLPClassifier
========================================

The two have one interface, and most parameters. What is fitted there can be carried over, weights
and all.
"""

# %%
# A network of scikit-learn's
# ---------------------------

from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier as TheirMLPClassifier

from skmnist import MLPClassifier
from skmnist.datasets import load_mnist_sample

X, y = load_mnist_sample(return_X_y=True)
X = X / 255
X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, stratify=y, random_state=0)

theirs = TheirMLPClassifier((64, 32), early_stopping=True, random_state=0).fit(X, y)
print(f"{theirs.score(X_test, y_test):.1%}")

# %%
# Carried over
# ------------
# ``from_sklearn`` takes the parameters, the labels and the weights.

ours = MLPClassifier.from_sklearn(theirs)
print(f"{ours.score(X_test, y_test):.1%}, the same answers:", end=" ")
print((ours.predict(X_test) == theirs.predict(X_test)).all())

# %%
# From here it can be trained further, on a GPU, with dropout, in other precisions; and the
# displays show it.

ours.set_params(early_stopping=False).partial_fit(X, y)
print(f"{ours.score(X_test, y_test):.1%} after one more epoch")

# %%
# The parameters
# --------------
# Those that have the same name and meaning (``hidden_layer_sizes``, ``activation``, ``shuffle``,
# ``random_state``, ``tol``, ``warm_start``, ``early_stopping``, ``validation_fraction``,
# ``n_iter_no_change``) aren't in this table.
#
# =================================== =========================================================
# scikit-learn                        skmnist
# =================================== =========================================================
# ``solver="adam"``, ``"sgd"``        ``optimizer="adam"``, ``"sgd"``, and four others
# ``solver="lbfgs"``                  none: say which, ``from_sklearn(clf, optimizer="adam")``
# ``learning_rate_init``              ``lr``
# ``learning_rate="constant"``        ``lr_schedule=None``; other schedules are in that parameter
# ``max_iter``                        ``max_epochs``
# ``batch_size="auto"``               ``batch_size=200``; by default it is 64
# ``alpha`` (divided by the batch)    ``weight_decay=alpha / batch_size``, on biases, too
# ``momentum``                        ``momentum``, by default 0
# ``nesterovs_momentum``              ``nesterov``
# ``activation="logistic"``           ``activation="sigmoid"``
# ``beta_1``, ``beta_2``, ``epsilon`` torch's, which are the same
# ``max_fun``                         none: it belongs to ``"lbfgs"``
# =================================== =========================================================
#
# Two things differ without a parameter. scikit-learn stops when the training loss stalls, skmnist
# only with ``early_stopping``, and then it goes back to the best epoch's weights, as scikit-learn
# does. And integer pixels are divided by 255 here, so the division above isn't needed.

fresh = MLPClassifier.from_sklearn(TheirMLPClassifier((64, 32), max_iter=20, random_state=0))
print(fresh)
