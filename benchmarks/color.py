"""Baselines on color images of 32 x 32 pixels: real digits on patches of real photos.

No package on PyPI contains a classification set of real color images. The images are therefore
synthetic, as those of MNIST-M (Ganin et al., "Domain-adversarial training of neural networks",
JMLR 2016): the digits of the bundled sample are blended with patches of the two photos that are
bundled with scikit-learn. The color of a digit is the difference between the patch and a random
color, so that neither the color nor the brightness alone shows the digit.
"""

import argparse
import time

import numpy as np
from sklearn.datasets import load_sample_images
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from skmnist import CNNClassifier, MLPClassifier
from skmnist.datasets import load_mnist_sample

SIDE = 32


def make_images(X, rng):
    """Return color images of digits, uint8 of shape (n_samples, 3, 32, 32).

    Parameters
    ----------
    X : ndarray of shape (n_samples, 784), uint8
        The digits.
    rng : numpy Generator
        The random number generator.
    """
    photos = load_sample_images().images
    images = np.empty((len(X), SIDE, SIDE, 3))
    for image, digit in zip(images, X, strict=True):
        photo = photos[rng.integers(len(photos))]
        top, left = (rng.integers(0, side - SIDE + 1) for side in photo.shape[:2])
        image[:] = photo[top : top + SIDE, left : left + SIDE]
        row, column = rng.integers(0, SIDE - 28 + 1, 2)
        ink = np.zeros((SIDE, SIDE, 1))
        ink[row : row + 28, column : column + 28, 0] = digit.reshape(28, 28) / 255
        inverse = np.abs(rng.uniform(100, 255, 3) - image)
        image += ink * (inverse - image)
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2)).astype(np.uint8)


def to_gray(images):
    """Return the luminance of color images."""
    return np.rint(np.tensordot([0.299, 0.587, 0.114], images, (0, 1))).astype(np.uint8)


def contestants(random_state):
    """Yield the name, the classifier and the function that changes the images."""

    def flat(images):
        return images.reshape(len(images), -1)

    def scaled(images):
        return flat(images) / 255

    def same(images):
        return images

    seed = {"random_state": random_state}
    yield "most frequent class", DummyClassifier(), flat
    yield "LogisticRegression", LogisticRegression(max_iter=100), scaled
    yield "MLPClassifier", MLPClassifier(**seed), flat
    yield "CNNClassifier", CNNClassifier(**seed), same
    yield "CNNClassifier, gray", CNNClassifier(**seed), to_gray
    yield 'CNNClassifier, augment="light"', CNNClassifier(augment="light", **seed), same
    yield 'CNNClassifier, augment="flip"', CNNClassifier(augment="flip", **seed), same


def main():
    """Print the accuracy and the training time of each classifier."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--random-state", type=int, default=0, help="seed (default: 0)")
    parser.add_argument("--n-samples", type=int, default=5000, help="digits (default: 5000)")
    args = parser.parse_args()
    X, y = load_mnist_sample(return_X_y=True)
    chosen = np.random.default_rng(args.random_state).permutation(len(X))[: args.n_samples]
    images = make_images(X[chosen], np.random.default_rng(args.random_state + 1))
    split = train_test_split(
        images, y[chosen], test_size=0.2, stratify=y[chosen], random_state=args.random_state
    )
    X_train, X_test, y_train, y_test = split
    print(f"{len(X_train):,} training images, {len(X_test):,} test images, 3 x {SIDE} x {SIDE}")
    for name, clf, change in contestants(args.random_state):
        start = time.perf_counter()
        clf.fit(change(X_train), y_train)
        seconds = time.perf_counter() - start
        accuracy = clf.score(change(X_test), y_test)
        print(f"{name:36} {accuracy:6.1%} {seconds:7.1f} s", flush=True)


if __name__ == "__main__":
    main()
