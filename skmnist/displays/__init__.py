"""Pictures in scikit-learn's way: a Display holds arrays, its ``plot`` draws them."""

from .misclassified import MisclassifiedDisplay
from .training_curve import TrainingCurveDisplay

__all__ = ["MisclassifiedDisplay", "TrainingCurveDisplay"]
