"""Save fitted classifiers and pipelines to files that hold nothing but data, and load them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn.pipeline import Pipeline

from skmnist._estimators.state import get_state
from skmnist._files.model_file import read_model_file, reraise_as_model_error, write_model_file

from .pipeline_state import (
    CLASSIFIERS,
    SKOPS_HINT,
    classifier_from_state,
    get_pipeline_state,
    join_names,
    pipeline_from_state,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    import torch
    from torch import nn

    from skmnist._estimators.net_classifier import BaseNetClassifier


def save(
    estimator: BaseNetClassifier | Pipeline,
    path: str | os.PathLike[str],
    *,
    optimizer_state: bool = True,
) -> None:
    """Write a fitted classifier, or a pipeline that ends in one, to one file.

    The file is a safetensors file: numbers and text, nothing that could run. It holds the
    parameters, all that `fit` learnt and the training so far, so that the classifier that
    :func:`load` returns predicts the same bits, and `partial_fit` and `warm_start` go on as if
    there had been no file. An older file of that name is replaced only when the new one is whole.

    Parameters
    ----------
    estimator : classifier of skmnist or Pipeline
        A Pipeline's other steps may be DigitNormalizer (first), PixelStandardizer, StandardScaler,
        MinMaxScaler, MaxAbsScaler, RobustScaler, PCA or "passthrough".
    path : str or path
        The usual suffix is ``.safetensors``; any will do.
    optimizer_state : bool, default=True
        Whether to keep what the optimizer remembers, for training further. Without it the file is
        about a third as large for Adam, and further training starts with an optimizer that
        remembers nothing.

    Raises
    ------
    NotFittedError
        Where `estimator` is not fitted.
    TypeError
        Where `estimator`, a step or a parameter is of a kind that the file can't hold: code
        (`augment`, `callbacks`), or another class. The message says what to do.
    OSError
        Where the file can't be written. What was there before is whole.

    See Also
    --------
    load : The way back.

    Notes
    -----
    Of a :class:`TorchClassifier` with a module of your own the file holds the weights, but not
    the module: :func:`load` must be given it.

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
        raise TypeError(
            f"save takes a {join_names(CLASSIFIERS)}, or a Pipeline that ends in one; got "
            f"{type(estimator).__name__}. {SKOPS_HINT}; a subclass of your own has its own save "
            "and load."
        )
    write_model_file(path, state)


def load(
    path: str | os.PathLike[str],
    *,
    module: nn.Module | Callable[..., nn.Module] | None = None,
    device: str | torch.device | None = None,
) -> BaseNetClassifier | Pipeline:
    """Return the classifier or pipeline that :func:`save` wrote.

    Loading runs no code from the file, whoever made it, and notices each changed byte. Who made
    it is another question: a model from a stranger may have learnt anything.

    Parameters
    ----------
    path : str or path
    module : torch.nn.Module, class or function, default=None
        For a :class:`TorchClassifier` with a module of your own: the `module` that it had.
    device : str, default=None
        In place of the parameter `device` in the file, which this machine may not have.

    Returns
    -------
    classifier or Pipeline

    Raises
    ------
    ModelFileError
        Where the file is damaged, is no model file, holds a model that makes no sense, or where
        `module` is missing.
    OSError
        Where there is no such file, or it can't be read.

    See Also
    --------
    save : Which says what is kept.

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
    /...digits.safetensors is empty. Fetch or save it again.
    """
    state = read_model_file(path)
    with reraise_as_model_error(path):
        if state.get("class") == "Pipeline":
            return pipeline_from_state(state, module=module, device=device)
        return classifier_from_state(state, module=module, device=device)
