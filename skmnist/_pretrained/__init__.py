"""Trained networks that come with the package, and the function that applies them to photos."""
