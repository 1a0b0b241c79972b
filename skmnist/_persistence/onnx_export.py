"""Classifiers and pipelines as ONNX models, which run without Python, torch or skmnist."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skmnist._estimators.net_classifier import BaseNetClassifier
from skmnist._files.atomic import atomic_write
from skmnist.exceptions import OnnxExportError
from skmnist.preprocessing import DigitNormalizer, PixelStandardizer

from .onnx_check import check_outputs
from .onnx_model import add_class_lookup, convert_to_onnx, set_metadata
from .onnx_wrapper import CONVERTERS, OnnxWrapper

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from types import ModuleType

    from sklearn.base import BaseEstimator

_PASSTHROUGH = (None, "passthrough")


def export_onnx(estimator: BaseNetClassifier | Pipeline, path: str | os.PathLike[str]) -> None:
    """Write a fitted classifier, or a pipeline that ends in one, as an ONNX model.

    The model has one input and two outputs, for any number of pictures at once:

    ``pixels``, float32
        Pictures in the shape and on the scale of those that `fit` got: where these were rows of
        0..255, rows of 0..255. What the classifier and the pipeline's steps do to them is part of
        the model.
    ``labels``, int64 or string, of shape (n,)
        As `predict` returns them; bool labels are 0 and 1.
    ``probabilities``, float32 of shape (n, n_classes)
        As `predict_proba` returns them, in the order of ``classes_``.

    Before it is written, the model is run by onnxruntime on pictures of noise, one and several at a
    time. An older file of that name is replaced only when the new one is whole.

    Parameters
    ----------
    estimator : classifier of skmnist or Pipeline
        A Pipeline's other steps may be PixelStandardizer, StandardScaler, MinMaxScaler,
        MaxAbsScaler, RobustScaler, PCA or "passthrough". A TorchClassifier's own module may be any
        that :func:`torch.onnx.export` takes.
    path : str or path
        The usual suffix is ``.onnx``; any will do.

    Raises
    ------
    NotFittedError
        Where `estimator` is not fitted.
    TypeError
        Where `estimator` is something else.
    OnnxExportError
        Where a step is of another class, torch can't translate a module, or a probability
        differs by more than 1e-5 from the classifier's, or a label where it isn't a tie.
    ImportError
        Where the extra ``onnx`` isn't installed.
    OSError
        Where the file can't be written. What was there before is whole.

    See Also
    --------
    save : Keeps all of an estimator, to load it as such.

    Notes
    -----
    The steps are computed in float64, as in scikit-learn; the network in float32, whatever its
    `precision`. It is compared with what the classifier gives on the CPU; one of
    ``precision="bfloat16"`` with what it gives in float32, as its own probabilities are coarser by
    about 0.01.

    The model's metadata names the classes, the range of a classifier's pixels at its fit, and the
    features where they have names.

    Examples
    --------
    >>> import skmnist
    >>> from skmnist.datasets import load_mnist_sample
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = skmnist.MLPClassifier(max_epochs=2, random_state=0).fit(X, y)
    >>> skmnist.export_onnx(clf, "digits.onnx")  # doctest: +SKIP

    Elsewhere, without skmnist:

    >>> import onnxruntime  # doctest: +SKIP
    >>> session = onnxruntime.InferenceSession("digits.onnx")  # doctest: +SKIP
    >>> labels, probabilities = session.run(None, {"pixels": X.astype("float32")})  # doctest: +SKIP
    """
    onnx, onnxruntime = _import_libraries()
    steps, clf = _split_pipeline(estimator)
    input_shape = _input_shape(steps, clf)
    wrapper = OnnxWrapper(steps, clf)
    # A module of the user's own, and its conversion, may raise anything.
    with _reraise(
        f"torch can't translate {type(wrapper.module).__name__} into an ONNX model. What its "
        "forward does must not be decided by values of pixels, nor by the number of pictures."
    ):
        model = convert_to_onnx(wrapper, input_shape)
    add_class_lookup(onnx, model, clf.classes_)
    set_metadata(onnx, model, estimator, clf)
    with _reraise("The ONNX model can't be run."):
        onnx.checker.check_model(model, full_check=True)
        content = model.SerializeToString()
        check_outputs(onnxruntime, content, estimator, clf, wrapper, input_shape)
    with atomic_write(path) as file:
        file.write(content)


def _import_libraries() -> tuple[ModuleType, ModuleType]:
    try:
        import onnx
        import onnxruntime
        import onnxscript  # noqa: F401 (torch's exporter needs it)
    except ImportError as error:
        raise ImportError(
            f"ONNX models need onnx, onnxscript and onnxruntime ({error}). Install them with\n"
            "    pip install '.[onnx]'\nin the root of the repository."
        ) from error
    return onnx, onnxruntime


def _split_pipeline(estimator: Any) -> tuple[list[BaseEstimator], BaseNetClassifier]:
    """Return the steps before the classifier that do something, and the classifier."""
    is_pipeline = isinstance(estimator, Pipeline)
    *steps, clf = [step for _, step in estimator.steps] if is_pipeline else [estimator]
    if not isinstance(clf, BaseNetClassifier):
        prefix = "a Pipeline that ends in " if is_pipeline else ""
        raise TypeError(
            "export_onnx takes a classifier of skmnist or a Pipeline that ends in one; got "
            f"{prefix}{type(clf).__name__}. skl2onnx (https://onnx.ai/sklearn-onnx) takes "
            "scikit-learn's."
        )
    for i, step in enumerate(steps):
        if step in _PASSTHROUGH:
            continue
        if isinstance(step, DigitNormalizer):
            raise OnnxExportError(
                "DigitNormalizer reads photos of any size, which an ONNX model can't: export the "
                f"steps after it, export_onnx(pipeline[{i + 1}:], path), and give the model what "
                "DigitNormalizer makes of the photos."
            )
        if type(step) not in CONVERTERS:
            names = ", ".join(cls.__name__ for cls in CONVERTERS)
            raise OnnxExportError(
                f"The step {type(step).__name__} can't be exported, only {names}. Export the steps "
                f"after it, export_onnx(pipeline[{i + 1}:], path), and do its work before."
            )
    steps = [step for step in steps if step not in _PASSTHROUGH]
    for step in (*steps, clf):
        check_is_fitted(step)
    return steps, clf


def _input_shape(steps: list[BaseEstimator], clf: BaseNetClassifier) -> tuple[int, ...]:
    """Return the shape of one input sample."""
    shape = clf._input_image_shape
    if shape is not None and all(isinstance(step, PixelStandardizer) for step in steps):
        return shape
    return ((steps or [clf])[0].n_features_in_,)


@contextlib.contextmanager
def _reraise(message: str) -> Iterator[None]:
    """Turn any error in the block into an :class:`OnnxExportError` with its first cause."""
    try:
        yield
    except OnnxExportError:
        raise
    except Exception as error:
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        line = str(cause).partition("\n")[0]
        raise OnnxExportError(f"{message} {type(cause).__name__}: {line:.300}") from error
