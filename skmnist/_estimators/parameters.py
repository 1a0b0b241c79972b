"""Table of the classifiers' parameters: their allowed values and their descriptions.

A classifier's ``__init__`` lists its parameters and their defaults. Validation, docstrings and the
command line's help use this table.
"""

from __future__ import annotations

from numbers import Real
from typing import NamedTuple

import numpy as np
import torch
from sklearn.base import BaseEstimator
from torch import nn

from skmnist._networks.activations import ACTIVATION_MODULES
from skmnist._networks.cnn import POOLINGS
from skmnist._networks.losses import LOSSES
from skmnist._networks.weight_init import WEIGHT_INITS
from skmnist._training.optimizers import OPTIMIZERS
from skmnist._training.schedules import SCHEDULES
from skmnist._utils.device import PRECISIONS
from skmnist._utils.messages import did_you_mean, invalid_parameter_message
from skmnist.exceptions import InvalidParameterError
from skmnist.preprocessing._augmentation import AUGMENTATIONS

from .constraints import (
    AT_LEAST_0,
    AT_LEAST_1,
    BOOL,
    CALLBACKS,
    CLASS_WEIGHTS,
    FOLDER,
    FRACTION,
    NAMES,
    NON_NEGATIVE,
    NONE,
    OPTIMIZER,
    POSITIVE,
    SEED,
    SIZES,
    Constraint,
    choice,
    instance,
    names,
    number,
)


class Parameter(NamedTuple):
    """The allowed values, the type and the description of a parameter."""

    constraints: list[Constraint]  # a value must satisfy at least one of them
    type: str  # in numpydoc's format
    description: str


PARAMETERS = {
    "hidden_layer_sizes": Parameter(
        [AT_LEAST_1, SIZES],
        "int, or tuple or array of int",
        "Number of units in each hidden layer. An int means one hidden layer, ``()`` none.",
    ),
    "channels": Parameter(
        [AT_LEAST_1, SIZES],
        "int, or tuple or array of int",
        "Number of output channels of each convolutional layer. An int means one layer.",
    ),
    "kernel_size": Parameter(
        [AT_LEAST_1, SIZES],
        "int or tuple",
        "Size of the convolution kernels: an int for all layers, or a tuple with one entry per "
        "layer. An entry is an int or a pair (height, width).",
    ),
    "stride": Parameter(
        [AT_LEAST_1, SIZES],
        "int or tuple",
        "Stride of the convolutions, in the same format as `kernel_size`.",
    ),
    "padding": Parameter(
        [AT_LEAST_0, SIZES],
        "int or tuple",
        "Zero padding on each side of the input of a convolution, in the same format as "
        "`kernel_size`.",
    ),
    "pool_size": Parameter(
        [AT_LEAST_1, SIZES, NONE],
        "int, tuple or None",
        "Size of the pooling windows, in the same format as `kernel_size`. None or 1: no pooling.",
    ),
    "pool_stride": Parameter(
        [AT_LEAST_1, SIZES, NONE],
        "int, tuple or None",
        "Stride of the pooling windows, in the same format as `kernel_size`. None: equal to "
        "`pool_size`.",
    ),
    "pooling": Parameter(
        [choice(POOLINGS), NAMES],
        '{"max", "average"} or tuple',
        "Kind of pooling: one for all layers, or a tuple with one entry per layer.",
    ),
    "global_pool": Parameter(
        [choice(POOLINGS), NONE],
        '{"max", "average"} or None',
        "Global pooling after the last convolutional layer: reduces each feature map to its "
        "maximum or average, so that the number of weights does not depend on the size of the "
        "images. None: the feature maps are flattened.",
    ),
    "image_shape": Parameter(
        [choice(["auto"]), SIZES, NONE],
        '"auto", tuple or None',
        "Shape of one image: (height, width), (channels, height, width) or (height, width, "
        "channels). The channels are last if the last number is 1, 3 or 4 and the others are at "
        'least 5. "auto": the shape of the images in a 3-D or 4-D `X`, whose channels are first. '
        "For a 2-D `X` it is a square if the number of features is a square number, otherwise "
        "1 x n_features. Pass the shape of color images if `X` is 2-D. None is equivalent to "
        '"auto", but `TorchClassifier` then passes 2-D samples to its module.',
    ),
    "activation": Parameter(
        [choice(ACTIVATION_MODULES)],
        names(ACTIVATION_MODULES),
        "Activation function of the hidden layers.",
    ),
    "dropout": Parameter(
        [FRACTION], "float", "Dropout probability for the hidden layers, in [0, 1)."
    ),
    "batch_norm": Parameter(
        [BOOL], "bool", "Whether to apply batch normalization to the hidden layers."
    ),
    "weight_init": Parameter(
        [choice(("auto", *WEIGHT_INITS))],
        names(("auto", *WEIGHT_INITS)),
        'Weight initialization. "he": normal, std = sqrt(2 / fan_in). "glorot": uniform, std = '
        'sqrt(2 / (fan_in + fan_out)). "lecun": uniform, std = 1 / sqrt(fan_in). "torch": '
        'PyTorch\'s default. "zeros": all zeros. "auto": "lecun" for `CNNClassifier`, where it '
        'converges faster, otherwise "torch".',
    ),
    "loss": Parameter(
        [choice(LOSSES)],
        names(LOSSES),
        'Loss function, averaged over the samples of a mini-batch. "mse": squared error against '
        "one-hot targets, summed over the outputs, which pass through a sigmoid, "
        "except in `TorchClassifier`.",
    ),
    "label_smoothing": Parameter(
        [FRACTION],
        "float",
        "Share of each training target that is spread evenly over all classes, in [0, 1). It "
        "keeps the network from becoming overconfident. Validation losses are not smoothed.",
    ),
    "optimizer": Parameter(
        [choice(OPTIMIZERS), OPTIMIZER],
        names(OPTIMIZERS) + " or a torch.optim.Optimizer class",
        "Optimizer used to update the weights.",
    ),
    "lr": Parameter(
        [POSITIVE],
        "float",
        'Learning rate. With an `lr_schedule`, the initial rate ("onecycle": the highest).',
    ),
    "momentum": Parameter(
        [FRACTION],
        "float",
        'Momentum, in [0, 1). Only used when `optimizer` is "sgd" or "rmsprop".',
    ),
    "nesterov": Parameter(
        [BOOL],
        "bool",
        'Whether to use Nesterov\'s momentum. Only used when `optimizer` is "sgd".',
    ),
    "weight_decay": Parameter(
        [NON_NEGATIVE],
        "float",
        'Strength of the L2 penalty. "adamw" uses decoupled weight decay instead.',
    ),
    "optimizer_params": Parameter(
        [instance(dict, "a dict"), NONE],
        "dict or None",
        "Additional keyword arguments of the optimizer in `torch.optim`, for example "
        '``{"betas": (0.9, 0.98)}`` for "adam".',
    ),
    "lr_schedule": Parameter(
        [choice(SCHEDULES), NONE],
        names(SCHEDULES) + " or None",
        'Learning-rate schedule. "cosine": cosine annealing to 0 over `max_epochs`. "step": divide '
        'by 10 after each third of `max_epochs`. "exponential": multiply by 0.9 after each epoch. '
        '"onecycle": one-cycle policy, updated after each mini-batch. "plateau": divide by 10 when '
        "the loss has not improved for three epochs. None: constant learning rate.",
    ),
    "average": Parameter(
        [BOOL],
        "bool",
        "Whether to predict with the average of the weights over the last part of the training "
        "(polynomial-decay averaging with eta = 16, which weights the last tenth of the training "
        "most) instead of the last weights. Training continues from the last weights.",
    ),
    "batch_size": Parameter([AT_LEAST_1], "int", "Mini-batch size."),
    "max_epochs": Parameter(
        [AT_LEAST_1],
        "int",
        "Maximum number of epochs (passes over the training set). `partial_fit` trains for one "
        "epoch.",
    ),
    "shuffle": Parameter([BOOL], "bool", "Whether to shuffle the training samples in each epoch."),
    "early_stopping": Parameter(
        [BOOL],
        "bool",
        "Whether to stop training when the validation accuracy stops improving. If True, "
        "`validation_fraction` of the training data is set aside as a validation set (unless "
        "`X_val` is passed to `fit`), and the weights of the best epoch are restored.",
    ),
    "validation_fraction": Parameter(
        [number(Real, "a float in the range (0.0, 1.0)", 0, 1, open_low=True)],
        "float",
        "Proportion of the training data to set aside for early stopping (stratified). Only used "
        "if `early_stopping` is True.",
    ),
    "n_iter_no_change": Parameter(
        [AT_LEAST_1],
        "int",
        "Number of epochs without improvement after which early stopping ends the training. Only "
        "used if `early_stopping` is True.",
    ),
    "tol": Parameter(
        [NON_NEGATIVE],
        "float",
        "Minimum increase in validation accuracy that counts as an improvement. Only used if "
        "`early_stopping` is True.",
    ),
    "class_weight": Parameter(
        [CLASS_WEIGHTS, choice(["balanced"]), NONE],
        'dict, "balanced" or None',
        "Class weights as ``{label: weight}``; a label that is not in the dict has weight 1. "
        '"balanced": weights inversely proportional to the class frequencies. None: equal weights.',
    ),
    "augment": Parameter(
        [NONE, choice(AUGMENTATIONS), Constraint(callable, "a callable")],
        names(AUGMENTATIONS) + ", callable or None",
        'Data augmentation of the training images, different in each epoch. "light": small random '
        "rotations, translations, scaling, shear, stroke-width changes and elastic distortions, "
        'but no flips. "photo": larger ones, and the damage that remains when a photo of a digit '
        "is converted to MNIST's format: uneven, broken, blurred or thresholded strokes, specks "
        'and lines. "flip", for photos and other images whose mirror image has the same class: '
        "half of the images are flipped horizontally, and all are rotated, translated and scaled "
        "a little. A callable receives a mini-batch as a float tensor of shape (batch_size, ...) "
        "and must return a tensor of the same shape and dtype.",
    ),
    "test_time_augment": Parameter(
        [BOOL],
        "bool",
        "Whether to predict the mean probabilities of the image and its four translations by one "
        "pixel. It is more accurate, and takes five times as long. Training and its validation "
        "scores do not use it.",
    ),
    "callbacks": Parameter(
        [CALLBACKS, NONE],
        "list of skorch callbacks or None",
        "Callbacks that are called during training; each fit uses copies of them. scikit-learn's "
        "own callbacks are registered with `set_callbacks` instead.",
    ),
    "precision": Parameter(
        [choice(["auto", *PRECISIONS])],
        names(("auto", *PRECISIONS)),
        'Floating-point type of the computation. "auto": float64 for a float64 `X` on the CPU (as '
        'in scikit-learn), otherwise float32. "bfloat16", "float16": float32 weights, and '
        "convolutions and matrix products in bfloat16 or float16 (automatic mixed precision). "
        "float16 scales the loss, so that small gradients do not become 0.",
    ),
    "warm_start": Parameter(
        [BOOL],
        "bool",
        "Whether `fit` continues from the weights and the optimizer state of the previous fit, for "
        "`max_epochs` more epochs.",
    ),
    "checkpoint_dir": Parameter(
        [FOLDER, NONE],
        "str, path or None",
        "Folder for checkpoints. `fit` saves a checkpoint after every epoch and keeps the last "
        "two; ``fit(..., resume=True)`` continues from the latest. Use a separate folder for "
        "each fit, and leave it None inside a grid search or cross-validation. Not used by "
        "`partial_fit`.",
    ),
    "device": Parameter(
        [instance((str, torch.device), "a str or torch.device")],
        "str",
        'Device used for training and prediction: "auto" (a GPU if available, otherwise the CPU), '
        '"cpu", "cuda", "cuda:1" or "mps".',
    ),
    "n_threads": Parameter(
        [AT_LEAST_1, NONE],
        "int or None",
        "Maximum number of CPU threads for training and prediction. None: the number of cores "
        "that the process may use; 1 in joblib and Dask workers. Small networks use one thread. "
        "The number does not affect the results, because mini-batches are split by their size "
        "alone. Batch normalization and custom modules, which cannot be split, use PyTorch's own "
        "threads, which affect rounding: there, None means 1 if `random_state` is set. A forked "
        "process always uses one thread.",
    ),
    "deterministic": Parameter(
        [BOOL],
        "bool",
        "Whether to use only deterministic algorithms on a GPU, without TF32, which rounds the "
        "inputs of convolutions. Results on a CPU are always deterministic. Custom modules may use "
        "operations that have no deterministic implementation.",
    ),
    "random_state": Parameter(
        [SEED, instance(np.random.RandomState, "a RandomState instance"), NONE],
        "int, RandomState instance or None",
        "Controls the randomness of weight initialization, shuffling, dropout, data augmentation "
        "and the validation split. Pass an int for bit-for-bit reproducible results on the same "
        "device. Global random states are not used or modified.",
    ),
    "verbose": Parameter(
        [AT_LEAST_0, BOOL, choice(["bar"])],
        'int or "bar"',
        "Verbosity. 0: silent. 1: a table with one line per epoch. 2: one line per epoch and "
        'one with the mean loss after every 100 mini-batches. "bar": a progress bar (a widget in '
        "a notebook).",
    ),
    "module": Parameter(
        [
            instance(nn.Module, "a torch.nn.Module"),
            Constraint(callable, "a callable that returns one"),
            NONE,
        ],
        "torch.nn.Module, callable or None",
        "The network, which returns one logit per class. An instance is copied, and training "
        "starts from its weights. A class or function is called with `module_params` and with "
        "those of the arguments `n_features`, `n_classes` and `image_shape` that its signature "
        "names. Lazy layers are initialized with a batch of zeros. None: the default network of "
        ":class:`MLPClassifier`.",
    ),
    "module_params": Parameter(
        [instance(dict, "a dict"), NONE],
        "dict or None",
        "Additional keyword arguments for `module` if it is a class or a function.",
    ),
}


def check_parameters(estimator: BaseEstimator) -> None:
    """Check the parameters of `estimator` against the table.

    Raises
    ------
    InvalidParameterError
        If a parameter has an invalid value. The message names the parameter, the allowed values,
        the value received and, for a misspelled name, the closest match.
    """
    for name, value in estimator.get_params(deep=False).items():
        constraints = PARAMETERS[name].constraints
        if any(constraint.is_satisfied_by(value) for constraint in constraints):
            continue
        *first, last = (constraint.description for constraint in constraints)
        expected = f"{', '.join(first)} or {last}" if first else last
        choices = [choice for constraint in constraints for choice in constraint.choices]
        message = invalid_parameter_message(name, type(estimator).__name__, expected, value)
        raise InvalidParameterError(message + did_you_mean(value, choices))
