"""Devices, seeds, warnings and optional dependencies."""
