"""Check of the `optimizer_params` parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skmnist._training.optimizers import arguments, optimizer_class
from skmnist._utils.messages import did_you_mean
from skmnist.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Arguments of torch's optimizers that are parameters of the classifiers.
_PARAMETERS = {"lr", "momentum", "nesterov", "weight_decay"}
# Arguments that are not up to the user.
_INTERNAL = {"params", "fused", "foreach", "capturable", "differentiable"}


def check_optimizer_params(
    owner: str, optimizer: str | type, optimizer_params: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    """Return `optimizer_params` if the optimizer has all of these arguments.

    Raises
    ------
    InvalidParameterError
        If it does not have one of them, or one is a parameter of the classifier itself.
    """
    if not optimizer_params:
        return optimizer_params
    cls = optimizer_class(optimizer)
    known = [name for name in arguments(cls) if name not in {*_PARAMETERS, *_INTERNAL}]
    for name in optimizer_params:
        if name in known:
            continue
        if name in _PARAMETERS:
            fix = f" Use the {name!r} parameter of {owner} instead."
        else:
            fix = did_you_mean(name, known)
        raise InvalidParameterError(
            f"The 'optimizer_params' parameter of {owner} must have only arguments of "
            f"{cls.__name__} as keys: {', '.join(map(repr, known))}. Got {name!r} instead.{fix}"
        )
    return optimizer_params
