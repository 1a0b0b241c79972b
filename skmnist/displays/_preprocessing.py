"""The preprocessing steps from a photo to the input of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._style import LINE_HEIGHT, add_inset, format_shape, make_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

_TITLES = {
    "gray": "grey levels",
    "illumination_corrected": "in even light",
    "lines_removed": "without printed lines",
    "mask": "the digit's ink",
    "segmented": "cut out",
    "cropped": "in its box",
    "normalized": "what the network sees",
}
_N_COLUMNS = 4
_CELL, _GAP = 1.4, 0.16  # inches: the side of an image, the gap between two


class PreprocessingDisplay:
    """The steps from a photo to a picture like MNIST's, side by side.

    Use :meth:`from_estimator` to make one.

    Parameters
    ----------
    steps : dict of str to ndarray of shape (height, width)
        The pictures by their names, as `DigitNormalizer.steps` returns them.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The frame around all pictures.
    axes_ : ndarray of matplotlib Axes
        One for each picture.
    figure_ : matplotlib Figure
        The figure that holds them.

    See Also
    --------
    skmnist.preprocessing.DigitNormalizer : Makes the steps.

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist.displays import PreprocessingDisplay
    >>> from skmnist.preprocessing import DigitNormalizer
    >>> photo = np.full((300, 200), 230, dtype=np.uint8)
    >>> photo[60:160, 50:62] = 40
    >>> display = PreprocessingDisplay.from_estimator(DigitNormalizer(), photo)
    >>> len(display.axes_)
    7
    """

    def __init__(self, steps: dict[str, np.ndarray]) -> None:
        self.steps = steps

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        image: Any,
        *,
        ax: Axes | None = None,
        cmap: str | Colormap = "gray",
    ) -> Self:
        """Plot what a normalizer does to a picture.

        Parameters
        ----------
        estimator : DigitNormalizer
            The normalizer; it needs no fit.
        image : str, path-like, PIL Image, array-like or tensor
            The picture.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        cmap : str or matplotlib Colormap, default="gray"
            See :meth:`plot`.

        Returns
        -------
        display : PreprocessingDisplay

        Raises
        ------
        ImageError
            If the picture cannot be read or shows no ink.
        """
        return cls(estimator.steps(image)).plot(ax=ax, cmap=cmap)

    def plot(self, *, ax: Axes | None = None, cmap: str | Colormap = "gray") -> Self:
        """Draw the pictures.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, a new figure is made.
        cmap : str or matplotlib Colormap, default="gray"
            The colours, from black to white.

        Returns
        -------
        display : PreprocessingDisplay
            The object itself, with the attributes of the drawing.
        """
        n_rows = -(-len(self.steps) // _N_COLUMNS)
        text_height = 2 * LINE_HEIGHT + 0.1
        height = n_rows * (_CELL + text_height)
        self.ax_, width, height = make_axes(ax, height, "From the picture to the digit")
        self.figure_ = self.ax_.figure
        self.axes_ = np.empty(len(self.steps), dtype=object)
        cell_width, cell_height = width / _N_COLUMNS, height / n_rows
        for i, (name, step) in enumerate(self.steps.items()):
            row, column = divmod(i, _N_COLUMNS)
            left, bottom = column * cell_width + _GAP / 2, height - (row + 1) * cell_height
            inset = add_inset(self.ax_, left, bottom, cell_width - _GAP, cell_height - text_height)
            # Bytes are white at 255, floats at 1.
            white = 255 if step.dtype == np.uint8 else 1
            inset.imshow(step, cmap=cmap, vmin=0, vmax=white)
            inset.set_title(
                f"{_TITLES.get(name, name)}\n{format_shape(step.shape)}", fontsize="small"
            )
            inset.set_xticks([])
            inset.set_yticks([])
            self.axes_[i] = inset
        return self
