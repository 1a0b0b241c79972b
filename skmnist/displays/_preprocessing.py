"""Preprocessing steps from a photo to the input of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skmnist._utils.messages import invalid_parameter_message

from ._style import LINE_HEIGHT, add_inset, format_shape, make_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

_TITLES = {
    "gray": "grayscale",
    "illumination_corrected": "illumination corrected",
    "lines_removed": "ruled lines removed",
    "mask": "foreground mask",
    "segmented": "segmented digit",
    "cropped": "bounding box",
    "normalized": "normalized",
}
_N_COLUMNS = 4
_CELL, _GAP = 1.4, 0.16  # inches: the side of an image, the gap between images


class PreprocessingDisplay:
    """Preprocessing steps from a photo to an image in the format of MNIST.

    Use :meth:`from_estimator` to create one.

    Parameters
    ----------
    steps : dict of str to ndarray of shape (height, width)
        The image after each step, as returned by `DigitNormalizer.steps`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that contain all images.
    axes_ : ndarray of matplotlib Axes
        One for each step.
    figure_ : matplotlib Figure
        The figure that contains the axes.

    See Also
    --------
    skmnist.preprocessing.DigitNormalizer : Compute the steps.

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
        """Plot the preprocessing steps of one photo.

        Parameters
        ----------
        estimator : DigitNormalizer
            The normalizer. It need not be fitted.
        image : str, path-like, PIL Image, array-like or tensor
            The photo.
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
            If the photo cannot be read, or no foreground is found.
        TypeError
            If the estimator is not a DigitNormalizer.
        """
        if not callable(getattr(estimator, "steps", None)):  # those of a pipeline are a list
            expected = "a DigitNormalizer, for example the first step of a pipeline"
            raise TypeError(
                invalid_parameter_message("estimator", cls.__name__, expected, estimator)
            )
        return cls(estimator.steps(image)).plot(ax=ax, cmap=cmap)

    def plot(self, *, ax: Axes | None = None, cmap: str | Colormap = "gray") -> Self:
        """Plot the steps.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. If None, a new figure is created.
        cmap : str or matplotlib Colormap, default="gray"
            The colormap, from black to white.

        Returns
        -------
        display : PreprocessingDisplay
            The display, with the attributes of the plot.
        """
        n_rows = -(-len(self.steps) // _N_COLUMNS)
        text_height = 2 * LINE_HEIGHT + 0.1
        height = n_rows * (_CELL + text_height)
        self.ax_, width, height = make_axes(ax, height, "Preprocessing steps")
        self.figure_ = self.ax_.figure
        self.axes_ = np.empty(len(self.steps), dtype=object)
        cell_width, cell_height = width / _N_COLUMNS, height / n_rows
        for i, (name, step) in enumerate(self.steps.items()):
            row, column = divmod(i, _N_COLUMNS)
            left, bottom = column * cell_width + _GAP / 2, height - (row + 1) * cell_height
            inset = add_inset(self.ax_, left, bottom, cell_width - _GAP, cell_height - text_height)
            # White is 255 for uint8 and 1 for floats.
            white = 255 if step.dtype == np.uint8 else 1
            inset.imshow(step, cmap=cmap, vmin=0, vmax=white)
            inset.set_title(
                f"{_TITLES.get(name, name)}\n{format_shape(step.shape)}", fontsize="small"
            )
            inset.set_xticks([])
            inset.set_yticks([])
            self.axes_[i] = inset
        return self
