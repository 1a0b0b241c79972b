"""How much each pixel of an image speaks for a class.

Every method is a function of the estimator, one sample X, the layout of its image, the class
indices and the options. It returns one map for each class, of shape (height, width): positive
pixels speak for the class, negative ones against it. The layout has the shape (height, width) or
(channels, height, width) and contains the index of the feature of each pixel.
"""

from __future__ import annotations

import functools
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import nn
from torch.nn import functional as F

from skmnist._estimators.input_gradients import differentiable_outputs
from skmnist._estimators.net_classifier import BaseNetClassifier
from skmnist._training.image_dataset import prepare_inputs
from skmnist._utils.messages import invalid_parameter_message
from skmnist._utils.torch_defaults import torch_defaults
from skmnist._utils.validation import check_choice, check_int

from ._images import as_single_image

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Scores = Callable[[torch.Tensor], torch.Tensor]

_OWNER = "ExplanationDisplay.from_estimator"
_BATCH_SIZE = 256
_N_STEPS = (64, 256, 1024, 4096)  # of the integral; more only if the sum is not yet exact
_TOLERANCE = 0.002  # of the difference that integrated gradients sum to
_MAX_WINDOWS = 32  # about this many positions of the hidden square along each axis


class Options(NamedTuple):
    """Options of the methods; each method reads those that it needs."""

    baseline: float = 0.0  # value of a blank pixel
    window: int | None = None  # side of the hidden square in pixels
    stride: int | None = None  # of the hidden square
    layer: int = -1  # index of the convolution


def occlusion(
    estimator: Any, X: Any, layout: np.ndarray, targets: Sequence[int], options: Options
) -> np.ndarray:
    """Hide a square at each position; return the mean drop of the probability at each pixel."""
    height, width = layout.shape[-2:]
    window = options.window or max(1, round(min(height, width) / 7))
    sides = min(window, height), min(window, width)
    stride = options.stride or max(1, min(max(height, width) // _MAX_WINDOWS, *sides))
    corners = [
        (top, left)
        for top in _positions(height - sides[0], stride)
        for left in _positions(width - sides[1], stride)
    ]
    pixels = np.asarray(X).reshape(1, -1)
    if pixels.dtype.kind in "iu" and not _is_value_of(pixels.dtype, options.baseline):
        expected = f"a value of {pixels.dtype}, the type of the image"
        raise ValueError(invalid_parameter_message("baseline", _OWNER, expected, options.baseline))
    before = _predict(estimator, X, pixels)[0]
    drops, counts = np.zeros((len(targets), height, width)), np.zeros((height, width))
    for start in range(0, len(corners), _BATCH_SIZE):
        batch = corners[start : start + _BATCH_SIZE]
        squares = [
            (..., slice(top, top + sides[0]), slice(left, left + sides[1])) for top, left in batch
        ]
        hidden = np.repeat(pixels, len(batch), axis=0)
        for one, square in zip(hidden, squares, strict=True):
            one[layout[square]] = options.baseline
        after = _predict(estimator, X, hidden)
        drop = np.stack([_drop(before, after, target) for target in targets])
        for i, square in enumerate(squares):
            drops[square] += drop[:, i, None, None]
            counts[square] += 1
    return drops / counts


def _is_value_of(dtype: np.dtype, value: float) -> bool:
    """Return whether an integer type contains a value."""
    limits = np.iinfo(dtype)
    return limits.min <= value <= limits.max and float(value).is_integer()


def _positions(last: int, stride: int) -> list[int]:
    """Return the starts of the windows, the same from both ends, so that the map is symmetric."""
    starts = range(0, last + 1, stride)
    return sorted({*starts, *(last - start for start in starts)})


def _predict(estimator: Any, X: Any, pixels: np.ndarray) -> np.ndarray:
    """Predict the probabilities of flat images in the shape and the container of X."""
    samples: Any = pixels.reshape(len(pixels), *X.shape[1:])
    if hasattr(X, "columns"):
        samples = type(X)(samples, columns=X.columns)
    return np.asarray(estimator.predict_proba(samples), dtype=np.float64)


def _drop(before: np.ndarray, after: np.ndarray, target: int) -> np.ndarray:
    """Return by how much the probability of a class drops.

    A probability near 1 has too few digits for small drops. The others' sum has more of them.
    """
    if before[target] <= 0.5:
        return before[target] - after[:, target]
    others = np.arange(len(before)) != target
    return after[:, others].sum(axis=1) - before[others].sum()


def gradient(
    estimator: Any, X: Any, layout: np.ndarray, targets: Sequence[int], options: Options
) -> np.ndarray:
    """Return the gradient of the logit of each class."""
    scores, x = _network(estimator, "gradient"), _as_input(estimator, X)
    return _to_maps([_gradients(scores, x, target) for target in targets], layout)


def integrated_gradients(
    estimator: Any, X: Any, layout: np.ndarray, targets: Sequence[int], options: Options
) -> np.ndarray:
    """Return the integral of the gradient from a blank image to the image, times the difference."""
    scores, x = _network(estimator, "integrated_gradients"), _as_input(estimator, X)
    blank = torch.full_like(x, options.baseline / estimator.pixel_scale_)
    with torch.no_grad():
        ends = scores(torch.cat([x, blank]))
    maps = []
    for target in targets:
        difference = float(ends[0, target] - ends[1, target])
        for n_steps in _N_STEPS:
            attribution = (x - blank) * _mean_gradient(scores, blank, x, target, n_steps)
            error = abs(float(attribution.sum()) - difference)
            if error <= _TOLERANCE * abs(difference):
                break
        maps.append(attribution)
    return _to_maps(maps, layout)


def _mean_gradient(
    scores: Scores, start: torch.Tensor, end: torch.Tensor, target: int, n_steps: int
) -> torch.Tensor:
    """Return the mean gradient at the midpoints of `n_steps` steps from `start` to `end`."""
    total = torch.zeros_like(start)
    steps = (torch.arange(n_steps, dtype=start.dtype, device=start.device) + 0.5) / n_steps
    for part in steps.split(_BATCH_SIZE):
        points = torch.lerp(start, end, part.view(-1, *[1] * (start.dim() - 1)))
        total += _gradients(scores, points, target).sum(0, keepdim=True)
    return total / n_steps


def grad_cam(
    estimator: Any, X: Any, layout: np.ndarray, targets: Sequence[int], options: Options
) -> np.ndarray:
    """Return the feature maps of a convolution, weighted by their mean gradients, enlarged."""
    scores, x = _network(estimator, "grad_cam"), _as_input(estimator, X)
    maps: list[torch.Tensor] = []
    after_conv = False

    def hook(layer: nn.Module, inputs: Any, output: Any) -> None:
        nonlocal after_conv
        if isinstance(layer, nn.Conv2d):
            maps.append(output)
        elif after_conv and torch.is_tensor(output) and output.dim() == 4:
            # The maps after activation and pooling, unless only one value of each is left.
            maps[-1] = output if output[0, 0].numel() > 1 else maps[-1]
        after_conv = bool(maps) and not isinstance(layer, nn.Linear)

    leaves = [layer for layer in estimator.module_.modules() if not list(layer.children())]
    handles = [layer.register_forward_hook(hook) for layer in leaves]
    try:
        outputs = scores(x.clone().requires_grad_())
    finally:
        for handle in handles:
            handle.remove()
    if not maps:
        raise TypeError(
            "ExplanationDisplay with method='grad_cam' needs a network with convolutions. "
            f"{type(estimator).__name__} has none. Use method='integrated_gradients'."
        )
    if not isinstance(options.layer, Integral) or not -len(maps) <= options.layer < len(maps):
        expected = f"an int in the range [{-len(maps)}, {len(maps) - 1}], a convolution"
        raise ValueError(invalid_parameter_message("layer", _OWNER, expected, options.layer))
    chosen = maps[options.layer]
    weighted = []
    for target in targets:
        (grads,) = torch.autograd.grad(outputs[:, target].sum(), chosen, retain_graph=True)
        weighted.append((grads.mean((2, 3), keepdim=True) * chosen.detach()).sum(1, keepdim=True))
    size = layout.shape[-2:]
    enlarged = F.interpolate(torch.cat(weighted), size, mode="bilinear", align_corners=False)
    return enlarged[:, 0].double().cpu().numpy()


def _network(estimator: Any, method: str) -> Scores:
    """Return the function from inputs to logits, which autograd can differentiate."""
    if not isinstance(estimator, BaseNetClassifier):
        raise TypeError(
            f"ExplanationDisplay with method={method!r} needs a network of skmnist, because it "
            f"computes gradients. Got {type(estimator).__name__} instead. Use method='occlusion'. "
            "For a pipeline you can also pass its last step and the image as that step receives "
            "it, for a search its best_estimator_, for scikit-learn's MLPClassifier "
            "MLPClassifier.from_sklearn(estimator)."
        )
    outputs = functools.partial(differentiable_outputs, estimator.net_)
    if estimator.net_.config.loss != "mse":
        return outputs
    # As in decision_function: the outputs are probabilities.
    return lambda x: outputs(x).clamp_min(1e-6).log()


def _as_input(estimator: BaseNetClassifier, X: Any) -> torch.Tensor:
    """Return one image as the input of the network."""
    pixels = torch.from_numpy(
        estimator._network_order(estimator._check_data(X, reset=False)).copy()
    )
    device = torch.device(estimator.net_.device)
    x = prepare_inputs(pixels, estimator.pixel_scale_, estimator._dtype, device)
    return x.view(1, *estimator._module_input_shape())


def _gradients(scores: Scores, x: torch.Tensor, target: int) -> torch.Tensor:
    x = x.detach().requires_grad_()
    # The samples are independent, so the gradient of the sum has the gradient of each.
    return torch.autograd.grad(scores(x)[:, target].sum(), x)[0]


def _to_maps(attributions: Sequence[torch.Tensor], layout: np.ndarray) -> np.ndarray:
    """Return one map for each class, summed over the channels, which are first in the network."""
    stacked = torch.stack([one.detach().flatten() for one in attributions])
    return stacked.double().cpu().numpy().reshape(-1, *(1, *layout.shape)[-3:]).sum(axis=1)


METHODS: dict[str, Callable[..., np.ndarray]] = {
    "occlusion": occlusion,
    "gradient": gradient,
    "integrated_gradients": integrated_gradients,
    "grad_cam": grad_cam,
}

# What the values of each method are, for the color bar.
LABELS = {
    "occlusion": "Drop of the probability",
    "gradient": "Gradient of the logit",
    "integrated_gradients": "Contribution to the logit",
    "grad_cam": "Grad-CAM",
}


def attribute(
    estimator: Any,
    X: Any,
    layout: np.ndarray,
    targets: Sequence[int],
    method: str,
    options: Options,
) -> np.ndarray:
    """Return the attributions of an image for some classes.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier with ``predict_proba``.
    X : array-like of shape (1, ...)
        The image as `estimator` receives it.
    layout : ndarray of shape (height, width) or (channels, height, width)
        The index of the feature of each pixel in the flat X.
    targets : list of int
        Indices of the classes in ``estimator.classes_``.
    method : str
        A key of ``METHODS``.
    options : Options
        Options of the methods.

    Returns
    -------
    ndarray of shape (n_targets, height, width)
    """
    with torch_defaults(), torch.enable_grad():
        return METHODS[method](estimator, X, layout, targets, options)


class Explanation(NamedTuple):
    """An image, its attributions for two classes, their indices and their probabilities."""

    image: np.ndarray
    attributions: np.ndarray
    classes: list[int]
    proba: np.ndarray


def explain(
    estimator: Any,
    image: Any,
    method: str = "occlusion",
    target: Any = None,
    against: Any = None,
    options: Options = Options(),  # noqa: B008, because it is immutable
) -> Explanation:
    """Explain a prediction: see :meth:`ExplanationDisplay.from_estimator`."""
    check_choice(_OWNER, "method", method, METHODS)
    if options.window is not None:
        check_int(_OWNER, "window", options.window, minimum=1)
    if not isinstance(options.baseline, Real) or not np.isfinite(options.baseline):
        raise ValueError(
            invalid_parameter_message("baseline", _OWNER, "a finite number", options.baseline)
        )
    check_is_fitted(estimator)
    if not hasattr(estimator, "predict_proba"):
        raise TypeError(
            "ExplanationDisplay needs a classifier with predict_proba, but "
            f"{type(estimator).__name__} does not have it. Use another classifier, or wrap it in "
            "scikit-learn's CalibratedClassifierCV."
        )
    pixels, X = as_single_image(estimator, image)
    proba = np.asarray(estimator.predict_proba(X))[0]
    targets = _choose_classes(estimator.classes_, proba, target, against)
    shape = getattr(image, "shape", None) or np.shape(image)
    layout, _ = as_single_image(estimator, np.arange(pixels.size).reshape(shape))
    attributions = attribute(estimator, X, layout, targets, method, options)
    return Explanation(pixels, attributions, targets, proba[targets])


def _choose_classes(classes: np.ndarray, proba: np.ndarray, target: Any, against: Any) -> list[int]:
    """Return the indices of the class to explain and of the other one."""
    order = np.argsort(-proba, kind="stable").tolist()
    first = order[0] if target is None else _index_of(classes, target, "target")
    if against is None:
        return [first, next(i for i in order if i != first)]
    second = _index_of(classes, against, "against")
    if first == second:
        expected = f"another class than the one to explain, {classes.tolist()[first]!r}"
        raise ValueError(invalid_parameter_message("against", _OWNER, expected, against))
    return [first, second]


def _index_of(classes: np.ndarray, label: Any, name: str) -> int:
    matches = [i for i, known in enumerate(classes.tolist()) if known == label]
    if not matches:
        expected = f"None or one of the classes {classes.tolist()}"
        raise ValueError(invalid_parameter_message(name, _OWNER, expected, label))
    return matches[0]
