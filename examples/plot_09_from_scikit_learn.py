"""
Migrate from scikit-learn's MLPClassifier
=========================================

Convert a fitted ``sklearn.neural_network.MLPClassifier`` with its weights,
and continue its training in skmnist. Both classes have the same interface and
share most of their parameters.
"""

# %%
# Train scikit-learn's classifier
# -------------------------------

from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier

from skmnist import MLPClassifier
from skmnist.datasets import load_mnist_sample
from skmnist.displays import WeightsDisplay

X, y = load_mnist_sample(return_X_y=True)
X = X / 255
X, X_test, y, y_test = train_test_split(
    X, y, test_size=0.2, stratify=y, random_state=0
)

sklearn_clf = SklearnMLPClassifier(
    (64, 32), early_stopping=True, random_state=0
).fit(X, y)
print(f"test accuracy: {sklearn_clf.score(X_test, y_test):.1%}")

# %%
# Convert the classifier
# ----------------------
# ``from_sklearn`` copies the parameters, the labels and the weights.

clf = MLPClassifier.from_sklearn(sklearn_clf)
same = (clf.predict(X_test) == sklearn_clf.predict(X_test)).all()
print(f"test accuracy: {clf.score(X_test, y_test):.1%}")
print("same predictions:", same)

# %%
# Continue training
# -----------------
# The converted classifier has all features of skmnist, such as GPU training,
# dropout, data augmentation and the displays.

clf.set_params(early_stopping=False).partial_fit(X, y)
accuracy = clf.score(X_test, y_test)
print(f"test accuracy after one more epoch: {accuracy:.1%}")
WeightsDisplay.from_estimator(clf, n=16)

# %%
# Compare the parameters
# ----------------------
# These parameters have the same name and meaning in both:
# ``hidden_layer_sizes``, ``activation``, ``shuffle``, ``random_state``,
# ``tol``, ``warm_start``, ``early_stopping``, ``validation_fraction`` and
# ``n_iter_no_change``. The others differ:
#
# =================================== ======================================
# scikit-learn                        skmnist
# =================================== ======================================
# ``solver="adam"``, ``"sgd"``        ``optimizer="adam"``, ``"sgd"``, and
#                                     four others
# ``solver="lbfgs"``                  not available; choose an optimizer:
#                                     ``from_sklearn(clf, optimizer="adam")``
# ``learning_rate_init``              ``lr``
# ``learning_rate="constant"``        ``lr_schedule=None``; other values are
#                                     not converted
# ``max_iter``                        ``max_epochs``
# ``batch_size="auto"``               ``batch_size=200`` (default: 64)
# ``alpha``                           ``weight_decay=alpha / batch_size``;
#                                     also decays the biases
# ``momentum``                        ``momentum`` (default: 0)
# ``nesterovs_momentum``              ``nesterov``
# ``activation="logistic"``           ``activation="sigmoid"``
# ``beta_1``, ``beta_2``, ``epsilon`` ``optimizer_params``
# no average of the weights           ``average=False`` (default: True)
# ``max_fun``                         not available (only for ``"lbfgs"``)
# =================================== ======================================
#
# Two differences have no parameter:
#
# - scikit-learn stops when the training loss stops improving. skmnist stops
#   before ``max_epochs`` only with ``early_stopping=True``.
# - skmnist divides integer pixels by 255, so the division above is needed
#   only for scikit-learn.
#
# An unfitted classifier can be converted, too:

print(MLPClassifier.from_sklearn(SklearnMLPClassifier((64, 32), max_iter=20)))
