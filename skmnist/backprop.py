"""Fully connected network with manual backpropagation."""

from skmnist._networks.neural_network import NeuralNetwork

__all__ = ["NeuralNetwork"]
