"""The layers of a network."""

import math

import numpy as np
import pandas as pd

from ._introspection import coefs_of, run_convolutions
from ._style import COLORS, LINE, WIDTH, count, make_frame, text_width, times

# In inches: the height and width of the largest drawing, the gap between the texts of two layers,
# the offset of maps in a stack, the radius of a unit.
_DRAWING, _GAP, _OFFSET, _RADIUS = 1.1, 0.15, 0.05, 0.045
_MOST_MAPS, _MOST_UNITS = 4, 10  # drawn
_COLORS = {1: COLORS[5], 2: "0.85", 3: COLORS[4]}  # by the number of dimensions


class ArchitectureDisplay:
    """The layers of a network from left to right, with their sizes and numbers of weights.

    Use :meth:`from_estimator` to make one.

    Parameters
    ----------
    layers : list of dict
        The input and then each layer that has weights: "kind" (str, such as "dense, relu"),
        "shape" (tuple: that of its output, (n_units,), (height, width) or
        (n_maps, height, width)) and "n_weights" (int; without biases).
    name : str, default=None
        That of the network, for the heading.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The Axes of the drawing.
    axes_ : ndarray of matplotlib Axes
        The same.
    figure_ : matplotlib Figure
        The figure that holds them.

    See Also
    --------
    WeightsDisplay : The weights themselves.

    Notes
    -----
    A column of circles stands for the units of a layer; long ones are shortened, so that the
    number of circles grows with the logarithm of the number of units. Squares stand for feature
    maps; their sides are drawn by the square root of their size. Layers without weights of their
    own, such as pools, are named with the layer before them.

    Examples
    --------
    >>> from skmnist import CNNClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.displays import ArchitectureDisplay
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = CNNClassifier(channels=(8, 16), max_epochs=1, random_state=0).fit(X[::50], y[::50])
    >>> display = ArchitectureDisplay.from_estimator(clf)
    >>> [layer["shape"] for layer in display.layers]
    [(28, 28), (8, 14, 14), (16, 7, 7), (128,), (10,)]
    """

    def __init__(self, layers, *, name=None):
        self.layers = layers
        self.name = name

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Plot the layers of a fitted network.

        Parameters
        ----------
        estimator : estimator
            Anything fitted that has ``coefs_``, such as scikit-learn's MLPClassifier, too, or
            ``coef_``, such as LogisticRegression. Of a :class:`skmnist.TorchClassifier` the
            convolutions (``nn.Conv2d``) are shown, then the linear layers.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.

        Returns
        -------
        display : ArchitectureDisplay

        Raises
        ------
        NotFittedError
            If the estimator isn't fitted.
        TypeError
            If it has no weights.
        """
        coefs = coefs_of(estimator)
        dense = [coef for coef in coefs if coef.ndim == 2]
        shape = getattr(estimator, "image_shape_", None) or dense[0].shape[:1]
        shape = shape[1:] if len(shape) == 2 and shape[0] == 1 else shape  # a row of a table
        activation = getattr(estimator, "activation", None)
        after = f", {activation}" if isinstance(activation, str) else ""
        layers = [{"kind": "input", "shape": tuple(shape), "n_weights": 0}]
        if len(dense) < len(coefs):
            layers += _convolutions(estimator, after)
        layers += [
            {"kind": f"dense{after}", "shape": coef.shape[1:], "n_weights": coef.size}
            for coef in dense
        ]
        layers[-1]["kind"] = "output"
        return cls(layers, name=type(estimator).__name__).plot(ax=ax)

    def plot(self, *, ax=None):
        """Draw the layers.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; the layers that don't fit beside each other go on in the next row. If
            None, a new figure is made.

        Returns
        -------
        display : ArchitectureDisplay
            The object itself, with the attributes of the drawing.
        """
        texts = [self._describe(i) for i in range(len(self.layers))]
        widest = max(*map(text_width, texts), _DRAWING - 2 * _GAP) + _GAP
        text_height = LINE * max(text.count("\n") + 1 for text in texts)

        def n_rows(width):
            return math.ceil(len(texts) / max(1, int(width / widest)))

        room = n_rows(WIDTH) * (_DRAWING + text_height + 2 * _GAP)
        self.ax_, width, height = make_frame(ax, room, self._title())
        self.axes_, self.figure_ = np.array([self.ax_]), self.ax_.figure
        # From here on the unit is an inch.
        self.ax_.set(xlim=(0, width), ylim=(0, height), aspect="equal")
        rows = n_rows(width)
        columns = math.ceil(len(texts) / rows)
        drawing = max(0.3, min(_DRAWING, height / rows - text_height - 2 * _GAP))
        scale = drawing / _DRAWING
        before = None
        for i, (layer, text) in enumerate(zip(self.layers, texts, strict=True)):
            row, column = divmod(i, columns)
            x = (column + 0.5) * width / columns
            top = height * (1 - row / rows)
            y = top - _GAP / 2 - drawing / 2
            left, right = self._draw(layer["shape"], x, y, scale)
            if column:
                self._connect(before, left)
            elif i:
                # The layers go on in this row.
                self._arrow(before[0] + 0.12, sum(before[1:]) / 2)
                self._arrow(left[0] - 0.12, y)
            before = right
            self.ax_.text(x, top - _GAP - drawing, text, ha="center", va="top", fontsize="small")
        return self

    def _title(self):
        n_weights = f"{sum(layer['n_weights'] for layer in self.layers):,} weights"
        return f"{self.name}: {n_weights}" if self.name else n_weights

    def _describe(self, i):
        layer = self.layers[i]
        *n_maps, last = (*layer["shape"][:-2], layer["shape"][-2:])
        lines = layer["kind"].split(", ")
        lines += [count(n, "map" if i else "channel") for n in n_maps]
        if len(last) == 2:
            lines.append(times(last))
        else:
            lines.append(count(last[0], "unit" if i else "value"))
        if layer["n_weights"]:
            lines.append(count(layer["n_weights"], "weight"))
        return "\n".join(lines)

    def _draw(self, shape, x, y, scale):
        """Draw a layer around (x, y); return its left and its right edge: x, bottom, top."""
        from matplotlib.patches import Circle, Rectangle

        look = {"facecolor": _COLORS[len(shape)], "edgecolor": "0.3", "linewidth": 0.8, "zorder": 2}
        if len(shape) == 1:
            radius = _RADIUS * scale
            for place, is_dot in _units(shape[0]):
                size = {"radius": radius / 4, "facecolor": "0.3"} if is_dot else {"radius": radius}
                self.ax_.add_patch(Circle((x, y + place * radius), **look | size))
            half = radius * (1 + max(place for place, _ in _units(shape[0])))
            return (x - radius, y - half, y + half), (x + radius, y - half, y + half)

        height, width = self._side(shape) * np.array(shape[-2:]) / max(shape[-2:]) * scale
        width, height = max(width, 0.05), max(height, 0.05)
        maps = min(_MOST_MAPS, shape[0]) if len(shape) == 3 else 1
        step = _OFFSET * scale
        for k in range(maps):
            # From the back, at the top right, to the front.
            shift = step * ((maps - 1) / 2 - k)
            left, bottom = x - width / 2 + shift, y - height / 2 + shift
            self.ax_.add_patch(Rectangle((left, bottom), width, height, **look))
            if k == 0:
                right_edge = left + width, bottom, bottom + height
        return (left, bottom, bottom + height), right_edge

    def _side(self, shape):
        """Return the longer side of a picture, relative to the largest picture there is."""
        largest = max(max(layer["shape"][-2:]) for layer in self.layers if len(layer["shape"]) > 1)
        most = _DRAWING - _GAP - (_MOST_MAPS - 1) * _OFFSET
        return most * math.sqrt(max(shape[-2:]) / largest)

    def _connect(self, before, after):
        from matplotlib.patches import Polygon

        (x0, bottom0, top0), (x1, bottom1, top1) = before, after
        corners = [(x0, bottom0), (x0, top0), (x1, top1), (x1, bottom1)]
        self.ax_.add_patch(Polygon(corners, facecolor="0.93", zorder=1))

    def _arrow(self, x, y):
        self.ax_.plot([x], [y], marker=">", color="0.6", markersize=6)


def _convolutions(estimator, after):
    """Yield the entries of the convolutions, whose shapes show when a picture runs through."""
    row = np.zeros((1, estimator.n_features_in_), dtype=np.float32)
    if hasattr(estimator, "feature_names_in_"):
        row = pd.DataFrame(row, columns=estimator.feature_names_in_)
    for layer, outputs in run_convolutions(estimator, row):
        pools = "".join(_describe_pool(one) for one, _ in outputs if "Pool" in type(one).__name__)
        yield {
            "kind": f"conv {times(layer.kernel_size)}{after}{pools}",
            "shape": outputs[-1][1].shape,
            "n_weights": layer.weight.numel(),
        }


def _describe_pool(pool):
    if hasattr(pool, "kernel_size"):
        return f", pool {times(np.broadcast_to(pool.kernel_size, 2))}"
    return ", pool"


def _units(n):
    """Yield for each circle of a layer its place, in radii, and whether it is a dot of a gap."""
    circles = min(n, 2 + math.ceil(math.log2(n)), _MOST_UNITS)
    gap = (circles + 1) // 2 if circles < n else None
    slots = circles + (circles < n)
    for i in range(slots):
        place = 1.15 * (slots - 1 - 2 * i)
        if i == gap:
            yield from [(place + 0.7, True), (place, True), (place - 0.7, True)]
        else:
            yield place, False
