"""The names of the classes in a figure."""

from __future__ import annotations

from typing import Any

import numpy as np

from skmnist._utils.messages import invalid_parameter_message


def class_names(owner: str, classes: np.ndarray, display_labels: Any) -> np.ndarray:
    """Return the names of the classes: `display_labels`, or the classes if it is None.

    Raises
    ------
    ValueError
        If `display_labels` does not have one name for each class.
    """
    names = np.asarray(classes if display_labels is None else display_labels)
    if names.shape != (len(classes),):
        expected = f"None or a list of {len(classes)} names, one for each class"
        raise ValueError(
            invalid_parameter_message("display_labels", owner, expected, display_labels)
        )
    return names
