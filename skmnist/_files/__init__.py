"""Atomic writing of files, and the format of model files."""
