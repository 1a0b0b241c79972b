"""Check of the `optimizer_params` parameter."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from skmnist._training.optimizers import OPTIMIZERS
from skmnist._utils.messages import did_you_mean
from skmnist.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Arguments of torch's optimizers that are parameters of the classifiers, or not up to the user.
_EXCLUDED = {"params", "lr", "momentum", "nesterov", "weight_decay", "fused", "foreach"}
_EXCLUDED |= {"capturable", "differentiable"}


def check_optimizer_params(
    owner: str, optimizer: str | type, optimizer_params: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    """Return `optimizer_params` if the optimizer has all of these arguments.

    Raises
    ------
    InvalidParameterError
        If it does not have one of them, or one is a parameter of the classifier itself.
    """
    cls: Any = OPTIMIZERS[optimizer] if isinstance(optimizer, str) else optimizer
    known = [name for name in inspect.signature(cls).parameters if name not in _EXCLUDED]
    for name in optimizer_params or ():
        if name in known:
            continue
        if name in _EXCLUDED and name in ("lr", "momentum", "nesterov", "weight_decay"):
            fix = f" Use the {name!r} parameter of {owner} instead."
        else:
            fix = did_you_mean(name, known)
        raise InvalidParameterError(
            f"The 'optimizer_params' parameter of {owner} must have only arguments of "
            f"{cls.__name__} as keys: {', '.join(map(repr, known))}. Got {name!r} instead.{fix}"
        )
    return optimizer_params
