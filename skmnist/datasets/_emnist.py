"""EMNIST: handwritten letters and digits in MNIST's format."""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase, digits
from typing import TYPE_CHECKING, Literal

from skmnist._utils.validation import check_choice

from ._dataset_spec import DatasetSpec, idx_split
from ._loading import load_dataset

if TYPE_CHECKING:
    import os

    from sklearn.utils import Bunch

    from ._bunch import Arrays, Frames

_BALANCED = tuple(digits + ascii_uppercase + "abdefghnqrt")
# For each split of EMNIST: the number of training and test images, and the classes.
_SIZES = {
    "balanced": (112_800, 18_800, _BALANCED),
    "byclass": (697_932, 116_323, tuple(digits + ascii_uppercase + ascii_lowercase)),
    "bymerge": (697_932, 116_323, _BALANCED),
    "digits": (240_000, 40_000, tuple(digits)),
    "letters": (124_800, 20_800, tuple(ascii_lowercase)),
    "mnist": (60_000, 10_000, tuple(digits)),
}


def _spec(split: str, n_train: int, n_test: int, target_names: tuple[str, ...]) -> DatasetSpec:
    return DatasetSpec(
        function="fetch_emnist",
        torchvision_name="EMNIST",
        torchvision_options={"split": split},
        splits={
            "train": idx_split("EMNIST", f"emnist-{split}-train", n_train),
            "test": idx_split("EMNIST", f"emnist-{split}-test", n_test),
        },
        target_names=target_names,
        first_label=1 if split == "letters" else 0,
        transposed=True,
        description=f"""\
EMNIST, split "{split}"
-----------------------

Handwritten characters of NIST Special Database 19 in MNIST's format: {n_train:,} training and
{n_test:,} test images of {len(target_names)} classes. The images have 28 x 28 gray levels from
0 (background) to 255 (foreground). They are transposed in the files and upright here.

G. Cohen, S. Afshar, J. Tapson, A. van Schaik, "EMNIST: an extension of MNIST to handwritten
letters", arXiv:1702.05373 (2017). Distributed by NIST.
""",
    )


_SPECS = {name: _spec(name, *sizes) for name, sizes in _SIZES.items()}


def fetch_emnist(
    *,
    split: Literal["balanced", "byclass", "bymerge", "digits", "letters", "mnist"] = "balanced",
    subset: Literal["train", "test", "all"] = "train",
    return_X_y: bool = False,
    as_frame: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
) -> Bunch | Arrays | Frames:
    """Load EMNIST: handwritten letters and digits (classification).

    The files are downloaded on first use. EMNIST has six splits:

    ==========   =======   ================   ============
    Split        Classes   Training samples   Test samples
    ==========   =======   ================   ============
    balanced          47            112,800         18,800
    byclass           62            697,932        116,323
    bymerge           47            697,932        116,323
    digits            10            240,000         40,000
    letters           26            124,800         20,800
    mnist             10             60,000         10,000
    ==========   =======   ================   ============

    The characters are in MNIST's format: 28 x 28 = 784 features, integers 0-255.
    "byclass" has separate classes for digits, uppercase and lowercase letters. "bymerge"
    and "balanced" merge the two cases of 15 letters that look alike, under the name of
    the uppercase letter. "letters" merges the two cases of all 26 letters.

    Parameters
    ----------
    split : {"balanced", "byclass", "bymerge", "digits", "letters", "mnist"}, default="balanced"
        The split, as in the table above.

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

        data : {ndarray, DataFrame} of shape (n_samples, 784), uint8
            The flattened images, with values from 0 to 255.
        target : {ndarray, Series} of shape (n_samples,), int64
            The classes, as indices into `target_names`.
        images : ndarray of shape (n_samples, 28, 28), uint8
            The images. If `data` is an array, it shares its memory with `images`.
        feature_names : list of str
            ``pixel0`` to ``pixel783``, in row-major order.
        target_names : list of str
            The names of the classes.
        frame : DataFrame of shape (n_samples, 785) or None
            The columns of `data` and `target`. None if `as_frame` is False.
        DESCR : str
            The description of the data set.

    (data, target) : tuple if ``return_X_y`` is True
        The arrays, or the DataFrame and the Series, as described above.

    Raises
    ------
    DatasetError
        If the files are missing, damaged or cannot be downloaded. It is an ``OSError``.

    ImportError
        If torchvision, which downloads the files, cannot be imported.

    ValueError
        If a parameter is invalid.

    See Also
    --------
    fetch_mnist : Load MNIST, whose format EMNIST has.

    Notes
    -----
    The images are transposed in EMNIST's files and upright here, like MNIST's. In the
    files of the split "letters" the classes start at 1, here `target` starts at 0 for
    "a". torchvision changes neither of the two. All splits are one download of 0.5 GB,
    which takes 1.8 GB when unpacked.

    The SHA-256 checksum of each file is saved next to it when it is downloaded, and
    verified each time the file is read. For files from other sources, the format, the
    size and the range of the labels are checked.

    EMNIST is derived from NIST Special Database 19 and distributed by NIST.

    References
    ----------
    .. [1] G. Cohen, S. Afshar, J. Tapson, A. van Schaik, "EMNIST: an extension of MNIST
       to handwritten letters", arXiv:1702.05373 (2017).

    Examples
    --------
    >>> from skmnist.datasets import fetch_emnist
    >>> X, y = fetch_emnist(split="letters", return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (124800, 784)
    """
    check_choice("fetch_emnist", "split", split, _SPECS)
    return load_dataset(_SPECS[split], subset, return_X_y, as_frame, data_home, download_if_missing)
