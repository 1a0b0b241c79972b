"""
Use the hidden layer as features
================================

A network turns the pixels into features step by step. In its last hidden
layer, images of the same digit are close to each other. ``HiddenActivations``
is a transformer that returns these features.
"""

# %%
# Train a network
# ---------------

import matplotlib.pyplot as plt
from sklearn.frozen import FrozenEstimator
from sklearn.manifold import TSNE
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skmnist import CNNClassifier, HiddenActivations
from skmnist.datasets import load_mnist_sample

X, y = load_mnist_sample(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=1000, stratify=y, random_state=0
)
clf = CNNClassifier(max_epochs=5, random_state=0).fit(X_train, y_train)
print(f"test accuracy of the network: {clf.score(X_test, y_test):.1%}")

# %%
# Show the features
# -----------------
# ``FrozenEstimator`` keeps the fitted network: ``fit`` does not train it
# again. ``layer=-2`` is the last hidden layer. t-SNE places images with
# similar features next to each other. The test images were not used in the
# training.

hidden = HiddenActivations(FrozenEstimator(clf), layer=-2).fit(X_train)
inputs = {
    "Pixels": X_test / 255,
    "Last hidden layer": hidden.transform(X_test),
}
figure, axes = plt.subplots(
    1, 2, figsize=(6.4, 3.4), layout="constrained", sharex=False
)
for ax, (title, features) in zip(axes, inputs.items(), strict=True):
    points = TSNE(random_state=0).fit_transform(features)
    for digit in range(10):
        ax.scatter(
            *points[y_test == digit].T, s=5, color=f"C{digit}", label=digit
        )
    ax.set(title=title, xticks=[], yticks=[])
figure.legend(
    *axes[0].get_legend_handles_labels(),
    loc="outside lower center",
    ncols=10,
    markerscale=3,
    handletextpad=0,
    columnspacing=0.8,
)

# %%
# Classify by the nearest neighbors
# ---------------------------------
# The nearest neighbors in the last hidden layer have the same label more
# often than the nearest neighbors among the pixels.

for name, model in {
    "pixels": KNeighborsClassifier(),
    "last hidden layer": make_pipeline(hidden, KNeighborsClassifier()),
}.items():
    accuracy = model.fit(X_train, y_train).score(X_test, y_test)
    print(f"neighbors by {name}: {accuracy:.1%}")

# %%
# Choose the layer
# ----------------
# ``layer`` counts the layers with weights: 0 is the first convolution, -1
# the output layer. Feature maps are flattened.

for layer in range(4):
    hidden = HiddenActivations(FrozenEstimator(clf), layer=layer)
    model = make_pipeline(hidden, KNeighborsClassifier())
    accuracy = model.fit(X_train, y_train).score(X_test, y_test)
    n_features = len(hidden.get_feature_names_out())
    print(f"layer {layer}: {n_features} features, {accuracy:.1%}")
