"""Check skorch's callbacks before training."""

from __future__ import annotations

from typing import Any

from skmnist.exceptions import InvalidParameterError


def check_monitors(owner: str, callbacks: Any, *, has_validation_set: bool) -> None:
    """Raise an error if a callback monitors a validation score and there is no validation set.

    Parameters
    ----------
    owner : str
        Name of the classifier.
    callbacks : list of callbacks or of pairs (name, callback), or None
    has_validation_set : bool
    """
    if has_validation_set:
        return
    for entry in callbacks or ():
        callback = entry[-1] if isinstance(entry, tuple) else entry
        monitor = getattr(callback, "monitor", None)
        if isinstance(monitor, str) and monitor.startswith("valid_"):
            raise InvalidParameterError(
                f"The 'callbacks' parameter of {owner} contains {type(callback).__name__}, which "
                f"monitors {monitor!r}, but there are no validation samples. Pass X_val and y_val "
                "to fit, set early_stopping=True, or use monitor='train_loss'."
            )
