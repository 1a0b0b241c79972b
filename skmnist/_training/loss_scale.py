"""Dynamic loss scale for float16, whose smallest numbers are larger than many gradients.

The loss is multiplied by the scale, and the gradients are divided by it. A step whose gradients
overflowed is skipped, and halves the scale; after many steps without an overflow it is doubled.

References
----------
P. Micikevicius et al., "Mixed precision training", ICLR (2018).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

# As in torch.amp.GradScaler.
_INITIAL_SCALE = 2.0**16
_GROWTH_INTERVAL = 2000  # steps


class LossScale:
    """The scale, on the device: no step waits for the device to find out whether it overflowed.

    Parameters
    ----------
    device : torch.device
    """

    def __init__(self, device: torch.device) -> None:
        self.scale = torch.full((), _INITIAL_SCALE, device=device)
        self.growth_tracker = torch.zeros((), dtype=torch.int32, device=device)  # steps since
        self.found_inf = torch.zeros((), device=device)  # 1 if the last gradients overflowed

    def unscale(self, params: Iterable[torch.Tensor]) -> None:
        """Divide the gradients by the scale, and note in `found_inf` whether one overflowed."""
        grads = [p.grad for p in params if p.grad is not None]
        self.found_inf.zero_()
        torch._amp_foreach_non_finite_check_and_unscale_(
            grads, self.found_inf, self.scale.reciprocal()
        )

    def update(self) -> None:
        """Change the scale after a step."""
        torch._amp_update_scale_(
            self.scale, self.growth_tracker, self.found_inf, 2.0, 0.5, _GROWTH_INTERVAL
        )

    def to(self, device: torch.device) -> None:
        """Move the scale to a device."""
        for name, tensor in vars(self).items():
            setattr(self, name, tensor.to(device))

    def get_state(self) -> dict[str, Any]:
        """Return a copy of the state, which a resumed training needs."""
        return {"scale": self.scale.clone(), "growth_tracker": self.growth_tracker.clone()}

    def set_state(self, state: dict[str, Any]) -> None:
        """Set the state to what :meth:`get_state` returned.

        Raises
        ------
        ValueError
            If the state is invalid.
        """
        for name, own in (("scale", self.scale), ("growth_tracker", self.growth_tracker)):
            value = state[name]
            if (value.shape, value.dtype) != (own.shape, own.dtype) or not 0 <= value < torch.inf:
                raise ValueError(f"the {name} of its loss scale is {value!r:.100}")
            own.copy_(value)
