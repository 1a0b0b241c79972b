"""NeuralNetwork: outputs, losses and gradients."""

import copy
import math
import pickle
from typing import get_args

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from skmnist import BackpropClassifier
from skmnist._networks.activations import (
    ACTIVATION_MODULES,
    ACTIVATIONS,
    ActivationName,
    OutputActivationName,
)
from skmnist._networks.losses import LOSSES, LossName
from skmnist.backprop import NeuralNetwork
from tests.helpers import digits

REQUIRED_ACTIVATIONS = ("sigmoid", "tanh", "relu", "identity")
OUTPUT_ACTIVATIONS = [name for name, entry in ACTIVATIONS.items() if not entry.needs_input]

# torch's own functions, independent of skmnist's.
TORCH_ACTIVATIONS = {
    "relu": F.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "identity": lambda z: z,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "gelu": F.gelu,
    "silu": F.silu,
}
TORCH_LOSSES = {
    "mse": lambda outputs, labels: (
        F.mse_loss(outputs, F.one_hot(labels, outputs.shape[1]).to(outputs), reduction="sum")
        / len(outputs)
    ),
    "cross_entropy": F.cross_entropy,
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def make_network(sizes=(5, 4, 3, 3), activation="relu", output_activation="identity", **kwargs):
    kwargs = {"dtype": torch.float64, "generator": generator(), **kwargs}
    return NeuralNetwork(sizes, activation, output_activation, **kwargs)


def batch(n=6, n_inputs=5, n_outputs=3):
    x = torch.randn(n, n_inputs, dtype=torch.float64, generator=generator(1))
    return x, torch.arange(n) % n_outputs


def torch_loss(layers, x, labels, activation, output_activation, loss):
    """Compute the loss of the same network with torch's functions."""
    for i, layer in enumerate(layers):
        z = x @ layer[:-1] + layer[-1]
        last = i == len(layers) - 1
        x = TORCH_ACTIVATIONS[output_activation if last else activation](z)
    return TORCH_LOSSES[loss](x, labels)


def test_every_activation_and_loss_is_compared_with_torch():
    assert set(TORCH_ACTIVATIONS) == set(ACTIVATIONS) >= set(REQUIRED_ACTIVATIONS)
    assert set(TORCH_LOSSES) == set(LOSSES)
    assert set(OUTPUT_ACTIVATIONS) >= set(REQUIRED_ACTIVATIONS)


def test_types_name_every_choice():
    assert get_args(ActivationName) == tuple(ACTIVATIONS) == tuple(ACTIVATION_MODULES)
    assert get_args(OutputActivationName) == tuple(OUTPUT_ACTIVATIONS)
    assert get_args(LossName) == tuple(LOSSES)


@pytest.mark.parametrize("loss", TORCH_LOSSES)
@pytest.mark.parametrize("output_activation", OUTPUT_ACTIVATIONS)
@pytest.mark.parametrize("activation", TORCH_ACTIVATIONS)
def test_loss_and_gradients_equal_autograds(activation, output_activation, loss):
    network = make_network(activation=activation, output_activation=output_activation)
    x, labels = batch()
    network.forward(x)
    value = network.backward(labels, loss=loss)

    layers = [network.layer(i).clone().requires_grad_() for i in range(3)]
    expected = torch_loss(layers, x, labels, activation, output_activation, loss)
    expected.backward()
    assert value == pytest.approx(expected.item(), rel=1e-12)
    for i, layer in enumerate(layers):
        torch.testing.assert_close(network.gradient(i), layer.grad, rtol=1e-10, atol=1e-12)
        assert network.gradient(i).any()


@pytest.mark.parametrize("loss", TORCH_LOSSES)
@pytest.mark.parametrize("activation", TORCH_ACTIVATIONS)
def test_gradients_equal_finite_differences(activation, loss):
    network = make_network(activation=activation)
    x, labels = batch()

    def loss_now():
        network.forward(x)
        return network.backward(labels, loss=loss)

    loss_now()
    gradients = [network.gradient(i).clone() for i in range(3)]
    step = 1e-6
    for i, gradient in enumerate(gradients):
        differences = torch.zeros_like(gradient)
        layer = network.layer(i)
        for position in np.ndindex(*layer.shape):
            value = layer[position].item()
            layer[position] = value + step
            above = loss_now()
            layer[position] = value - step
            below = loss_now()
            layer[position] = value
            differences[position] = (above - below) / (2 * step)
        torch.testing.assert_close(gradient, differences, rtol=1e-6, atol=1e-8)


def test_step_equals_hand_calculation():
    network = NeuralNetwork((2, 2, 2), "relu")
    network.layer(0)[:] = torch.tensor([[1.0, -1.0], [0.5, 1.0], [0.0, -2.0]])
    network.layer(1)[:] = torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.5, -1.0]])
    # z_1 = (1*1 + 2*0.5 + 0, 1*-1 + 2*1 - 2) = (2, -1), so a_1 = (2, 0)
    # z_2 = (2*1 + 0*3 + 0.5, 2*2 + 0*-1 - 1) = (2.5, 3)
    outputs = network.forward(torch.tensor([1.0, 2.0]))
    assert outputs.tolist() == [2.5, 3.0]
    # loss = (2.5 - 2)^2 + (3 - 1)^2 = 0.25 + 4
    assert network.backward(torch.tensor([2.0, 1.0]), loss="mse") == 4.25
    # d_2 = 2 (2.5 - 2, 3 - 1) = (1, 4); dW_2 = a_1^T d_2, db_2 = d_2
    assert network.gradient(1).tolist() == [[2, 8], [0, 0], [1, 4]]
    # d_2 W_2^T = (1*1 + 4*2, 1*3 + 4*-1) = (9, -1); the second unit was inactive: d_1 = (9, 0)
    assert network.gradient(0).tolist() == [[9, 0], [18, 0], [9, 0]]
    network.update_params(eta=0.5)
    assert network.layer(0).tolist() == [[-3.5, -1], [-8.5, 1], [-4.5, -2]]
    assert network.layer(1).tolist() == [[0, -2], [3, -1], [0, -3]]


def test_cross_entropy_equals_hand_calculation():
    network = NeuralNetwork((1, 2), dtype=torch.float64)
    network.layer(0)[:] = torch.tensor([[math.log(3), 0.0], [0.0, 0.0]])
    # Logits (log 3, 0) are probabilities (3/4, 1/4).
    network.forward(torch.tensor([1.0]))
    assert network.backward(torch.tensor(1), loss="cross_entropy") == pytest.approx(math.log(4))
    # d = p - target = (3/4, 1/4 - 1)
    expected = torch.tensor([[0.75, -0.75], [0.75, -0.75]], dtype=torch.float64)
    torch.testing.assert_close(network.gradient(0), expected)


def test_one_sample_is_a_batch_of_one():
    network = make_network()
    x, labels = batch()
    together = network.forward(x)
    assert together.shape == (6, 3)
    for i in range(6):
        alone = network.forward(x[i])
        assert alone.shape == (3,)
        torch.testing.assert_close(alone, together[i], rtol=1e-12, atol=0)


def test_gradients_of_a_batch_are_the_mean_of_its_samples():
    network = make_network()
    x, labels = batch()
    sample_grads = []
    for i in range(6):
        network.forward(x[i])
        network.backward(labels[i])
        sample_grads.append(network.gradient(0).clone())
    network.forward(x)
    network.backward(labels)
    torch.testing.assert_close(network.gradient(0), torch.stack(sample_grads).mean(0))


def test_labels_equal_one_hot_targets():
    network = make_network()
    x, labels = batch()
    network.forward(x)
    from_labels = network.backward(labels), network.gradient(0).clone()
    one_hot = F.one_hot(labels, 3).double()
    assert network.backward(one_hot) == from_labels[0]
    assert torch.equal(network.gradient(0), from_labels[1])


def test_arrays_and_lists_are_accepted():
    network = make_network()
    x, labels = batch()
    expected = network.forward(x)
    assert torch.equal(network.forward(x.numpy()), expected)
    assert torch.equal(network.forward(x.tolist()), expected)
    assert network.backward(labels.tolist()) == network.backward(labels.numpy())


def test_layer_shares_the_memory_of_the_network():
    network = make_network()
    assert [network.layer(i).shape for i in range(3)] == [(6, 4), (5, 3), (4, 3)]
    x, _ = batch()
    before = network.forward(x)
    network.layer(2)[-1] += 1  # the biases of the outputs
    torch.testing.assert_close(network.forward(x), before + 1)
    network.layer(2)[:] = 0
    assert not network.forward(x).any()
    with pytest.raises(IndexError):
        network.layer(3)


def test_changed_layers_are_trained_further():
    X, y = digits()
    clf = BackpropClassifier((16,), max_epochs=1, random_state=0, warm_start=True).fit(X, y)
    clf.module_.layer(0)[:] = 0
    clf.module_.layer(1)[:] = 0
    clf.fit(X, y)
    # With all weights zero no hidden unit is ever active: only the output's biases can learn.
    assert not clf.module_.layer(0).any()
    assert not clf.module_.layer(1)[:-1].any()
    assert clf.module_.layer(1)[-1].all()


def test_weights_are_drawn_with_std_1_over_root_of_fan_in():
    network = NeuralNetwork((400, 300, 100), generator=generator())
    for i, fan_in in enumerate((400, 300)):
        layer = network.layer(i)[:-1]
        # Of so many draws the std is known to within a percent and the mean to within std / 100.
        assert layer.std().item() == pytest.approx(fan_in**-0.5, rel=0.02)
        assert abs(layer.mean().item()) < 0.03 * fan_in**-0.5


def test_generator_determines_the_weights_and_global_state_is_unchanged():
    before = torch.get_rng_state()
    first, same = (NeuralNetwork((4, 3), generator=generator()).layer(0) for _ in range(2))
    other = NeuralNetwork((4, 3), generator=generator(1)).layer(0)
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_copies_are_equal_and_independent():
    network = make_network()
    x, labels = batch()
    network.forward(x)
    network.backward(labels)
    for duplicate in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert torch.equal(duplicate.forward(x), network.forward(x))
        duplicate.backward(labels)
        duplicate.update_params(0.1)
        assert not torch.equal(duplicate.layer(0), network.layer(0))


@pytest.mark.parametrize("sizes", [(), (3,), (3, 0), (3, -1, 2)])
def test_invalid_layer_sizes_raise(sizes):
    with pytest.raises(ValueError, match="at least two positive integers"):
        NeuralNetwork(sizes)


@pytest.mark.parametrize("parameter", ["activation", "output_activation"])
def test_unknown_activation_raises(parameter):
    with pytest.raises(ValueError, match=f"'{parameter}' parameter .*'rleu'.*'relu'"):
        NeuralNetwork((2, 2), **{parameter: "rleu"})


def test_unknown_loss_raises():
    network = make_network()
    network.forward(batch()[0])
    with pytest.raises(ValueError, match="'loss' parameter .*'mes'.*'mse'"):
        network.backward(0, loss="mes")


@pytest.mark.parametrize("shape", [(), (4,), (2, 4), (1, 2, 5)])
def test_input_of_wrong_shape_raises(shape):
    with pytest.raises(ValueError, match=r"x of shape \(5,\) or \(n, 5\). Got shape"):
        make_network().forward(torch.zeros(shape))


@pytest.mark.parametrize(
    "target", [torch.tensor([0, 1]), torch.full((6,), 3), torch.full((6,), -1), torch.zeros(6, 2)]
)
def test_target_that_does_not_fit_the_outputs_raises(target):
    network = make_network()
    network.forward(batch()[0])
    with pytest.raises(ValueError, match=r"outputs of shape \(6, 3\)"):
        network.backward(target)


def test_calls_in_the_wrong_order_raise():
    network = make_network()
    with pytest.raises(RuntimeError, match="forward"):
        network.backward(0)
    with pytest.raises(RuntimeError, match="backward"):
        network.update_params(0.1)
