# The public names, for editors and type checkers: __init__.py imports them when they are used.
from . import backprop as backprop
from . import cli as cli
from . import dask as dask
from . import datasets as datasets
from . import displays as displays
from . import exceptions as exceptions
from . import metrics as metrics
from . import preprocessing as preprocessing
from . import reporting as reporting
from . import serving as serving
from . import studies as studies
from ._estimators.backprop import BackpropClassifier as BackpropClassifier
from ._estimators.cnn import CNNClassifier as CNNClassifier
from ._estimators.hidden_activations import HiddenActivations as HiddenActivations
from ._estimators.mlp import MLPClassifier as MLPClassifier
from ._estimators.reject import RejectClassifier as RejectClassifier
from ._estimators.torch_module import TorchClassifier as TorchClassifier
from ._persistence.onnx_export import export_onnx as export_onnx
from ._persistence.page_export import export_page as export_page
from ._persistence.save_load import load as load
from ._persistence.save_load import save as save
from ._pretrained.load_pretrained import load_pretrained as load_pretrained
from ._pretrained.predict_image import predict_image as predict_image

__version__: str
__all__: list[str]
