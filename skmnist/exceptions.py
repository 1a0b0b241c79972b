"""Exceptions and warnings of skmnist.

Every class derives from the built-in exception that scikit-learn raises in the same
situation, so ``except ValueError`` or ``except OSError`` also works.
"""


class CallbackConnectionWarning(UserWarning):
    """A scikit-learn callback cannot reach its main process; training continues without it."""


class CheckpointError(ValueError):
    """The checkpoints in a folder cannot be used to resume a fit.

    They belong to a different training run, are all damaged, or are used by another fit.
    """


class DatasetError(OSError):
    """A data set is missing, cannot be downloaded, or is damaged.

    scikit-learn's ``fetch_*`` functions raise an ``OSError`` in the same situation, so
    ``except OSError`` catches both.

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


class DeviceError(RuntimeError):
    """The GPU failed, and PyTorch cannot use it in this process again.

    For example, the driver was reset, the GPU was disconnected, or the kernel of a custom module
    accessed memory that it does not own. PyTorch raises a ``RuntimeError`` in the same situation.
    """


class DivergenceError(ValueError):
    """The loss or the weights became infinite or NaN during training."""


class ImageError(ValueError):
    """An image cannot be read, or contains no digit.

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
    """A parameter of an estimator has an invalid value or type."""


class ModelFileError(ValueError):
    """A file is not a model file, is damaged, or describes an invalid model."""


class OnnxExportError(ValueError):
    """A classifier cannot be exported to ONNX, or the outputs of the ONNX model differ."""


class PixelRangeWarning(UserWarning):
    """The range of the pixel values is unsuitable.

    In `fit`, networks cannot learn well from pixels in this range. In `predict`, it is very
    different from that of the training data.
    """


class TimeLimitWarning(UserWarning):
    """A search reached its time limit, so some candidates have no score."""
