"""How a network is trained: batches, gradients, optimizers, schedules and the epoch loop."""
