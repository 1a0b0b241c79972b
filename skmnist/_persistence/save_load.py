"""Keep fitted classifiers and pipelines in files that hold nothing but data."""

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from skmnist._estimators.backprop import BackpropClassifier
from skmnist._estimators.cnn import CNNClassifier
from skmnist._estimators.mlp import MLPClassifier
from skmnist._estimators.state import from_state, get_state
from skmnist._estimators.torch_module import TorchClassifier
from skmnist._files.model_file import read_model_file, reraise_as_model_error, write_model_file
from skmnist.exceptions import ModelFileError
from skmnist.preprocessing import DigitNormalizer, PixelStandardizer

# The classes that a file may name; no other is built. Their names are what the file holds.
CLASSIFIERS = (BackpropClassifier, CNNClassifier, MLPClassifier, TorchClassifier)

# What each transformer learns: arrays of its features or components, or plain numbers.
TRANSFORMERS = {
    DigitNormalizer: (),
    PixelStandardizer: ("mean_", "std_", "pixel_scale_"),
    StandardScaler: ("mean_", "var_", "scale_", "n_samples_seen_"),
    MinMaxScaler: ("min_", "scale_", "data_min_", "data_max_", "data_range_", "n_samples_seen_"),
    MaxAbsScaler: ("scale_", "max_abs_", "n_samples_seen_"),
    RobustScaler: ("center_", "scale_"),
    PCA: (
        "mean_",
        "components_",
        "explained_variance_",
        "explained_variance_ratio_",
        "singular_values_",
        "n_components_",
        "n_samples_",
        "noise_variance_",
        "_fit_svd_solver",
    ),
}

_PASSTHROUGH = (None, "passthrough")
_SKOPS = "skops (https://skops.readthedocs.io) keeps scikit-learn's other estimators"


def save(estimator, path, *, optimizer_state=True):
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
        state = _pipeline_state(estimator, optimizer_state)
    elif type(estimator) in CLASSIFIERS:
        state = get_state(estimator, optimizer_state=optimizer_state)
    else:
        raise TypeError(
            f"save takes a {_names(CLASSIFIERS)}, or a Pipeline that ends in one; got "
            f"{type(estimator).__name__}. {_SKOPS}; a subclass of your own has its own save and "
            "load."
        )
    write_model_file(path, state)


def load(path, *, module=None, device=None):
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
            return _pipeline_from_state(state, module=module, device=device)
        return _classifier_from_state(state, module=module, device=device)


def _classifier_from_state(state, **kwargs):
    return from_state(_class_of(state, CLASSIFIERS), state, **kwargs)


def _class_of(state, classes):
    for cls in classes:
        if state.get("class") == cls.__name__:
            return cls
    raise ModelFileError(
        f"The file holds a {state.get('class')!r:.100}, where a {_names(classes)} is wanted. It "
        "needs a newer skmnist, or, for a class of your own, that class's load."
    )


def _names(classes):
    *names, last = [cls.__name__ for cls in classes]
    return f"{', '.join(names)} or {last}"


# -- pipelines -------------------------------------------------------------------------------


def _pipeline_state(pipeline, optimizer_state):
    check_is_fitted(pipeline)
    for name in ("memory", "transform_input"):
        value = getattr(pipeline, name, None)
        if value is not None:
            raise TypeError(
                f"{name}={value!r} of the Pipeline is not what a model file holds. Save after "
                f"set_params({name}=None)."
            )
    *others, (last_name, last) = pipeline.steps
    if type(last) not in CLASSIFIERS:
        raise TypeError(
            f"The Pipeline ends in {type(last).__name__}; a {_names(CLASSIFIERS)} is wanted. "
            f"{_SKOPS}."
        )
    working = [step for _, step in others if step not in _PASSTHROUGH]
    if any(isinstance(step, DigitNormalizer) for step in working[1:]):
        raise TypeError(
            "A model file holds a DigitNormalizer only as the first step of a Pipeline."
        )
    steps = [[name, _transformer_state(name, step)] for name, step in others]
    steps.append([last_name, get_state(last, optimizer_state=optimizer_state)])
    return {"class": "Pipeline", "verbose": pipeline.verbose, "steps": steps}


def _pipeline_from_state(state, **kwargs):
    if set(state) != {"class", "verbose", "steps"} or type(state["verbose"]) is not bool:
        raise ValueError(f"the entries of its Pipeline are {sorted(state)}")
    *others, (last_name, last) = state["steps"]
    steps = [(last_name, _classifier_from_state(last, **kwargs))]
    # From the end, where the weights tell the number of features.
    classifier = steps[0][1]
    widths = (classifier.n_features_in_,)
    if classifier._input_image_shape is not None:
        widths += classifier._input_image_shape[:1]  # what scikit-learn counts of pictures
    for name, step in reversed(others):
        transformer = step
        if step not in _PASSTHROUGH:
            transformer = _transformer_from_state(step, widths)
            widths = (getattr(transformer, "n_features_in_", None),)
        steps.insert(0, (name, transformer))
    pipeline = Pipeline(steps, verbose=state["verbose"])
    pipeline._validate_names([name for name, _ in steps])
    return pipeline


def _transformer_state(name, step):
    if step in _PASSTHROUGH:
        return step
    if type(step) not in TRANSFORMERS:
        raise TypeError(
            f"The step {name!r} is a {type(step).__name__}, which a model file doesn't hold; it "
            f"holds {_names(TRANSFORMERS)}. {_SKOPS}: keep the steps before the classifier in a "
            "file of theirs, and save the classifier by itself."
        )
    known = ("n_features_in_", "feature_names_in_", *TRANSFORMERS[type(step)])
    return {
        "class": type(step).__name__,
        "params": step.get_params(deep=False),
        "fitted": {name: vars(step)[name] for name in known if name in vars(step)},
        "output": getattr(step, "_sklearn_output_config", {}).get("transform"),
    }


def _transformer_from_state(state, widths):
    """Return a transformer whose output has one of `widths` columns."""
    cls = _class_of(state, TRANSFORMERS)
    if set(state) != {"class", "params", "fitted", "output"}:
        raise ValueError(f"the entries of its {cls.__name__} are {sorted(state)}")
    transformer, fitted = cls(**state["params"]), state["fitted"]
    _check_parameters(transformer)
    needed = {"n_features_in_", *TRANSFORMERS[cls]} if TRANSFORMERS[cls] else set()
    if not needed <= fitted.keys() <= {*needed, "feature_names_in_"}:
        raise ValueError(f"the fitted attributes of its {cls.__name__} are {sorted(fitted)}")
    n_features = fitted.get("n_features_in_")
    columns = n_features
    if cls is PCA:
        columns = fitted["n_components_"]
    elif cls is DigitNormalizer:
        columns = len(transformer.get_feature_names_out())
    if columns not in widths:
        raise ValueError(f"its {cls.__name__} gives {columns} columns, not {widths[0]}")
    shapes = {(), (n_features,), (columns,), (columns, n_features)}
    for name, value in fitted.items():
        if isinstance(value, np.ndarray) and value.shape not in shapes:
            raise ValueError(f"{name} of its {cls.__name__} has the shape {value.shape}")
        setattr(transformer, name, value)
    if state["output"] is not None:
        transformer.set_output(transform=state["output"])
    if fitted:
        _try_out(transformer)
    return transformer


def _check_parameters(transformer):
    if hasattr(transformer, "_parameter_constraints"):  # scikit-learn's
        transformer._validate_params()
    else:  # ours look at them in fit
        clone(transformer).fit(np.zeros((1, 1)))


def _try_out(transformer):
    """Transform one row, which fails where something is missing or is no number."""
    row = np.zeros((1, transformer.n_features_in_))
    if hasattr(transformer, "feature_names_in_"):
        row = pd.DataFrame(row, columns=transformer.feature_names_in_)
    with np.errstate(all="ignore"):
        result = np.asarray(transformer.transform(row), dtype=np.float64)
    if not np.isfinite(result).all():
        raise ValueError(f"its {type(transformer).__name__} makes infinity or NaN of zeros")
