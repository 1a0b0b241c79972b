"""Curves of scores, comparisons, searches, learning rates and the diagnosis of a training."""

from ._compare_estimators import compare_estimators
from ._diagnose import diagnose
from ._diagnosis import Diagnosis, Finding
from ._epoch_curve import EpochCurve, epoch_curve
from ._epoch_grid_search import EpochGridSearchCV
from ._epoch_halving_search import EpochHalvingSearchCV
from ._epoch_randomized_search import EpochRandomizedSearchCV
from ._layer_sizes import LayerSizes
from ._learning_curve import LearningCurve, learning_curve
from ._lr_range_test import LrRangeTest, lr_range_test
from ._robustness_curve import RobustnessCurve, robustness_curve
from ._seed_study import SeedStudy, seed_study
from ._validation_curve import ValidationCurve, validation_curve

__all__ = [
    "Diagnosis",
    "EpochCurve",
    "EpochGridSearchCV",
    "EpochHalvingSearchCV",
    "EpochRandomizedSearchCV",
    "Finding",
    "LayerSizes",
    "LearningCurve",
    "LrRangeTest",
    "RobustnessCurve",
    "SeedStudy",
    "ValidationCurve",
    "compare_estimators",
    "diagnose",
    "epoch_curve",
    "learning_curve",
    "lr_range_test",
    "robustness_curve",
    "seed_study",
    "validation_curve",
]
