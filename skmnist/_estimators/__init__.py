"""Classifiers, their base classes and their parameters."""
