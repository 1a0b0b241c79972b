"""What the convolutions of a network make of a picture."""

import math

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._images import for_imshow, one_image
from ._introspection import run_convolutions
from ._style import LINE, WIDTH, add_colorbar, add_inset, check_number, count, make_frame, times

_COLUMNS = 8
# In inches: the room for a layer's name and for its colour bar, the bar's width, the gap between
# two pictures, the largest one.
_NAME, _BAR, _BAR_WIDTH, _GAP, _LARGEST = 1.1, 0.85, 0.1, 0.06, 0.8


class FeatureMapsDisplay:
    """A picture and what each convolution layer of a network makes of it.

    The maps of a layer have one scale of colours. Use :meth:`from_estimator` to make one.

    Parameters
    ----------
    image : ndarray of shape (height, width) or (channels, height, width)
        The picture.
    feature_maps : list of ndarray of shape (n_maps, height, width)
        What leaves each convolution layer.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The frame around all pictures.
    axes_ : ndarray of matplotlib Axes
        The picture, then the feature maps, layer by layer.
    colorbars_ : list of matplotlib Colorbar
        The scale of each layer.
    figure_ : matplotlib Figure
        The figure that holds them.

    See Also
    --------
    WeightsDisplay : The kernels themselves.

    Notes
    -----
    What leaves a layer is the output of the last module before the next convolution or linear
    layer: after the activation and the pool, for :class:`skmnist.CNNClassifier`. Where a module of
    your own applies a function instead of a module, such as ``torch.relu`` for ``nn.ReLU``, it
    isn't seen.

    Examples
    --------
    >>> from skmnist import CNNClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.displays import FeatureMapsDisplay
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = CNNClassifier(channels=(8, 16), max_epochs=1, random_state=0).fit(X, y)
    >>> display = FeatureMapsDisplay.from_estimator(clf, X[0])
    >>> [maps.shape for maps in display.feature_maps]
    [(8, 14, 14), (16, 7, 7)]
    """

    def __init__(self, image, feature_maps):
        self.image = image
        self.feature_maps = feature_maps

    @classmethod
    def from_estimator(cls, estimator, image, *, n=8, ax=None, cmap="viridis"):
        """Plot what a fitted network makes of one picture.

        Parameters
        ----------
        estimator : estimator
            A fitted :class:`skmnist.CNNClassifier`, or a :class:`skmnist.TorchClassifier` whose
            module has convolutions (``nn.Conv2d``).
        image : array-like or sparse matrix of shape (n_features,), (height, width), \
                (channels, height, width), or a batch of one of these
            One picture, in a form that ``predict`` accepts.
        n : int, default=8
            See :meth:`plot`.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        cmap : str or matplotlib Colormap, default="viridis"
            See :meth:`plot`.

        Returns
        -------
        display : FeatureMapsDisplay

        Raises
        ------
        NotFittedError
            If the estimator isn't fitted.
        TypeError
            If it has no convolutions.
        ValueError
            If `image` isn't one picture of the size that it was fitted on.
        """
        check_is_fitted(estimator)
        image, row = one_image(estimator, image)
        blocks = run_convolutions(estimator, row) if hasattr(estimator, "module_") else []
        if not blocks:
            raise TypeError(
                f"{type(estimator).__name__} has no convolutions, whose feature maps could be "
                "shown. Pass a CNNClassifier, or a TorchClassifier with nn.Conv2d layers."
            )
        feature_maps = [outputs[-1][1] for _, outputs in blocks]
        return cls(image, feature_maps).plot(n=n, ax=ax, cmap=cmap)

    def plot(self, *, n=8, ax=None, cmap="viridis"):
        """Draw the picture and the first `n` feature maps of each layer.

        Parameters
        ----------
        n : int, default=8
            Number of maps of a layer to show, if there are as many.
        ax : matplotlib Axes, default=None
            Where to draw. If None, a new figure is made.
        cmap : str or matplotlib Colormap, default="viridis"
            Colours of the feature maps, from the smallest value shown of a layer to the largest.

        Returns
        -------
        display : FeatureMapsDisplay
            The object itself, with the attributes of the drawing.
        """
        check_number("n", n)
        shown = [maps[:n] for maps in self.feature_maps]
        columns = min(_COLUMNS, max(map(len, shown)))
        n_lines = 1 + sum(math.ceil(len(maps) / columns) for maps in shown)
        line = min(_LARGEST, (WIDTH - _NAME - _BAR) / columns) + LINE
        self.ax_, width, height = make_frame(ax, n_lines * line)
        self.figure_ = self.ax_.figure
        line = height / n_lines
        cell = min((width - _NAME - _BAR) / columns, line - LINE)
        self.axes_, self.colorbars_ = [], []

        def draw(i, image, **looks):
            row, column = divmod(i, columns)
            place = _NAME + column * cell, top - (row + 1) * line + _GAP
            one = add_inset(self.ax_, *place, cell - _GAP, line - LINE - _GAP)
            one.set_axis_off()
            self.axes_.append(one)
            return one.imshow(image, **looks)

        def write(text):
            middle = top - LINE - (line - LINE) / 2
            place = 0.08 / width, middle / height
            looks = {"va": "center", "fontsize": "small", "transform": self.ax_.transAxes}
            self.ax_.text(*place, text, **looks)

        top = height
        image = np.asarray(self.image)
        draw(0, for_imshow(image, image.min(), image.max()), cmap="gray_r")
        write(f"image\n{times(image.shape[-2:])}")
        top -= line
        for number, (all_maps, maps) in enumerate(zip(self.feature_maps, shown, strict=True), 1):
            for i, one in enumerate(maps):
                drawn = draw(i, one, cmap=cmap, vmin=maps.min(), vmax=maps.max())
                self.axes_[-1].set_title(str(i), fontsize="x-small", pad=2)
            some = f"{len(maps)} of " if len(maps) < len(all_maps) else ""
            total = count(len(all_maps), "map")
            write(f"convolution {number}\n{some}{total}\n{times(maps.shape[1:])}")
            bottom = top - line * math.ceil(len(maps) / columns)
            left = _NAME + columns * cell + _GAP
            box = left, bottom + _GAP, _BAR_WIDTH, top - bottom - LINE - _GAP
            colorbar = add_colorbar(drawn, add_inset(self.ax_, *box), "Activation")
            self.colorbars_.append(colorbar)
            top = bottom
        self.axes_ = np.array(self.axes_)
        return self
