"""Metrics that scikit-learn does not provide."""

from ._coverage_curve import coverage_curve

__all__ = ["coverage_curve"]
