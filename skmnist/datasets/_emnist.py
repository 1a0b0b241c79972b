"""EMNIST: letters and digits in the form of MNIST."""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase, digits
from typing import TYPE_CHECKING, Literal

from ._dataset_spec import DatasetSpec, idx_split
from ._loading import check_choice, load_dataset

if TYPE_CHECKING:
    import os

    from sklearn.utils import Bunch

    from ._bunch import Arrays, Frames

_BALANCED = tuple(digits + ascii_uppercase + "abdefghnqrt")
# The splits of EMNIST: the number of training and test images, and the classes.
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

Handwritten characters of NIST Special Database 19 in MNIST's form: {n_train:,} for training
and {n_test:,} for testing in {len(target_names)} classes, 28 x 28 grey levels from 0 (paper) to
255 (ink). The files hold the images transposed; here they stand upright.

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
    """Load a split of the EMNIST letters and digits, downloaded once (classification).

    ==========   =======   ====================   ===================
    Split        Classes   Samples for training   Samples for testing
    ==========   =======   ====================   ===================
    balanced          47                112,800                18,800
    byclass           62                697,932               116,323
    bymerge           47                697,932               116,323
    digits            10                240,000                40,000
    letters           26                124,800                20,800
    mnist             10                 60,000                10,000
    ==========   =======   ====================   ===================

    Handwritten characters in the form of MNIST: 28 x 28 = 784 features, integers 0-255.
    "byclass" has digits, capital and small letters. "bymerge" and "balanced" join the
    capital and the small form of the 15 letters where they look alike (under the
    capital's name), "letters" joins them for all 26 letters.

    Parameters
    ----------
    split : {"balanced", "byclass", "bymerge", "digits", "letters", "mnist"}, default="balanced"
        The characters and classes, as in the table above.

    subset : {"train", "test", "all"}, default="train"
        The images for training, those for testing, or both in this order. The order
        of the samples is the files'.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series.

    data_home : str or path-like, default=None
        The folder for the files. If None, it is what the environment variable
        ``SKMNIST_DATA`` names, else ``~/skmnist_data``. See :func:`get_data_home`.

    download_if_missing : bool, default=True
        If False, raise a DatasetError if the files are not there, instead of
        downloading them.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : {ndarray, DataFrame} of shape (n_samples, 784), uint8
            The images, one a row, with values from 0 to 255.
        target : {ndarray, Series} of shape (n_samples,), int64
            The classes, as positions in `target_names`.
        images : ndarray of shape (n_samples, 28, 28), uint8
            The images; as an array, `data` is a view of them.
        feature_names : list of str
            ``pixel0`` to ``pixel783``, row by row.
        target_names : list of str
            The name of each target value.
        frame : DataFrame of shape (n_samples, 785) or None
            `data` and `target`, if `as_frame` is True.
        DESCR : str
            The description of the data set.

    (data, target) : tuple if ``return_X_y`` is True
        The two of them, as above.

    Raises
    ------
    DatasetError
        If the files are missing, damaged, or cannot be downloaded; an ``OSError``.

    ImportError
        If torchvision, which does the download, cannot be imported.

    See Also
    --------
    fetch_mnist : The digits whose form this set has.

    Notes
    -----
    EMNIST's files hold the images transposed; here they stand upright, as MNIST's. The
    file of the split "letters" counts its classes from 1; here `target` starts at 0 for
    "a" (torchvision keeps both as they are in the files). All splits come in one
    download of 0.5 GB, which takes 1.8 GB when unpacked.

    A checksum of each file is written beside it when it is downloaded, and every byte is
    checked against it (SHA-256) each time the file is read. Of files that came some other
    way the form, the size and the labels' range are checked.

    Made from NIST Special Database 19 and distributed by NIST.

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
    check_choice("split", split, _SPECS)
    return load_dataset(_SPECS[split], subset, return_X_y, as_frame, data_home, download_if_missing)
