"""Neural networks for small images that are scikit-learn estimators.

The public names are loaded when they are first used, so that ``import skmnist``
takes no time: torch is imported with the first estimator.
"""

import random
from importlib import import_module

__version__ = "0.1.0"

# The one list of public names: name -> the module that holds it.
_PUBLIC = {
    "BackpropClassifier": "skmnist.backprop_classifier",
    "CheckpointError": "skmnist.checkpoints",
    "CNNClassifier": "skmnist.cnn",
    "MLPClassifier": "skmnist.mlp",
    "ModelFileError": "skmnist.files.model_file",
    "OnnxExportError": "skmnist.onnx_export",
    "RejectClassifier": "skmnist.reject_classifier",
    "TorchClassifier": "skmnist.torch_classifier",
    "backprop": "skmnist.backprop",
    "dask": "skmnist.dask",
    "datasets": "skmnist.datasets",
    "displays": "skmnist.displays",
    "export_onnx": "skmnist.onnx_export",
    "load": "skmnist.persistence",
    "metrics": "skmnist.metrics",
    "predict_image": "skmnist.image_prediction",
    "preprocessing": "skmnist.preprocessing",
    "reporting": "skmnist.reporting",
    "save": "skmnist.persistence",
    "serving": "skmnist.serving",
    "studies": "skmnist.studies",
}

__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(f"module 'skmnist' has no attribute {name!r}")
    state = random.getstate()  # rich, which skorch imports where it is there, draws from it
    module = import_module(_PUBLIC[name])
    random.setstate(state)
    value = module if _PUBLIC[name] == f"skmnist.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__():
    return sorted(__all__)
