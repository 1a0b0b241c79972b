"""Create the images of the home page and the README.

Run ``python docs/images/make_images.py`` from the root of the repository. The screenshot of
the report needs Chromium and Playwright (extra ``test``).
"""

import sys
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from sklearn.model_selection import train_test_split

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]

from check_layout import open_browser  # noqa: E402

from benchmarks.photos import take_photo  # noqa: E402
from skmnist import CNNClassifier, predict_image  # noqa: E402
from skmnist.datasets import load_mnist_sample  # noqa: E402
from skmnist.displays import TrainingCurveDisplay  # noqa: E402
from skmnist.reporting import EvaluationReport  # noqa: E402

SIZE = (4.8, 3.0)  # inches


def draw_prediction(clf, digit, path):
    """Draw a photo, the image that the network sees, and the probabilities of the labels."""
    photo = take_photo(digit, ("ruled", "shadow", "noise"), np.random.default_rng(3))
    prediction = predict_image(photo, clf)
    figure, axes = plt.subplot_mosaic(
        [["photo", "proba"], ["image", "proba"]],
        figsize=SIZE,
        layout="constrained",
        width_ratios=(1.3, 1),
    )
    axes["photo"].imshow(photo, cmap="gray", vmin=0, vmax=255)
    axes["photo"].set_title("Photo")
    axes["image"].imshow(prediction.image.reshape(28, 28), cmap="gray")
    axes["image"].set_title("28 × 28 pixels")
    for name in ("photo", "image"):
        axes[name].set_axis_off()
    labels = np.arange(10)
    probabilities = [100 * prediction.proba[label] for label in labels]
    axes["proba"].barh(labels, probabilities, color="#0072B2")
    axes["proba"].set_yticks(labels)
    axes["proba"].invert_yaxis()
    axes["proba"].set_xlim(0, 100)
    axes["proba"].set_xlabel("Probability (%)")
    axes["proba"].set_title(f"Prediction: {prediction.label}")
    axes["proba"].spines[["top", "right"]].set_visible(False)
    save(figure, path)


def draw_epoch_curve(X, y, path):
    """Draw the losses and the validation accuracy after each epoch of a fit."""
    clf = CNNClassifier(early_stopping=True, max_epochs=15, n_iter_no_change=15, random_state=0)
    display = TrainingCurveDisplay.from_estimator(clf.fit(X, y), metrics=["loss", "score"])
    display.figure_.set_size_inches(1.3 * SIZE[0], 1.3 * SIZE[1])
    save(display.figure_, path)


def take_screenshot(clf, X, y, path):
    """Save the upper part of the evaluation report as an image."""
    with tempfile.TemporaryDirectory() as folder:
        EvaluationReport.from_estimator(clf, X, y).save(folder)
        with open_browser() as browser:
            page = browser.new_page(viewport={"width": 880, "height": 550}, color_scheme="light")
            page.goto((Path(folder) / "report.html").as_uri())
            page.screenshot(path=path)
    shrink(path)


def save(figure, path):
    """Save a figure as a small PNG file."""
    figure.savefig(path, dpi=160)
    plt.close(figure)
    shrink(path)


def shrink(path):
    """Reduce a PNG file to a palette of 64 colors."""
    image = Image.open(path).convert("RGB")
    image.quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)


def main():
    """Create all images."""
    X, y = load_mnist_sample(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=1000, stratify=y, random_state=0
    )
    clf = CNNClassifier(early_stopping=True, random_state=0).fit(X_train, y_train)
    draw_prediction(clf, X_test[0].reshape(28, 28), HERE / "photo-to-prediction.png")
    take_screenshot(clf, X_test, y_test, HERE / "report.png")
    draw_epoch_curve(X_train, y_train, HERE / "epoch-curve.png")


if __name__ == "__main__":
    main()
