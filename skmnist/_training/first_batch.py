"""Check a custom module on its first batch."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING

import torch
from sklearn.exceptions import ConvergenceWarning

from skmnist._utils.warnings import warn_caller

from .memory import is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

# What torch raises if an input has the wrong shape.
_SHAPE_ERRORS = (RuntimeError, ValueError, IndexError)

# Autograd's name of an operation with bounded results -> the name of its function.
_BOUNDED = {
    "SoftmaxBackward0": "softmax",
    "SigmoidBackward0": "sigmoid",
    "TanhBackward0": "tanh",
}
_RANGES = {"softmax": "0 to 1", "sigmoid": "0 to 1", "tanh": "-1 to 1"}
_MIN_VALUES = 20  # fewer outputs may look like probabilities by chance


@contextlib.contextmanager
def explain_shape_error(shape: tuple[int, ...], image_shape: tuple[int, ...]) -> Iterator[None]:
    """Add the shape of the input to an error of a custom module, and how to change it.

    Parameters
    ----------
    shape : tuple
        Shape of the batch.
    image_shape : tuple (channels, height, width)
        Shape of one image.

    Raises
    ------
    ValueError
        If the block raises an error that a wrong shape can cause.
    """
    try:
        yield
    except _SHAPE_ERRORS as error:
        if is_out_of_memory(error):
            raise
        hint = ""
        if shape[1:] != image_shape:
            wanted = str(image_shape) if image_shape[1] > 1 else "(channels, height, width)"
            hint = f" If it expects images, as a convolution does, set image_shape={wanted}."
        raise ValueError(
            f"The module failed for the first batch, which has the shape {tuple(shape)}: "
            f"{str(error).rstrip('.')}.{hint}"
        ) from error


def warn_on_bounded_outputs(outputs: torch.Tensor) -> None:
    """Warn if the outputs of a module are bounded, as those of a softmax are: not logits."""
    name = bounded_function(outputs)
    if name is None:
        return
    ratio = math.exp(2 if name == "tanh" else 1)
    warn_caller(
        f"The module must return logits, but seems to end in a {name}: its outputs are in the "
        f"range {_RANGES[name]}. The loss 'cross_entropy' applies a softmax to them, so that no "
        f"probability can exceed {ratio / (ratio + outputs.shape[1] - 1):.2f}. Remove the {name} "
        "from the end of the module.",
        ConvergenceWarning,
    )


def bounded_function(outputs: torch.Tensor) -> str | None:
    """Return the name of the bounded function in which a module seems to end, or None."""
    name = _BOUNDED.get(getattr(outputs.grad_fn, "name", str)())
    return name or ("softmax" if _are_probabilities(outputs) else None)


@torch.no_grad()
def _are_probabilities(outputs: torch.Tensor) -> bool:
    sums = outputs.double().sum(1)
    return (
        outputs.numel() >= _MIN_VALUES
        and bool((outputs >= 0).all())
        and torch.allclose(sums, torch.ones_like(sums), atol=1e-2)
    )
