"""Scripts that try to break skmnist, and count the results."""
