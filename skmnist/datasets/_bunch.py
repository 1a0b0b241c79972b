"""Return a data set in scikit-learn's form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from sklearn.utils import Bunch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    import numpy as np
    from numpy.typing import NDArray

    # What return_X_y=True returns, without and with as_frame=True.
    Arrays: TypeAlias = tuple[NDArray[np.uint8], NDArray[np.int64]]
    Frames: TypeAlias = tuple[pd.DataFrame, pd.Series]


def image_bunch(
    images: np.ndarray,
    target: np.ndarray,
    target_names: Sequence[str],
    description: str,
    *,
    return_X_y: bool,
    as_frame: bool,
) -> Bunch | Arrays | Frames:
    """Return `images` and `target` as ``sklearn.datasets.load_digits`` would.

    Parameters
    ----------
    images : ndarray of shape (n_samples, height, width)
    target : ndarray of shape (n_samples,)
        Indices into `target_names`.
    target_names : sequence of str
    description : str
    return_X_y, as_frame : bool

    Returns
    -------
    Bunch, or tuple (data, target) if `return_X_y` is True
    """
    data = images.reshape(len(images), -1)
    feature_names = [f"pixel{i}" for i in range(data.shape[1])]
    frame = None
    if as_frame:
        data = pd.DataFrame(data, columns=feature_names)
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
