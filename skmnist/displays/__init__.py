"""Pictures in scikit-learn's way: a Display holds arrays, its ``plot`` draws them."""

from .architecture import ArchitectureDisplay
from .feature_maps import FeatureMapsDisplay
from .misclassified import MisclassifiedDisplay
from .prediction import PredictionDisplay
from .training_curve import TrainingCurveDisplay
from .weights import WeightsDisplay

__all__ = [
    "ArchitectureDisplay",
    "FeatureMapsDisplay",
    "MisclassifiedDisplay",
    "PredictionDisplay",
    "TrainingCurveDisplay",
    "WeightsDisplay",
]
