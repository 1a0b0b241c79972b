"""The form in which every data set is handed out: scikit-learn's."""

import pandas as pd
from sklearn.utils import Bunch


def image_bunch(images, target, target_names, description, *, return_X_y, as_frame):
    """Return `images` and `target` as ``sklearn.datasets.load_digits`` would.

    Parameters
    ----------
    images : ndarray of shape (n_samples, height, width)
    target : ndarray of shape (n_samples,)
        Numbers that index `target_names`.
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
