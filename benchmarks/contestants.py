"""The training methods that are compared: each takes a Task and returns an Outcome.

All contestants of a round get the same Task. They train on the same float32 array, except the
DataLoader script, which reads the same images one by one. Times are those of the complete ``fit``.
"""

import time
from dataclasses import dataclass, replace
from typing import NamedTuple

import sklearn.neural_network
import torch
from skorch import NeuralNetClassifier
from torch import nn
from torch.utils.data import DataLoader, Dataset

import skmnist

from .data import Digits
from .default_network import conv_layers


@dataclass(frozen=True)
class Task:
    """Settings that all contestants of a round share; the optimizer is Adam."""

    data: Digits
    epochs: int
    threads: int = 1
    seed: int = 0
    hidden_layer_sizes: tuple = (64, 32)
    batch_size: int = 64
    lr: float = 1e-3
    as_bytes: bool = False  # whether skmnist gets the uint8 images, without a float copy

    @property
    def tolerance(self):
        """Largest difference of the accuracies that is accepted.

        It is 0.01 for 200,000 training images (samples times epochs) or more, and grows for fewer.
        """
        return round(0.01 * max(1, 200_000 / (len(self.data) * self.epochs)) ** 0.5, 3)


class Outcome(NamedTuple):
    seconds: float
    accuracy: float | None = None


# -- estimators ------------------------------------------------------------------------------


def skmnist_estimator(task):
    return skmnist.MLPClassifier(task.hidden_layer_sizes, **_skmnist_settings(task))


def _skmnist_settings(task):
    return {
        "lr": task.lr,
        "batch_size": task.batch_size,
        "max_epochs": task.epochs,
        "random_state": task.seed,
        "n_threads": task.threads,
        "device": "cpu",
    }


def sklearn_estimator(task):
    return sklearn.neural_network.MLPClassifier(
        task.hidden_layer_sizes,
        alpha=0,
        learning_rate_init=task.lr,
        batch_size=task.batch_size,
        max_iter=task.epochs,
        n_iter_no_change=task.epochs + 1,  # do not stop earlier
        random_state=task.seed,
    )


def skorch_estimator(module, task):
    """Return a skorch classifier with its defaults, without a validation set, with shuffling."""
    return NeuralNetClassifier(
        module,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=task.lr,
        batch_size=task.batch_size,
        max_epochs=task.epochs,
        train_split=None,
        iterator_train__shuffle=True,
        verbose=0,
    )


def _pixels(task):
    """Return the training and the test images that skmnist gets."""
    data = task.data
    return (data.X, data.X_test) if task.as_bytes else (data.floats, data.floats_test)


def _fit(estimator, task, X, X_test):
    start = time.perf_counter()
    estimator.fit(X, task.data.y)
    seconds = time.perf_counter() - start
    return Outcome(seconds / task.epochs, estimator.score(X_test, task.data.y_test))


# -- multi-layer perceptrons ------------------------------------------------------------------


def skmnist_mlp(task):
    return _fit(skmnist_estimator(task), task, *_pixels(task))


def sklearn_mlp(task):
    return _fit(sklearn_estimator(task), task, task.data.floats, task.data.floats_test)


def skorch_mlp(task):
    estimator = skorch_estimator(_mlp_module(task), task)
    return _fit(estimator, task, task.data.floats, task.data.floats_test)


def torch_loop(task):
    """Train with a plain PyTorch loop on data in memory."""
    X, y = torch.from_numpy(task.data.floats), torch.from_numpy(task.data.y)
    module = _mlp_module(task)
    start = time.perf_counter()
    for _ in torch_epochs(module, X, y, task):
        pass
    return Outcome((time.perf_counter() - start) / task.epochs, _accuracy(module, task.data))


def torch_epochs(module, X, y, task):
    """Train with a plain PyTorch loop on tensors; yield the number of each completed epoch."""
    optimizer = torch.optim.Adam(module.parameters(), lr=task.lr, fused=True)
    for epoch in range(1, task.epochs + 1):
        module.train()
        for batch in torch.randperm(len(X)).split(task.batch_size):
            optimizer.zero_grad()
            nn.functional.cross_entropy(module(X[batch]), y[batch]).backward()
            optimizer.step()
        yield epoch


def dataloader_script(task):
    """Train as in most tutorials: a DataLoader converts every image in every epoch."""
    module = nn.Sequential(nn.Flatten(), _mlp_module(task))
    start = time.perf_counter()
    loader = DataLoader(image_dataset(task.data), batch_size=task.batch_size, shuffle=True)
    optimizer = torch.optim.Adam(module.parameters(), lr=task.lr)
    for _ in range(task.epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(module(images), labels).backward()
            optimizer.step()
    return Outcome((time.perf_counter() - start) / task.epochs, _accuracy(module, task.data))


def image_dataset(data):
    if data.torchvision_root is None:
        return DigitImages(data)
    from torchvision.datasets import MNIST
    from torchvision.transforms import ToTensor

    return MNIST(data.torchvision_root, transform=ToTensor())


class DigitImages(Dataset):
    """Replacement for torchvision's MNIST if its files are missing, with the same work."""

    def __init__(self, data):
        from PIL import Image
        from torchvision.transforms import ToTensor

        self.images = torch.from_numpy(data.X).view(-1, 28, 28)
        self.labels = torch.from_numpy(data.y)
        self.to_image, self.to_tensor = Image.fromarray, ToTensor()

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.to_tensor(self.to_image(self.images[i].numpy())), int(self.labels[i])


def _mlp_module(task):
    torch.manual_seed(task.seed)  # for the weights and the caller's shuffling
    sizes = (task.data.X.shape[1], *task.hidden_layer_sizes)
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 10))


@torch.inference_mode()
def _accuracy(module, data):
    predicted = module(torch.from_numpy(data.floats_test)).argmax(1).numpy()
    return float((predicted == data.y_test).mean())


# -- the wide CNN ----------------------------------------------------------------------------


def skmnist_cnn(task):
    estimator = skmnist.CNNClassifier(
        channels=(32, 64),
        kernel_size=5,
        stride=(1, 3),
        padding=1,
        pool_size=(2, 4),
        pool_stride=(2, 4),
        hidden_layer_sizes=(),
        **_skmnist_settings(task),
    )
    X, X_test = map(to_images, _pixels(task))
    return _fit(estimator, task, X, X_test)


def skorch_cnn(task):
    torch.manual_seed(task.seed)
    module = nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 5, stride=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(4),
        nn.Flatten(),
        nn.Linear(64, 10),
    )
    X, X_test = to_images(task.data.floats), to_images(task.data.floats_test)
    return _fit(skorch_estimator(module, task), task, X, X_test)


# -- the default CNN of skmnist ---------------------------------------------------------------


def with_defaults(task, cls):
    """Return the task with the settings that `cls` has by default, and its epochs if None."""
    params = cls().get_params()
    settings = {name: params[name] for name in ("hidden_layer_sizes", "batch_size", "lr")}
    return replace(task, **settings, epochs=task.epochs or params["max_epochs"])


def default_cnn(task):
    return _fit(skmnist.CNNClassifier(**_skmnist_settings(task)), task, *_pixels(task))


def skorch_default_cnn(task):
    before = torch.get_num_threads()
    torch.set_num_threads(task.threads)
    try:
        X, X_test = to_images(task.data.floats), to_images(task.data.floats_test)
        return _fit(skorch_estimator(default_cnn_module(task), task), task, X, X_test)
    finally:
        torch.set_num_threads(before)


def default_cnn_module(task, params=None):
    """Return the network of ``CNNClassifier()`` as a plain torch module, with torch's weights.

    `params` are those of another ``CNNClassifier``.
    """
    torch.manual_seed(task.seed)
    layers = []
    n_maps = 1
    params = params or skmnist.CNNClassifier().get_params()
    for n_channels, kernel_size, padding, pool_size in conv_layers(params):
        conv = nn.Conv2d(n_maps, n_channels, kernel_size, padding=padding)
        layers += [conv, nn.ReLU(), nn.MaxPool2d(pool_size)]
        n_maps = n_channels
    layers.append(nn.Flatten())
    n_in = nn.Sequential(*layers)(torch.zeros(1, 1, 28, 28)).numel()
    for n_units in task.hidden_layer_sizes:
        layers += [nn.Linear(n_in, n_units), nn.ReLU()]
        n_in = n_units
    return nn.Sequential(*layers, nn.Linear(n_in, 10))


def to_images(X):
    return X.reshape(-1, 1, 28, 28)
