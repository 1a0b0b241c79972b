"""Devices, seeds, messages, warnings and optional dependencies."""
