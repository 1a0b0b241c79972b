"""
Use your own PyTorch module
===========================

``TorchClassifier`` turns a ``torch.nn.Module`` that returns one logit per
class into a scikit-learn classifier. It takes care of the training loop,
validation, labels and seeds.
"""

# %%
# Define a module
# ---------------
# The module is a small residual network. ``TorchClassifier`` passes the
# arguments ``image_shape`` and ``n_classes`` because ``__init__`` has
# parameters of these names. The others can be set with ``module_params``.

from sklearn.model_selection import GridSearchCV, train_test_split
from torch import nn

from skmnist import TorchClassifier
from skmnist.datasets import load_mnist_sample
from skmnist.displays import ArchitectureDisplay, TrainingCurveDisplay


class ResidualBlock(nn.Module):
    """A convolution whose input is added to its output."""

    def __init__(self, channels):
        super().__init__()
        self.convolution = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        """Return feature maps of the same size."""
        return x + nn.functional.relu(self.convolution(x))


class SmallResNet(nn.Module):
    """A convolution, residual blocks and a fully connected layer."""

    def __init__(self, image_shape, n_classes, channels=8, n_blocks=1):
        super().__init__()
        height, width = image_shape[-2:]
        n_features = channels * (height // 4) * (width // 4)
        self.layers = nn.Sequential(
            nn.Conv2d(1, channels, 5, stride=2, padding=2),
            nn.ReLU(),
            *(ResidualBlock(channels) for _ in range(n_blocks)),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(n_features, n_classes),
        )

    def forward(self, x):
        """Return the logits."""
        return self.layers(x)


# %%
# Train the classifier
# --------------------
# ``image_shape`` is the shape in which the module receives an image, here
# with one channel. The validation set is split off the training data. The
# test set is not used until training has ended.

X, y = load_mnist_sample(return_X_y=True)
X, X_test, y, y_test = train_test_split(
    X, y, test_size=0.2, stratify=y, random_state=0
)
X_train, X_val, y_train, y_val = train_test_split(
    X, y, test_size=0.1, stratify=y, random_state=0
)

clf = TorchClassifier(
    SmallResNet, image_shape=(1, 28, 28), max_epochs=8, random_state=0
)
clf.fit(X_train, y_train, X_val=X_val, y_val=y_val)
print(f"{clf.n_parameters_:,} parameters")
print(f"test accuracy: {clf.score(X_test, y_test):.1%}")
TrainingCurveDisplay.from_estimator(clf)

# %%
# The module needs no code for labels, data types or scikit-learn. The labels
# could also be strings.
#
# Search over the module's parameters
# -----------------------------------

grid = {"module_params": [{"n_blocks": 1}, {"n_blocks": 3}]}
search = GridSearchCV(clf.set_params(max_epochs=3), grid, cv=2).fit(X, y)
for params, score in zip(
    search.cv_results_["params"],
    search.cv_results_["mean_test_score"],
    strict=True,
):
    print(params["module_params"], f"{score:.1%}")

# %%
# Show the architecture
# ---------------------
# The classifier with the better parameters:

ArchitectureDisplay.from_estimator(search.best_estimator_)

# sphinx_gallery_thumbnail_number = 2
