"""The networks: ``nn.Module`` classes."""

import math

import torch
from torch import nn

from . import sparse_grad_conv as few_gradients
from .backpropagation import Backpropagation

ACTIVATION_MODULES = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "identity": nn.Identity,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}

# Their maximum can be taken before or after them with the same result; before is less work.
_MONOTONE = {"relu", "tanh", "sigmoid", "identity", "leaky_relu", "elu"}


class Dropout(nn.Module):
    """Dropout that draws from a generator of its own instead of torch's global one."""

    def __init__(self, p):
        super().__init__()
        self.p = p
        self.generator = None  # set for each epoch of training

    def forward(self, x):
        """Set each value to zero with probability p; only in training."""
        if not self.training:
            return x
        keep = 1 - self.p
        mask = torch.empty_like(x).bernoulli_(keep, generator=self.generator)
        return x * mask.div_(keep)

    def __getstate__(self):
        return {**super().__getstate__(), "generator": None}


def _he(weight, fan_in, fan_out, generator):
    weight.normal_(0, math.sqrt(2 / fan_in), generator=generator)


def _glorot(weight, fan_in, fan_out, generator):
    bound = math.sqrt(6 / (fan_in + fan_out))
    weight.uniform_(-bound, bound, generator=generator)


def _lecun(weight, fan_in, fan_out, generator):
    bound = math.sqrt(3 / fan_in)
    weight.uniform_(-bound, bound, generator=generator)


def _zeros(weight, fan_in, fan_out, generator):
    weight.zero_()


def _torch(weight, fan_in, fan_out, generator):
    """Draw as ``nn.Linear`` and ``nn.Conv2d`` do by themselves."""
    bound = 1 / math.sqrt(fan_in)
    weight.uniform_(-bound, bound, generator=generator)


WEIGHT_INITS = {"he": _he, "glorot": _glorot, "lecun": _lecun, "torch": _torch, "zeros": _zeros}


@torch.no_grad()
def init_weights(module, how, generator):
    """Draw the weights and biases of every linear and convolution layer of `module` in order."""
    for layer in module.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            receptive_field = layer.weight[0, 0].numel()
            fan_in = layer.weight.shape[1] * receptive_field
            fan_out = layer.weight.shape[0] * receptive_field
            WEIGHT_INITS[how](layer.weight, fan_in, fan_out, generator)
            if how == "torch":
                _torch(layer.bias, fan_in, fan_out, generator)
            else:
                layer.bias.zero_()


def _undrawn(layer_class, *args, **kwargs):
    """Return a layer whose weights are there, but not drawn.

    ``nn.utils.skip_init`` does the same, but its first call loads a quarter of a second of modules.
    """
    layer = layer_class(*args, device="meta", **kwargs)
    for name, parameter in layer.named_parameters():
        setattr(layer, name, nn.Parameter(torch.empty(parameter.shape)))
    return layer


def _dense_layers(sizes, activation, output_activation, dropout, batch_norm):
    """Yield the layers from ``sizes[0]`` inputs to ``sizes[-1]`` outputs."""
    *hidden, (n_in, n_out) = zip(sizes, sizes[1:], strict=False)
    for hidden_in, hidden_out in hidden:
        yield _undrawn(nn.Linear, hidden_in, hidden_out)
        if batch_norm:
            yield nn.BatchNorm1d(hidden_out)
        yield ACTIVATION_MODULES[activation]()
        if dropout:
            yield Dropout(dropout)
    yield _undrawn(nn.Linear, n_in, n_out)
    if output_activation != "identity":
        yield ACTIVATION_MODULES[output_activation]()


class MLP(nn.Module):
    """A multilayer perceptron: (n, n_features) to (n, n_outputs).

    Parameters
    ----------
    sizes : sequence of int
        Number of features, of the units in each hidden layer, of outputs.
    activation, dropout, batch_norm, weight_init
        As in :class:`skmnist.MLPClassifier`.
    output_activation : str
        Of the last layer: a key of ``ACTIVATION_MODULES``.
    generator : torch.Generator
        Draws the weights.
    """

    def __init__(
        self,
        sizes,
        *,
        activation="relu",
        output_activation="identity",
        dropout=0.0,
        batch_norm=False,
        weight_init="auto",
        generator,
    ):
        super().__init__()
        self.activation = activation
        self.output_activation = output_activation
        self.dropout = dropout
        self.layers = nn.Sequential(
            *_dense_layers(sizes, activation, output_activation, dropout, batch_norm)
        )
        init_weights(self, "torch" if weight_init == "auto" else weight_init, generator)

    def forward(self, x):
        """Return the outputs, of shape (n, n_outputs)."""
        return self.layers(x)

    def backpropagation(self):
        """Return the hand-written passes through these layers, or None where there are none.

        They don't cover batch normalisation, nor layers that are frozen.
        """
        if any(isinstance(layer, nn.BatchNorm1d) for layer in self.layers):
            return None
        if not all(p.requires_grad for p in self.parameters()):
            return None
        linear = [layer for layer in self.layers if isinstance(layer, nn.Linear)]
        for p in self.parameters():
            if p.grad is None:
                p.grad = torch.zeros_like(p)
        return Backpropagation(
            weights=[layer.weight.detach().t() for layer in linear],
            biases=[layer.bias.detach() for layer in linear],
            weight_gradients=[layer.weight.grad.t() for layer in linear],
            bias_gradients=[layer.bias.grad for layer in linear],
            activation=self.activation,
            output_activation=self.output_activation,
            dropout=self.dropout,
        )


def plan_convolutions(image_size, layers, clip_pools=False):
    """Follow the size of the picture through a stack of convolutions.

    Parameters
    ----------
    image_size : tuple (height, width)
    layers : list of dict
        For each layer `channels`, `kernel_size`, `stride`, `padding`, `pool_size` and
        `pool_stride`; all but the first are pairs.
    clip_pools : bool
        Whether a pool that is larger than the picture is cut to it.

    Returns
    -------
    list of dict
        The layers, with the pools as cut; added are `map_size`, the picture's size after the
        convolution, and `size`, that after the pool.

    Raises
    ------
    ValueError
        Where the picture becomes smaller than one pixel; it tells the layer and the sizes so far.
    """
    size, way, plan = tuple(image_size), [tuple(image_size)], []

    def shrink(size, window, stride, padding, what):
        reduced = tuple(
            (side + 2 * p - w) // s + 1
            for side, w, s, p in zip(size, window, stride, padding, strict=True)
        )
        if any(side + 2 * p < w for side, w, p in zip(size, window, padding, strict=True)):
            raise ValueError(
                f"{what} has a window of {_times(window)}, but the picture is only {_times(size)} "
                f"there (the sizes on the way: {' -> '.join(map(_times, way))}). Use fewer "
                "layers, smaller windows or strides, or more padding."
            )
        way.append(reduced)
        return reduced

    for i, layer in enumerate(layers, 1):
        name = f"convolution {i} of {len(layers)}"
        size = shrink(size, layer["kernel_size"], layer["stride"], layer["padding"], name)
        map_size = size
        pool, pool_stride = layer["pool_size"], layer["pool_stride"]
        if clip_pools:
            pool = tuple(map(min, pool, size))
        if (pool, pool_stride) != ((1, 1), (1, 1)):
            size = shrink(size, pool, pool_stride, (0, 0), f"the pool of {name}")
        plan.append({**layer, "pool_size": pool, "map_size": map_size, "size": size})
    return plan


def _times(size):
    return "x".join(map(str, size))


class CNN(nn.Module):
    """Convolutions, each with its activation and max-pooling, then a multilayer perceptron.

    Parameters
    ----------
    image_shape : tuple (channels, height, width)
    convolutions : list of dict
        As :func:`plan_convolutions` returns them.
    hidden_layer_sizes : tuple of int
    n_outputs : int
    activation, dropout, batch_norm, weight_init
        As in :class:`skmnist.CNNClassifier`.
    output_activation : str
        Of the last layer: a key of ``ACTIVATION_MODULES``.
    generator : torch.Generator
        Draws the weights.
    """

    def __init__(
        self,
        image_shape,
        convolutions,
        hidden_layer_sizes,
        n_outputs,
        *,
        activation="relu",
        output_activation="identity",
        dropout=0.0,
        batch_norm=False,
        weight_init="auto",
        generator,
    ):
        super().__init__()
        layers = []
        channels, *size = image_shape
        for conv in convolutions:
            few = not batch_norm and few_gradients.pays(
                conv["kernel_size"], conv["stride"], conv["map_size"], conv["size"]
            )
            layers.append(
                _undrawn(
                    few_gradients.FewGradientsConv2d if few else nn.Conv2d,
                    channels,
                    conv["channels"],
                    conv["kernel_size"],
                    stride=conv["stride"],
                    padding=conv["padding"],
                )
            )
            channels, size = conv["channels"], conv["size"]
            if batch_norm:
                layers.append(nn.BatchNorm2d(channels))
            after = [ACTIVATION_MODULES[activation]()]
            if (conv["pool_size"], conv["pool_stride"]) != ((1, 1), (1, 1)):
                pool = nn.MaxPool2d(conv["pool_size"], conv["pool_stride"])
                after.insert(0 if activation in _MONOTONE else 1, pool)
            layers += after
            if dropout:
                layers.append(Dropout(dropout))
        self.features = nn.Sequential(*layers)
        sizes = (channels * math.prod(size), *hidden_layer_sizes, n_outputs)
        self.classifier = nn.Sequential(
            *_dense_layers(sizes, activation, output_activation, dropout, batch_norm)
        )
        init_weights(self, "lecun" if weight_init == "auto" else weight_init, generator)
        # oneDNN's and cuDNN's quickest kernels want the channels next to each other in memory.
        self.to(memory_format=torch.channels_last)

    def forward(self, x):
        """Return the outputs, of shape (n, n_outputs), for x of shape (n, channels, h, w)."""
        x = self.features(x.contiguous(memory_format=torch.channels_last))
        return self.classifier(x.flatten(1))
