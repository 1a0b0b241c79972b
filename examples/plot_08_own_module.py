"""
A module of your own
====================

Any ``torch.nn.Module`` that returns a logit for each class becomes a classifier of scikit-learn's
kind: the loop, the validation, the labels and the seeds are taken care of.
"""

# %%
# The module
# ----------
# A small residual network. The arguments ``image_shape`` and ``n_classes`` are filled in from the
# data, because its ``__init__`` names them; the others are parameters.

from sklearn.model_selection import GridSearchCV, train_test_split
from torch import nn

from skmnist import TorchClassifier
from skmnist.datasets import load_mnist_sample
from skmnist.displays import TrainingCurveDisplay


class Residual(nn.Module):
    """A convolution whose input is added to its output."""

    def __init__(self, channels):
        super().__init__()
        self.convolution = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        """Return maps of the same size."""
        return x + nn.functional.relu(self.convolution(x))


class SmallResNet(nn.Module):
    """Residual convolutions on a picture of half the size."""

    def __init__(self, image_shape, n_classes, channels=8, n_blocks=1):
        super().__init__()
        height, width = image_shape[-2:]
        self.layers = nn.Sequential(
            nn.Conv2d(1, channels, 5, stride=2, padding=2),
            nn.ReLU(),
            *(Residual(channels) for _ in range(n_blocks)),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(channels * (height // 4) * (width // 4), n_classes),
        )

    def forward(self, x):
        """Return the logits."""
        return self.layers(x)


# %%
# The classifier
# --------------
# ``image_shape`` says in which shape the module wants a picture: here with its one channel.

X, y = load_mnist_sample(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, stratify=y, random_state=0)

clf = TorchClassifier(SmallResNet, image_shape=(1, 28, 28), max_epochs=8, random_state=0)
clf.fit(X, y, X_val=X_test, y_val=y_test)
print(f"{clf.n_parameters_:,} parameters, {clf.score(X_test, y_test):.1%} right")
TrainingCurveDisplay.from_estimator(clf)

# %%
# Notice that the module knows nothing of labels, of bytes or of scikit-learn; the labels could as
# well be words.
#
# Its arguments in a search
# -------------------------

grid = {"module_params": [{"n_blocks": 1}, {"n_blocks": 3}]}
search = GridSearchCV(clf.set_params(max_epochs=3), grid, cv=2).fit(X, y)
for parameters, score in zip(
    search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
):
    print(parameters["module_params"], f"{score:.1%}")
