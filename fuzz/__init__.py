"""Scripts that attack skmnist and count what happens."""
