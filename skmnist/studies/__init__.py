"""Studies: how many epochs, which optimizer, how wide, how much data."""

from .compare_estimators import compare_estimators
from .epoch_curve import EpochCurve, epoch_curve
from .epoch_grid_search import EpochGridSearchCV
from .layer_sizes import LayerSizes
from .learning_curve import LearningCurve, learning_curve
from .robustness_curve import RobustnessCurve, robustness_curve
from .validation_curve import ValidationCurve, validation_curve

__all__ = [
    "EpochCurve",
    "EpochGridSearchCV",
    "LayerSizes",
    "LearningCurve",
    "RobustnessCurve",
    "ValidationCurve",
    "compare_estimators",
    "epoch_curve",
    "learning_curve",
    "robustness_curve",
    "validation_curve",
]
