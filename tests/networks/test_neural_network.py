"""NeuralNetwork: its numbers and its gradients."""

import copy
import math
import pickle

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from skmnist import BackpropClassifier
from skmnist._networks.activations import ACTIVATIONS
from skmnist._networks.losses import LOSSES
from skmnist.backprop import NeuralNetwork
from tests.helpers import digits

ISSUE_ACTIVATIONS = ("sigmoid", "tanh", "relu", "identity")


OUTPUT_ACTIVATIONS = [name for name, entry in ACTIVATIONS.items() if not entry.needs_input]


# torch's own functions, which know nothing of ours.
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
    "mse": lambda outputs, codes: (
        F.mse_loss(outputs, F.one_hot(codes, outputs.shape[1]).to(outputs), reduction="sum")
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


def torchs_loss(layers, x, codes, activation, output_activation, loss):
    """Compute the loss of the same network with torch's functions."""
    for i, layer in enumerate(layers):
        z = x @ layer[:-1] + layer[-1]
        last = i == len(layers) - 1
        x = TORCH_ACTIVATIONS[output_activation if last else activation](z)
    return TORCH_LOSSES[loss](x, codes)


def test_every_activation_and_loss_is_compared_with_torchs():
    assert set(TORCH_ACTIVATIONS) == set(ACTIVATIONS) >= set(ISSUE_ACTIVATIONS)
    assert set(TORCH_LOSSES) == set(LOSSES)
    assert set(OUTPUT_ACTIVATIONS) >= set(ISSUE_ACTIVATIONS)


@pytest.mark.parametrize("loss", TORCH_LOSSES)
@pytest.mark.parametrize("output_activation", OUTPUT_ACTIVATIONS)
@pytest.mark.parametrize("activation", TORCH_ACTIVATIONS)
def test_loss_and_gradients_equal_autograds(activation, output_activation, loss):
    network = make_network(activation=activation, output_activation=output_activation)
    x, codes = batch()
    network.forward(x)
    value = network.backward(codes, loss=loss)

    layers = [network.layer(i).clone().requires_grad_() for i in range(3)]
    expected = torchs_loss(layers, x, codes, activation, output_activation, loss)
    expected.backward()
    assert value == pytest.approx(expected.item(), rel=1e-12)
    for i, layer in enumerate(layers):
        torch.testing.assert_close(network.gradient(i), layer.grad, rtol=1e-10, atol=1e-12)
        assert network.gradient(i).any()


@pytest.mark.parametrize("loss", TORCH_LOSSES)
@pytest.mark.parametrize("activation", TORCH_ACTIVATIONS)
def test_gradients_equal_finite_differences(activation, loss):
    network = make_network(activation=activation)
    x, codes = batch()

    def loss_now():
        network.forward(x)
        return network.backward(codes, loss=loss)

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


def test_one_step_worked_out_on_paper():
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
    # d_2 W_2^T = (1*1 + 4*2, 1*3 + 4*-1) = (9, -1); the second unit was at rest: d_1 = (9, 0)
    assert network.gradient(0).tolist() == [[9, 0], [18, 0], [9, 0]]
    network.update_params(eta=0.5)
    assert network.layer(0).tolist() == [[-3.5, -1], [-8.5, 1], [-4.5, -2]]
    assert network.layer(1).tolist() == [[0, -2], [3, -1], [0, -3]]


def test_cross_entropy_worked_out_on_paper():
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
    x, codes = batch()
    together = network.forward(x)
    assert together.shape == (6, 3)
    for i in range(6):
        alone = network.forward(x[i])
        assert alone.shape == (3,)
        torch.testing.assert_close(alone, together[i], rtol=1e-12, atol=0)


def test_gradients_of_a_batch_are_the_mean_of_its_samples():
    network = make_network()
    x, codes = batch()
    of_samples = []
    for i in range(6):
        network.forward(x[i])
        network.backward(codes[i])
        of_samples.append(network.gradient(0).clone())
    network.forward(x)
    network.backward(codes)
    torch.testing.assert_close(network.gradient(0), torch.stack(of_samples).mean(0))


def test_class_numbers_mean_one_hot_targets():
    network = make_network()
    x, codes = batch()
    network.forward(x)
    by_number = network.backward(codes), network.gradient(0).clone()
    one_hot = F.one_hot(codes, 3).double()
    assert network.backward(one_hot) == by_number[0]
    assert torch.equal(network.gradient(0), by_number[1])


def test_arrays_and_lists_are_taken_too():
    network = make_network()
    x, codes = batch()
    expected = network.forward(x)
    assert torch.equal(network.forward(x.numpy()), expected)
    assert torch.equal(network.forward(x.tolist()), expected)
    assert network.backward(codes.tolist()) == network.backward(codes.numpy())


def test_layer_is_the_networks_own_memory():
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


def test_changed_layers_are_those_that_train_on():
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


def test_generator_decides_the_weights_and_the_global_one_is_left_alone():
    before = torch.get_rng_state()
    first, same = (NeuralNetwork((4, 3), generator=generator()).layer(0) for _ in range(2))
    other = NeuralNetwork((4, 3), generator=generator(1)).layer(0)
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_copies_compute_the_same_on_their_own():
    network = make_network()
    x, codes = batch()
    network.forward(x)
    network.backward(codes)
    for twin in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert torch.equal(twin.forward(x), network.forward(x))
        twin.backward(codes)
        twin.update_params(0.1)
        assert not torch.equal(twin.layer(0), network.layer(0))


@pytest.mark.parametrize("sizes", [(), (3,), (3, 0), (3, -1, 2)])
def test_sizes_that_make_no_network_are_refused(sizes):
    with pytest.raises(ValueError, match="at least two positive integers"):
        NeuralNetwork(sizes)


@pytest.mark.parametrize("parameter", ["activation", "output_activation"])
def test_unknown_activation_is_refused_with_the_known_ones(parameter):
    with pytest.raises(ValueError, match=f"{parameter}='rleu'.*'relu'"):
        NeuralNetwork((2, 2), **{parameter: "rleu"})


def test_unknown_loss_is_refused_with_the_known_ones():
    network = make_network()
    network.forward(batch()[0])
    with pytest.raises(ValueError, match="loss='mes'.*'mse'"):
        network.backward(0, loss="mes")


@pytest.mark.parametrize("shape", [(), (4,), (2, 4), (1, 2, 5)])
def test_input_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"x has shape .*; pass \(5,\) or \(n, 5\)"):
        make_network().forward(torch.zeros(shape))


@pytest.mark.parametrize(
    "target", [torch.tensor([0, 1]), torch.full((6,), 3), torch.full((6,), -1), torch.zeros(6, 2)]
)
def test_target_that_doesnt_fit_the_outputs_is_refused(target):
    network = make_network()
    network.forward(batch()[0])
    with pytest.raises(ValueError, match=r"outputs of shape \(6, 3\)"):
        network.backward(target)


def test_steps_in_the_wrong_order_say_what_comes_first():
    network = make_network()
    with pytest.raises(RuntimeError, match="forward"):
        network.backward(0)
    with pytest.raises(RuntimeError, match="backward"):
        network.update_params(0.1)
