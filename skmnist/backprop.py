"""A neural network whose forward and backward passes are written by hand, to read."""

from skmnist._networks.neural_network import NeuralNetwork

__all__ = ["NeuralNetwork"]
