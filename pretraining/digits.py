"""Train ``load_pretrained("digits")`` on MNIST: ``python -m pretraining.digits --help``.

Writes ``digits.safetensors`` and its model card ``digits.json`` to the folder of the package. On
the same platform, with the same versions, the file is the same each time.
"""

import argparse
import hashlib
import json
import platform
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import sklearn
import torch
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

import skmnist
from skmnist import CNNClassifier
from skmnist.datasets import fetch_mnist
from skmnist.preprocessing._augmentation import photo_augmentation

from .drawn_digits import make_drawn_digits
from .not_digits import make_not_digits

FOLDER = Path(skmnist.__file__).parent / "_pretrained"
N_VALIDATION, N_DRAWN, N_NOT_DIGITS = 5_000, 4_000, 12_000
PRESET = "accurate"
PARAMS = {"augment": "photo", "max_epochs": 30, "random_state": 0}
# The last epochs are without imitated damage: more accurate on clean digits.
LAST_EPOCHS = 3
LAST_PARAMS = {"augment": "light", "lr": 3e-4, "lr_schedule": None}
ANSWERED = 0.998  # fraction of the validation digits above the threshold


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m pretraining.digits", description=__doc__)
    parser.add_argument("--data-home", help="folder of MNIST (default: as fetch_mnist)")
    parser.add_argument("--output-dir", type=Path, default=FOLDER, help="default: the package")
    parser.add_argument("--epochs", type=int, default=PARAMS["max_epochs"], help="for a trial")
    args = parser.parse_args(argv)
    train = fetch_mnist(data_home=args.data_home)
    test = fetch_mnist(subset="test", data_home=args.data_home)
    X, X_val, y, y_val = train_test_split(
        train.data, train.target, test_size=N_VALIDATION, stratify=train.target, random_state=0
    )
    clf = fit(X, y, args.epochs)
    temperature = calibrate(clf, X_val, y_val)
    threshold = float(np.quantile(clf.predict_proba(X_val).max(axis=1), 1 - ANSWERED))
    args.output_dir.mkdir(parents=True, exist_ok=True)
    path = args.output_dir / "digits.safetensors"
    save(clf, path)
    card = {
        "name": "digits",
        "task": "handwritten digits, 28 x 28 pixels in MNIST's format",
        "date": date.today().isoformat(),
        "command": "python -m pretraining.digits",
        "data": "MNIST's training set (LeCun, Cortes and Burges), CC BY-SA 3.0",
        "n_training": len(X),
        "n_drawn_digits": N_DRAWN,
        "n_not_digits": N_NOT_DIGITS,
        "n_validation": len(X_val),
        "preset": PRESET,
        "parameters": PARAMS | {"max_epochs": args.epochs},
        "last_epochs": LAST_EPOCHS,
        "last_parameters": LAST_PARAMS,
        "n_parameters": clf.n_parameters_,
        "temperature": round(temperature, 3),
        "threshold": round(threshold, 3),
        "validation_accuracy": clf.score(X_val, y_val),
        "test_accuracy": clf.score(test.data, test.target),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "scikit-learn": sklearn.__version__,
            "skmnist": skmnist.__version__,
        },
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    path.with_suffix(".json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(card, indent=2))


def fit(X, y, epochs):
    """Fit the classifier on digits, on drawn digits, and on other images with random labels.

    Random labels teach the network to give all digits the same probability, as the uniform targets
    of Hendrycks, Mazeika and Dietterich (2019), "Deep anomaly detection with outlier exposure".
    """
    not_digits = make_not_digits(X, N_NOT_DIGITS, seed=0)
    labels = np.random.default_rng(0).integers(0, 10, len(not_digits))
    X_drawn, y_drawn = make_drawn_digits(N_DRAWN, seed=0)
    X, y = np.concatenate([X, X_drawn, not_digits]), np.concatenate([y, y_drawn, labels])
    clf = CNNClassifier.from_preset(PRESET, **PARAMS | {"max_epochs": epochs}, verbose=1).fit(X, y)
    with TemporaryDirectory() as folder:
        # Without the state of the optimizer, a new average begins.
        save(clf, Path(folder, "clf"))
        clf = CNNClassifier.load(Path(folder, "clf")).set_params(**LAST_PARAMS)
    for _ in range(LAST_EPOCHS):
        clf.partial_fit(X, y)
    return clf


def calibrate(clf, X, y):
    """Divide the logits by the temperature that suits imitated photos, inside the network.

    See Guo et al. (2017), "On calibration of modern neural networks".
    """
    images = torch.from_numpy(X).float().view(-1, 1, 28, 28) / 255
    photos = photo_augmentation(images, torch.Generator().manual_seed(0))
    proba = clf.predict_proba((255 * photos).round().byte().numpy())
    logits = np.log(np.maximum(proba, 1e-12))

    def loss(log_temperature):
        scaled = np.exp(logits / np.exp(log_temperature))
        return log_loss(y, scaled / scaled.sum(axis=1, keepdims=True))

    temperature = float(np.exp(minimize_scalar(loss, bounds=(-2, 2), method="bounded").x))
    last = clf.module_.classifier[-1]
    with torch.no_grad():
        last.weight /= temperature
        last.bias /= temperature
    return temperature


def save(clf, path):
    """Save the classifier without what differs from training to training: the times."""
    clf.fit_time_ = 0.0
    for epoch in clf.net_.history:
        epoch["dur"] = 0.0
    clf.set_params(verbose=0)
    clf.save(path, optimizer_state=False)


if __name__ == "__main__":
    main()
