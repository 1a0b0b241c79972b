"""Metrics that scikit-learn does not have."""

from ._coverage_curve import coverage_curve

__all__ = ["coverage_curve"]
