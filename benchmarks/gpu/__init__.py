"""Everything that a GPU is needed for: ``python -m benchmarks.gpu``."""
