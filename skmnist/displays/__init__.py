"""Pictures in scikit-learn's way: a Display holds arrays, its ``plot`` draws them."""

from .architecture import ArchitectureDisplay
from .coverage import CoverageDisplay
from .epoch_curve import EpochCurveDisplay
from .feature_maps import FeatureMapsDisplay
from .misclassified import MisclassifiedDisplay
from .normalizer import NormalizerDisplay
from .prediction import PredictionDisplay
from .robustness import RobustnessDisplay
from .search import SearchDisplay
from .training_curve import TrainingCurveDisplay
from .weights import WeightsDisplay

__all__ = [
    "ArchitectureDisplay",
    "CoverageDisplay",
    "EpochCurveDisplay",
    "FeatureMapsDisplay",
    "MisclassifiedDisplay",
    "NormalizerDisplay",
    "PredictionDisplay",
    "RobustnessDisplay",
    "SearchDisplay",
    "TrainingCurveDisplay",
    "WeightsDisplay",
]
