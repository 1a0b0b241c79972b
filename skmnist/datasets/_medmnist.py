"""MedMNIST: medical images in MNIST's format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from skmnist._utils.validation import check_choice

from ._bunch import image_bunch
from ._data_home import get_data_home
from ._dataset_spec import DatasetSpec, file_split
from ._loading import load_dataset
from ._medmnist_table import MEDMNIST
from ._read_color_split import read_medmnist_split

if TYPE_CHECKING:
    import os

    from sklearn.utils import Bunch

    from ._bunch import Arrays, Frames

    # fmt: off
    MedMNISTName = Literal[
        "pathmnist", "dermamnist", "octmnist", "pneumoniamnist", "retinamnist", "breastmnist",
        "bloodmnist", "tissuemnist", "organamnist", "organcmnist", "organsmnist",
    ]
    # fmt: on

_DESCRIPTION = """\
{title}
{line}

{content}.

{train:,} training, {validation:,} validation and {test:,} test images of {shape}
{values} from 0 to 255 in {n_classes} classes.

Task: {task}.
License: {license}.

J. Yang, R. Shi, D. Wei, Z. Liu, L. Zhao, B. Ke, H. Pfister, B. Ni, "MedMNIST v2 - A large-scale
lightweight benchmark for 2D and 3D biomedical image classification", Scientific Data 10 (2023).
Not intended for clinical use.
"""


def _make_spec(name: str) -> DatasetSpec:
    data = MEDMNIST[name]
    path = f"{name}.npz"
    train, validation, test = data.n_images
    shape = (28, 28) if data.n_channels == 1 else (data.n_channels, 28, 28)
    return DatasetSpec(
        function="fetch_medmnist",
        torchvision_name=data.title,
        url=f"https://zenodo.org/records/10519652/files/{path}?download=1",
        splits={
            "train": file_split(path, train, data.md5, "train"),
            "val": file_split(path, validation, data.md5, "val"),
            "test": file_split(path, test, data.md5, "test"),
        },
        target_names=data.target_names,
        image_shape=shape,
        read_split=read_medmnist_split,
        description=_DESCRIPTION.format(
            title=data.title,
            line="-" * len(data.title),
            content=data.content,
            train=train,
            validation=validation,
            test=test,
            shape=" x ".join(map(str, shape)),
            values="gray levels" if data.n_channels == 1 else "values (red, green and blue)",
            n_classes=len(data.target_names),
            task=data.task,
            license=data.license,
        ),
    )


_SPECS = {name: _make_spec(name) for name in MEDMNIST}


def fetch_medmnist(
    name: MedMNISTName,
    *,
    subset: Literal["train", "test", "all"] = "train",
    return_X_y: bool = False,
    as_frame: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
) -> Bunch | Arrays | Frames:
    """Load a data set of MedMNIST: medical images in MNIST's format (classification).

    The file is downloaded on first use.

    ==================   =======   =======   ==========   ======   ========
    Name                 Classes     Train   Validation     Test   Channels
    ==================   =======   =======   ==========   ======   ========
    "pathmnist"                9    89,996       10,004    7,180          3
    "dermamnist"               7     7,007        1,003    2,005          3
    "octmnist"                 4    97,477       10,832    1,000          1
    "pneumoniamnist"           2     4,708          524      624          1
    "retinamnist"              5     1,080          120      400          3
    "breastmnist"              2       546           78      156          1
    "bloodmnist"               8    11,959        1,712    3,421          3
    "tissuemnist"              8   165,466       23,640   47,280          1
    "organamnist"             11    34,561        6,491   17,778          1
    "organcmnist"             11    12,975        2,392    8,216          1
    "organsmnist"             11    13,932        2,452    8,827          1
    ==================   =======   =======   ==========   ======   ========

    The images have 28 x 28 pixels. The twelfth 2-D set, ChestMNIST, is not available: an image can
    have several of its labels, and skmnist's classifiers predict one class for each image.

    Parameters
    ----------
    name : str
        The name of the data set, from the table above.

    subset : {"train", "test", "all"}, default="train"
        The training set, the test set, or the training set followed by the test set.
        The samples are in the order of the files.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series.

    data_home : str or path-like, default=None
        The folder of the data sets. If None, the environment variable ``SKMNIST_DATA``
        if it is set, else ``~/skmnist_data``. See :func:`get_data_home`.

    download_if_missing : bool, default=True
        Whether to download missing files. If False, a DatasetError is raised instead.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : {ndarray, DataFrame} of shape (n_samples, 784) or (n_samples, 2352), uint8
            The flattened images, with values from 0 to 255.
        target : {ndarray, Series} of shape (n_samples,), int64
            The classes, as indices into `target_names`.
        X_val : {ndarray, DataFrame} of shape (n_validation_samples, n_features), uint8
            The images of the validation set, for every `subset`, in the form of `data`.
        y_val : {ndarray, Series} of shape (n_validation_samples,), int64
            The classes of `X_val`.
        images : ndarray of shape (n_samples, 28, 28) or (n_samples, 3, 28, 28), uint8
            The images. If `data` is an array, it shares its memory with `images`.
        feature_names : list of str
            ``pixel0`` to ``pixel783`` or ``pixel2351``, in row-major order.
        target_names : list of str
            The names of the classes.
        frame : DataFrame of shape (n_samples, n_features + 1) or None
            The columns of `data` and `target`. None if `as_frame` is False.
        DESCR : str
            The description of the data set, with its task and its license.

    (data, target) : tuple if ``return_X_y`` is True
        The arrays, or the DataFrame and the Series, as described above.

    Raises
    ------
    DatasetError
        If the files are missing, damaged or cannot be downloaded. It is an ``OSError``.

    ValueError
        If a parameter is invalid, or `name` is "chestmnist".

    See Also
    --------
    fetch_mnist : Load MNIST, whose format MedMNIST has.

    Notes
    -----
    The splits are the official ones. The MD5 checksum of each file, as published with version 3 of
    MedMNIST, is verified each time the file is read. A folder that the package medmnist has filled
    can be used as `data_home`, for example ``~/.medmnist``.

    Most sets have the license CC BY 4.0, DermaMNIST has CC BY-NC 4.0. The data sets are not
    intended for clinical use.

    References
    ----------
    .. [1] J. Yang, R. Shi, D. Wei, Z. Liu, L. Zhao, B. Ke, H. Pfister, B. Ni, "MedMNIST v2 - A
       large-scale lightweight benchmark for 2D and 3D biomedical image classification",
       Scientific Data 10 (2023).

    Examples
    --------
    >>> from skmnist import CNNClassifier
    >>> from skmnist.datasets import fetch_medmnist
    >>> blood = fetch_medmnist("bloodmnist")  # doctest: +SKIP
    >>> clf = CNNClassifier(early_stopping=True)
    >>> clf.fit(
    ...     blood.images, blood.target, X_val=blood.X_val, y_val=blood.y_val
    ... )  # doctest: +SKIP
    """
    if isinstance(name, str) and name.lower() == "chestmnist":
        raise ValueError(
            f"The 'name' parameter of fetch_medmnist must be a single-label data set. Got {name!r} "
            "instead. ChestMNIST is multi-label: an image can have several of 14 labels or none, "
            "but skmnist's classifiers predict one class for each image. Choose another set."
        )
    check_choice("fetch_medmnist", "name", name, _SPECS)
    spec = _SPECS[name]
    result: Any = load_dataset(spec, subset, return_X_y, as_frame, data_home, download_if_missing)
    if return_X_y:
        return result
    images, target = spec.read_split(spec, spec.splits["val"], Path(get_data_home(data_home)))
    result.X_val, result.y_val = image_bunch(
        images, target, spec.target_names, "", return_X_y=True, as_frame=as_frame
    )
    return result
