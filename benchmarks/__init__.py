"""skmnist's speed and memory beside those of its peers: ``python -m benchmarks``."""
