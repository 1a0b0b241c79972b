"""Build the Bunch, arrays or data frames that the data set functions return."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from sklearn.utils import Bunch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    import numpy as np
    from numpy.typing import NDArray

    # The results of return_X_y=True, without and with as_frame=True.
    Arrays: TypeAlias = tuple[NDArray[np.uint8], NDArray[np.int64]]
    # Pixels and labels as they are in a file; None if the file has no labels.
    LabeledArrays: TypeAlias = tuple[
        NDArray[np.uint8 | np.float32], NDArray[np.int64 | np.str_] | None
    ]
    Frames: TypeAlias = tuple[pd.DataFrame, pd.Series]


def image_bunch(
    images: np.ndarray,
    target: np.ndarray | None,
    target_names: Sequence[str],
    description: str,
    *,
    return_X_y: bool,
    as_frame: bool,
) -> Bunch | Arrays | Frames:
    """Return a data set in the form of ``sklearn.datasets.load_digits``.

    Parameters
    ----------
    images : ndarray of shape (n_samples, height, width) or (n_samples, *image_shape)
        The images.
    target : ndarray of shape (n_samples,) or None
        The classes. None if they are not known.
    target_names : sequence of str
        The names of the classes.
    description : str
        The description of the data set.
    return_X_y : bool
        Whether to return ``(data, target)`` instead of a Bunch.
    as_frame : bool
        Whether `data` is a DataFrame and `target` a Series.

    Returns
    -------
    bunch : Bunch, or tuple (data, target) if `return_X_y` is True
        The data set.
    """
    data = images.reshape(len(images), -1)
    feature_names = [f"pixel{i}" for i in range(data.shape[1])]
    frame = None
    if as_frame:
        data = frame = pd.DataFrame(data, columns=feature_names)
        if target is not None:
            target = pd.Series(target, name="target")
            frame = data.assign(target=target)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        feature_names=feature_names,
        target_names=list(target_names),
        images=images,
        DESCR=description,
    )
