"""Speed and memory of skmnist and of other libraries: ``python -m benchmarks``."""
