"""Build a skorch net from a classifier's parameters, and update it when they change."""

from __future__ import annotations

import copy
import os
from typing import TYPE_CHECKING, Any

from skorch.callbacks import PrintLog

from skmnist._training.config import TrainingConfig
from skmnist._training.net import Net
from skmnist._training.optimizers import arguments, needs_closure
from skmnist._training.progress import EpochProgressBar, PrintBatchLoss, PrintEpochLine
from skmnist._utils.device import AUTOCAST_DTYPES
from skmnist._utils.image_shape import with_channels
from skmnist._utils.random_state import fork_global_rng, make_generator
from skmnist.exceptions import InvalidParameterError

if TYPE_CHECKING:
    import torch
    from torch import nn

    from .net_classifier import BaseNetClassifier

# Maximum number of values in the largest layer during evaluation: 3 MB of float32, which fits into
# the cache of a CPU core.
_MAX_EVAL_VALUES = 3 * 2**18
# On a GPU, 64 MB: each batch has a fixed cost.
_MAX_EVAL_VALUES_GPU = 2**24


def make_net(estimator: BaseNetClassifier, device: torch.device) -> Net:
    """Return a new net, and store the parameters of its architecture in the estimator."""
    names = (*estimator._architecture_params, "precision")
    module = _make_module(estimator, device).to(estimator._dtype)
    estimator._fitted_architecture = {name: getattr(estimator, name) for name in names}
    optimizer, settings = estimator._optimizer(device)
    net = Net(
        module,
        config=_make_config(estimator, module, device, first_epoch=0),
        optimizer=optimizer,
        lr=float(estimator.lr),
        max_epochs=estimator.max_epochs,
        batch_size=estimator.batch_size,
        classes=list(range(len(estimator.classes_))),
        callbacks=_make_callbacks(estimator),
        device=str(device),
        verbose=int(bool(estimator.verbose)),
        **{f"optimizer__{name}": value for name, value in settings.items()},
    )
    estimator._net_callbacks = (estimator.callbacks, estimator.verbose)
    net.initialize()
    net.set_average(bool(estimator.average))
    return net


def sync_params(
    estimator: BaseNetClassifier, net: Net, device: torch.device, first_epoch: int
) -> None:
    """Update the net with parameters that may have changed since it was built.

    The learning-rate schedule starts at `first_epoch`.
    """
    net.config = _make_config(estimator, net.module_, device, first_epoch)
    net.max_epochs = estimator.max_epochs
    net.batch_size = estimator.batch_size
    if net.device != str(device):
        net.device = str(device)
        net.module_.to(device)
        net.optimizer_.load_state_dict(
            net.optimizer_.state_dict()
        )  # moves its tensors to the device
        for moved in (net.average_, net.loss_scale_):
            if moved is not None:
                moved.to(device)
    if estimator._net_callbacks != (estimator.callbacks, estimator.verbose):
        estimator._net_callbacks = (estimator.callbacks, estimator.verbose)
        net.callbacks, net.verbose = _make_callbacks(estimator), int(bool(estimator.verbose))
        net.initialize_callbacks()
    optimizer, optimizer_params = estimator._optimizer(device)
    settings = {f"optimizer__{name}": value for name, value in optimizer_params.items()}
    if net.optimizer is not optimizer:
        net.replace_optimizer(optimizer, settings)
    for name in _removed_settings(net, settings):
        settings[name] = arguments(optimizer)[name.removeprefix("optimizer__")].default
    settings["lr"] = estimator.lr
    net.set_average(bool(estimator.average))
    changed = {n: value for n, value in settings.items() if getattr(net, n, None) != value}
    if changed:
        net.set_params(**changed)
    if net.loss_scale_ is not None and needs_closure(net.optimizer_):
        raise InvalidParameterError(
            f"The 'precision' parameter of {type(estimator).__name__} must not be 'float16' if the "
            "optimizer computes the loss several times in a step. Got 'float16' with "
            f"{optimizer.__name__} instead. Use precision='bfloat16' or 'float32'."
        )


def _removed_settings(net: Net, settings: dict[str, Any]) -> list[str]:
    """Return the settings of the optimizer that were in use and have been removed since."""
    return [n for n in vars(net) if n.startswith("optimizer__") and n not in settings]


def _make_module(estimator: BaseNetClassifier, device: torch.device) -> nn.Module:
    n_outputs = len(estimator.classes_)
    if estimator._custom_module:
        with fork_global_rng(estimator._seed, "weights", device=device):
            return estimator._build_module(n_outputs, None)
    return estimator._build_module(n_outputs, make_generator(estimator._seed, "weights"))


def _make_callbacks(estimator: BaseNetClassifier) -> list[Any]:
    callbacks = list(copy.deepcopy(estimator.callbacks) or [])
    if estimator.verbose == "bar":
        callbacks.append(("bar", EpochProgressBar()))
    elif estimator.verbose > 1:
        callbacks.append(("print_log", PrintEpochLine(keys_ignored="lr")))
        callbacks.append(("batch_lines", PrintBatchLoss()))
    elif estimator.verbose:
        callbacks.append(("print_log", PrintLog(keys_ignored="lr")))
    return callbacks


def _make_config(
    estimator: BaseNetClassifier, module: nn.Module, device: torch.device, first_epoch: int
) -> TrainingConfig:
    augment = getattr(estimator, "augment", None)
    max_eval_values = _MAX_EVAL_VALUES if device.type == "cpu" else _MAX_EVAL_VALUES_GPU
    return TrainingConfig(
        seed=estimator._seed,
        loss=estimator.loss,
        shuffle=bool(estimator.shuffle),
        lr_schedule=estimator.lr_schedule,
        first_epoch=first_epoch,
        autocast=AUTOCAST_DTYPES.get(estimator.precision),
        manual_backward=not os.environ.get("SKMNIST_AUTOGRAD"),
        cuda_graphs=os.environ.get("SKMNIST_CUDA_GRAPHS") != "0",
        augment=augment,
        image_shape=_image_shape(estimator, augment),
        custom_module=estimator._custom_module,
        multiply_adds=estimator._n_multiply_adds(module),
        eval_batch_size=max(1, max_eval_values // estimator._max_activation_size()),
    )


def _image_shape(estimator: BaseNetClassifier, augment: Any) -> tuple[int, int, int]:
    """Return the shape of one image with its channels, for data augmentation."""
    channels, height, width = with_channels(estimator.image_shape_)
    if isinstance(augment, str) and 1 in (height, width):
        raise ValueError(
            f"augment={augment!r} requires images, but X has {estimator.n_features_in_} features, "
            "which is not a square number. Pass X of shape (n_samples, height, width), or set "
            "augment=None."
        )
    return channels, height, width
