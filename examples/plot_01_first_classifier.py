"""
Train a first classifier
========================

Train a neural network on handwritten digits, plot its training curve and
look at the digits that it misclassifies. The example uses the bundled MNIST
sample and needs no download.
"""

# %%
# Load the data
# -------------
# The sample has 5,000 images of 28 x 28 pixels. Each image is a row of 784
# pixel values, from 0 (background) to 255 (foreground). We set aside 20% as
# the test set. With ``stratify``, all digits are equally frequent in both
# sets.

from sklearn.model_selection import train_test_split

from skmnist import MLPClassifier
from skmnist.datasets import load_mnist_sample
from skmnist.displays import MisclassifiedDisplay, TrainingCurveDisplay

X, y = load_mnist_sample(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.2, stratify=y, random_state=0
)
print(X_train.shape, X_test.shape)

# %%
# Train the network
# -----------------
# The network has two hidden layers of 64 and 32 units. With
# ``early_stopping=True``, 10% of the training data becomes the validation
# set. Training stops when the validation accuracy has not improved for ten
# epochs. The pixels need no scaling: integer pixels are divided by 255.

clf = MLPClassifier(
    (64, 32), max_epochs=50, early_stopping=True, random_state=0
)
clf.fit(X_train, y_train)
print(f"{clf.n_weights_:,} weights, trained for {clf.n_iter_} epochs")
print(f"training accuracy: {clf.score(X_train, y_train):.1%}")
print(f"test accuracy:     {clf.score(X_test, y_test):.1%}")

# %%
# The training accuracy is higher than the test accuracy: the network
# overfits.
#
# Plot the training curve
# -----------------------
# The training loss decreases until the end. The validation loss reaches its
# minimum earlier; after that, the network overfits more and more. The
# classifier keeps the weights of the epoch with the best validation accuracy.

TrainingCurveDisplay.from_estimator(clf)
print(f"best epoch: {clf.best_epoch_}")

# %%
# Show the misclassified digits
# -----------------------------
# The mistakes with the highest confidence come first. High confidence does
# not mean that a prediction is correct.

MisclassifiedDisplay.from_estimator(clf, X_test, y_test)

# sphinx_gallery_thumbnail_number = 2
