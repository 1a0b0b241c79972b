"""Save fitted classifiers and pipelines to files, and load them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn.pipeline import Pipeline

from skmnist._estimators.net_classifier import BaseNetClassifier
from skmnist._estimators.state import get_state
from skmnist._files.model_file import read_model_file, reraise_as_model_error, write_model_file

from .pipeline_state import (
    CLASSIFIERS,
    classifier_from_state,
    get_pipeline_state,
    join_names,
    pipeline_from_state,
)
from .suggestions import suggest_saving

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    import torch
    from torch import nn


def save(
    estimator: BaseNetClassifier | Pipeline,
    path: str | os.PathLike[str],
    *,
    optimizer_state: bool = True,
) -> None:
    """Save a fitted classifier, or a pipeline that ends in one, to a single file.

    The file is a safetensors file, which contains data but no code: the parameters, the fitted
    attributes and the training history. The classifier that :func:`load` returns makes exactly the
    same predictions and continues training with `partial_fit` or `warm_start` exactly like the
    original. An existing file is replaced only when the new one is complete.

    Parameters
    ----------
    estimator : classifier of skmnist or Pipeline
        The other steps of a Pipeline may be DigitNormalizer (as the first step),
        PixelStandardizer, StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler, PCA or
        "passthrough".
    path : str or path
        Path of the file, usually with the suffix ``.safetensors``. ``~`` is the home folder.
    optimizer_state : bool, default=True
        Whether to save the optimizer state, which is needed to continue training with the same
        result. Without it, the file is about a third as large for Adam.

    Raises
    ------
    NotFittedError
        If `estimator` is not fitted.
    TypeError
        If `estimator` or a step has an unsupported class, or a parameter contains code (`augment`,
        `callbacks`).
    OSError
        If the file cannot be written. An existing file is unchanged.

    See Also
    --------
    load : Load a file that `save` wrote.

    Notes
    -----
    For a :class:`TorchClassifier` with a custom module, the file contains the weights but not the
    module, which must be passed to :func:`load`.

    Examples
    --------
    >>> import tempfile
    >>> import skmnist
    >>> from skmnist.datasets import load_mnist_sample
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = skmnist.MLPClassifier(max_epochs=2, random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     skmnist.save(clf, f"{folder}/digits.safetensors")
    ...     again = skmnist.load(f"{folder}/digits.safetensors")
    >>> bool((again.predict_proba(X) == clf.predict_proba(X)).all())
    True
    """
    if type(estimator) is Pipeline:
        state = get_pipeline_state(estimator, optimizer_state)
    elif type(estimator) in CLASSIFIERS:
        state = get_state(estimator, optimizer_state=optimizer_state)
    else:
        advice = suggest_saving(estimator)
        if isinstance(estimator, BaseNetClassifier):
            advice = "Use the methods save and load of your subclass."
        raise TypeError(
            f"The 'estimator' parameter of save must be a {join_names(CLASSIFIERS)}, or a Pipeline "
            f"that ends in one. Got {type(estimator).__name__} instead. {advice}"
        )
    write_model_file(path, state)


def load(
    path: str | os.PathLike[str],
    *,
    module: nn.Module | Callable[..., nn.Module] | None = None,
    device: str | torch.device | None = None,
) -> BaseNetClassifier | Pipeline:
    """Load a classifier or pipeline that :func:`save` wrote.

    Loading never executes code from the file and detects any change of its content. It cannot tell
    whether the model itself is trustworthy: load models from sources that you trust.

    Parameters
    ----------
    path : str or path
        Path of the file.
    module : torch.nn.Module, class or function, default=None
        The custom module of a :class:`TorchClassifier`. It is not part of the file.
    device : str, default=None
        Replaces the `device` parameter in the file, for example if this machine has no such device.

    Returns
    -------
    estimator : classifier or Pipeline
        The fitted estimator.

    Raises
    ------
    ModelFileError
        If the file is not a model file, is damaged or describes an invalid model, or if `module`
        is missing.
    OSError
        If the file does not exist or cannot be read.

    See Also
    --------
    save : Save a fitted classifier or pipeline.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import skmnist
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "digits.safetensors")
    ...     _ = path.write_bytes(b"")
    ...     try:
    ...         skmnist.load(path)
    ...     except skmnist.exceptions.ModelFileError as error:
    ...         print(error)
    /...digits.safetensors is empty. Download or save it again.
    """
    state = read_model_file(path)
    with reraise_as_model_error(path):
        if state.get("class") == "Pipeline":
            return pipeline_from_state(state, module=module, device=device)
        return classifier_from_state(state, module=module, device=device)
