"""Exceptions and warnings that skmnist raises.

Every class derives from the built-in exception that scikit-learn raises in the same
situation, so ``except ValueError`` or ``except OSError`` also works.
"""


class CallbackConnectionWarning(UserWarning):
    """The process that listens to a callback can no longer be reached; the fit continues."""


class CheckpointError(ValueError):
    """The checkpoints in a folder cannot be used.

    They belong to another training run, are all damaged, or are in use by a running fit.
    """


class DatasetError(OSError):
    """A data set is missing, cannot be downloaded, or is damaged.

    It is an ``OSError``, which scikit-learn's ``fetch_*`` functions raise if the data
    are not there, so ``except OSError`` catches both.

    Examples
    --------
    >>> from skmnist.datasets import fetch_mnist
    >>> from skmnist.exceptions import DatasetError
    >>> try:
    ...     fetch_mnist(data_home="no such folder", download_if_missing=False)
    ... except DatasetError as error:
    ...     print(error)
    no such folder...train-images-idx3-ubyte: No such file...
    """


class DivergenceError(ValueError):
    """The loss or the weights became infinite or NaN during training."""


class ImageError(ValueError):
    """An image cannot be read, or contains nothing that can be used.

    Examples
    --------
    >>> from skmnist.exceptions import ImageError
    >>> from skmnist.preprocessing import read_image
    >>> try:
    ...     read_image("no such photo.jpg")
    ... except ImageError as error:
    ...     print(error)
    no such photo.jpg: No such file or directory. Check the path.
    """


class InvalidParameterError(ValueError, TypeError):
    """A parameter of an estimator has a value or a type that is not allowed."""


class ModelFileError(ValueError):
    """A file is not a model file, is damaged, or describes a model that cannot exist."""


class OnnxExportError(ValueError):
    """A classifier cannot be exported to ONNX, or the exported model disagrees with it."""


class PixelRangeWarning(UserWarning):
    """The pixels to predict span a clearly different range from those of the fit."""
