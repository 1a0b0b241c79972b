"""Plots of data, classifiers and studies, with the interface of scikit-learn's displays."""

from ._architecture import ArchitectureDisplay
from ._coverage import CoverageDisplay
from ._diagnosis import DiagnosisDisplay
from ._epoch_curve import EpochCurveDisplay
from ._explanation import ExplanationDisplay
from ._feature_maps import FeatureMapsDisplay
from ._lr_range_test import LrRangeTestDisplay
from ._misclassified import MisclassifiedDisplay
from ._prediction import PredictionDisplay
from ._preprocessing import PreprocessingDisplay
from ._robustness import RobustnessDisplay
from ._search import SearchDisplay
from ._seed_study import SeedStudyDisplay
from ._training_curve import TrainingCurveDisplay
from ._weights import WeightsDisplay

__all__ = [
    "ArchitectureDisplay",
    "CoverageDisplay",
    "DiagnosisDisplay",
    "EpochCurveDisplay",
    "ExplanationDisplay",
    "FeatureMapsDisplay",
    "LrRangeTestDisplay",
    "MisclassifiedDisplay",
    "PreprocessingDisplay",
    "PredictionDisplay",
    "RobustnessDisplay",
    "SearchDisplay",
    "SeedStudyDisplay",
    "TrainingCurveDisplay",
    "WeightsDisplay",
]
