"""Diagram of the layers of a network."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skmnist._utils.image_shape import is_channels_last, with_channels

from ._introspection import get_coefs, record_feature_maps
from ._style import COLORS, LINE_HEIGHT, WIDTH, format_count, format_shape, make_axes, text_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

    Edge = tuple[float, float, float]  # x, bottom, top

# In inches: the height and width of the largest layer, the gap between the texts of two layers, the
# offset of the maps in a stack, the radius of a unit.
_MAX_SIZE, _GAP, _OFFSET, _RADIUS = 1.1, 0.15, 0.05, 0.045
_MAX_MAPS, _MAX_UNITS = 4, 10  # drawn
_COLORS = {1: COLORS[5], 2: "0.85", 3: COLORS[4]}  # by the number of dimensions


class ArchitectureDisplay:
    """Architecture of a network: its layers, their sizes and their numbers of weights.

    Use :meth:`from_estimator` to create one.

    Parameters
    ----------
    layers : list of dict
        The input, then each layer with weights. The keys are "kind" (str, such as
        "dense, relu"), "shape" (tuple, the shape of the output: (n_units,), (height, width) or
        (n_maps, height, width)) and "n_weights" (int, without biases).
    name : str, default=None
        Name of the network, for the title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the diagram.
    axes_ : ndarray of matplotlib Axes
        An array that contains `ax_` only.
    figure_ : matplotlib Figure
        The figure that contains the axes.

    See Also
    --------
    WeightsDisplay : Weights of a layer as images.

    Notes
    -----
    Circles are units. The number of circles is logarithmic in the number of units. Squares are
    feature maps; their side is proportional to the square root of their size in pixels. Layers
    without weights, such as pooling, are listed with the layer before them.

    Examples
    --------
    >>> from skmnist import CNNClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.displays import ArchitectureDisplay
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = CNNClassifier(channels=(8, 16), max_epochs=1, random_state=0)
    >>> clf = clf.fit(X[::50], y[::50])
    >>> display = ArchitectureDisplay.from_estimator(clf)
    >>> [layer["shape"] for layer in display.layers]
    [(28, 28), (8, 14, 14), (16, 7, 7), (128,), (10,)]
    """

    def __init__(self, layers: list[dict[str, Any]], *, name: str | None = None) -> None:
        self.layers = layers
        self.name = name

    @classmethod
    def from_estimator(cls, estimator: BaseEstimator, *, ax: Axes | None = None) -> Self:
        """Plot the layers of a fitted network.

        Parameters
        ----------
        estimator : estimator
            Any fitted estimator with ``coefs_``, such as the MLPClassifier of skmnist or of
            scikit-learn, or with ``coef_``, such as LogisticRegression. For a
            :class:`skmnist.TorchClassifier`, the convolutions (``nn.Conv2d``) are shown, then the
            linear layers.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.

        Returns
        -------
        display : ArchitectureDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator has no weights.
        """
        coefs = get_coefs(estimator)
        dense = [coef for coef in coefs if coef.ndim == 2]
        shape = getattr(estimator, "image_shape_", None) or dense[0].shape[:1]
        shape = with_channels(shape) if is_channels_last(shape) else shape
        shape = shape[1:] if len(shape) == 2 and shape[0] == 1 else shape  # (1, n_features)
        activation = getattr(estimator, "activation", None)
        suffix = f", {activation}" if isinstance(activation, str) else ""
        layers = [{"kind": "input", "shape": tuple(shape), "n_weights": 0}]
        if len(dense) < len(coefs):
            layers += _convolutions(estimator, suffix)
        layers += [
            {"kind": f"dense{suffix}", "shape": coef.shape[1:], "n_weights": coef.size}
            for coef in dense
        ]
        layers[-1]["kind"] = "output"
        return cls(layers, name=type(estimator).__name__).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Plot the layers.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. Layers that do not fit into one row continue in the next row. If
            None, a new figure is created.

        Returns
        -------
        display : ArchitectureDisplay
            The display, with the attributes of the plot.
        """
        texts = [self._describe(i) for i in range(len(self.layers))]
        column_width = max(*map(text_width, texts), _MAX_SIZE - 2 * _GAP) + _GAP
        text_height = LINE_HEIGHT * max(text.count("\n") + 1 for text in texts)

        def n_rows(width: float) -> int:
            return math.ceil(len(texts) / max(1, int(width / column_width)))

        height = n_rows(WIDTH) * (_MAX_SIZE + text_height + 2 * _GAP)
        self.ax_, width, height = make_axes(ax, height, self._title())
        self.axes_, self.figure_ = np.array([self.ax_]), self.ax_.figure
        # All coordinates below are in inches.
        self.ax_.set(xlim=(0, width), ylim=(0, height), aspect="equal")
        rows = n_rows(width)
        columns = math.ceil(len(texts) / rows)
        size = max(0.3, min(_MAX_SIZE, height / rows - text_height - 2 * _GAP))
        previous: Edge = (0, 0, 0)
        for i, (layer, text) in enumerate(zip(self.layers, texts, strict=True)):
            row, column = divmod(i, columns)
            x = (column + 0.5) * width / columns
            top = height * (1 - row / rows)
            y = top - _GAP / 2 - size / 2
            left, right = self._draw(layer["shape"], x, y, size / _MAX_SIZE)
            if column:
                self._connect(previous, left)
            elif i:
                # Arrows show that the layers continue in this row.
                self._arrow(previous[0] + 0.12, sum(previous[1:]) / 2)
                self._arrow(left[0] - 0.12, y)
            previous = right
            self.ax_.text(x, top - _GAP - size, text, ha="center", va="top", fontsize="small")
        return self

    def _title(self) -> str:
        n_weights = f"{sum(layer['n_weights'] for layer in self.layers):,} weights"
        return f"{self.name}: {n_weights}" if self.name else n_weights

    def _describe(self, i: int) -> str:
        layer = self.layers[i]
        last = layer["shape"][-2:]
        lines = layer["kind"].split(", ")
        lines += [format_count(n, "map" if i else "channel") for n in layer["shape"][:-2]]
        if len(last) == 2:
            lines.append(format_shape(last))
        else:
            lines.append(format_count(last[0], "unit" if i else "value"))
        if layer["n_weights"]:
            lines.append(format_count(layer["n_weights"], "weight"))
        return "\n".join(lines)

    def _draw(self, shape: tuple[int, ...], x: float, y: float, scale: float) -> tuple[Edge, Edge]:
        """Draw a layer centered at (x, y); return its left and its right edge."""
        from matplotlib.patches import Circle, Rectangle

        style: dict[str, Any] = {"facecolor": _COLORS[len(shape)], "edgecolor": "0.3"}
        style |= {"linewidth": 0.8, "zorder": 2}
        if len(shape) == 1:
            radius = _RADIUS * scale
            for offset, is_dot in _units(shape[0]):
                size = {"radius": radius / 4, "facecolor": "0.3"} if is_dot else {"radius": radius}
                self.ax_.add_patch(Circle((x, y + offset * radius), **style | size))
            half = radius * (1 + max(offset for offset, _ in _units(shape[0])))
            return (x - radius, y - half, y + half), (x + radius, y - half, y + half)

        height, width = self._side(shape) * np.array(shape[-2:]) / max(shape[-2:]) * scale
        width, height = max(width, 0.05), max(height, 0.05)
        maps = min(_MAX_MAPS, shape[0]) if len(shape) == 3 else 1
        step = _OFFSET * scale
        for k in range(maps):
            # From the back (top right) to the front.
            shift = step * ((maps - 1) / 2 - k)
            left, bottom = x - width / 2 + shift, y - height / 2 + shift
            self.ax_.add_patch(Rectangle((left, bottom), width, height, **style))
            if k == 0:
                right_edge = left + width, bottom, bottom + height
        return (left, bottom, bottom + height), right_edge

    def _side(self, shape: tuple[int, ...]) -> float:
        """Return the longer side of a feature map, relative to the largest one."""
        largest = max(max(layer["shape"][-2:]) for layer in self.layers if len(layer["shape"]) > 1)
        max_side = _MAX_SIZE - _GAP - (_MAX_MAPS - 1) * _OFFSET
        return max_side * math.sqrt(max(shape[-2:]) / largest)

    def _connect(self, right: Edge, left: Edge) -> None:
        from matplotlib.patches import Polygon

        (x0, bottom0, top0), (x1, bottom1, top1) = right, left
        corners = [(x0, bottom0), (x0, top0), (x1, top1), (x1, bottom1)]
        self.ax_.add_patch(Polygon(corners, facecolor="0.93", zorder=1))

    def _arrow(self, x: float, y: float) -> None:
        self.ax_.plot([x], [y], marker=">", color="0.6", markersize=6)


def _convolutions(estimator: Any, suffix: str) -> Iterator[dict[str, Any]]:
    """Yield the `layers` entries of the convolutions, with the shapes of their feature maps."""
    X = np.zeros((1, estimator.n_features_in_), dtype=np.float32)
    if hasattr(estimator, "feature_names_in_"):
        X = pd.DataFrame(X, columns=estimator.feature_names_in_)
    for layer, outputs in record_feature_maps(estimator, X):
        pools = "".join(_describe_pool(m) for m, _ in outputs if "Pool" in type(m).__name__)
        yield {
            "kind": f"conv {format_shape(layer.kernel_size)}{suffix}{pools}",
            "shape": outputs[-1][1].shape,
            "n_weights": layer.weight.numel(),
        }


def _describe_pool(pool: Any) -> str:
    if hasattr(pool, "kernel_size"):
        return f", pool {format_shape(np.broadcast_to(pool.kernel_size, 2))}"
    return ", pool"


def _units(n: int) -> Iterator[tuple[float, bool]]:
    """Yield the circles of a layer: their offset in radii, and whether it is an ellipsis dot."""
    circles = min(n, 2 + math.ceil(math.log2(n)), _MAX_UNITS)
    gap = (circles + 1) // 2 if circles < n else None
    slots = circles + (circles < n)
    for i in range(slots):
        offset = 1.15 * (slots - 1 - 2 * i)
        if i == gap:
            yield from [(offset + 0.7, True), (offset, True), (offset - 0.7, True)]
        else:
            yield offset, False
