"""What becomes of a photo before a network sees it."""

import numpy as np

from ._style import LINE, add_inset, make_frame, times

_TITLES = {
    "gray": "grey levels",
    "illumination_corrected": "in even light",
    "lines_removed": "without printed lines",
    "mask": "the digit's ink",
    "segmented": "cut out",
    "cropped": "in its box",
    "normalized": "what the network sees",
}
_PER_ROW = 4
_CELL, _GAP = 1.4, 0.16  # inches: a picture's side, and what is left between two


class NormalizerDisplay:
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
    >>> from skmnist.displays import NormalizerDisplay
    >>> from skmnist.preprocessing import DigitNormalizer
    >>> photo = np.full((300, 200), 230, dtype=np.uint8)
    >>> photo[60:160, 50:62] = 40
    >>> display = NormalizerDisplay.from_estimator(DigitNormalizer(), photo)
    >>> len(display.axes_)
    7
    """

    def __init__(self, steps):
        self.steps = steps

    @classmethod
    def from_estimator(cls, estimator, image, *, ax=None, cmap="gray"):
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
        display : NormalizerDisplay

        Raises
        ------
        ImageError
            If the picture cannot be read or shows no ink.
        """
        return cls(estimator.steps(image)).plot(ax=ax, cmap=cmap)

    def plot(self, *, ax=None, cmap="gray"):
        """Draw the pictures.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, a new figure is made.
        cmap : str or matplotlib Colormap, default="gray"
            The colours, from black to white.

        Returns
        -------
        display : NormalizerDisplay
            The object itself, with the attributes of the drawing.
        """
        n_rows = -(-len(self.steps) // _PER_ROW)
        text = 2 * LINE + 0.1
        height = n_rows * (_CELL + text)
        self.ax_, width, height = make_frame(ax, height, "From the picture to the digit")
        self.figure_ = self.ax_.figure
        self.axes_ = np.empty(len(self.steps), dtype=object)
        cell_width, cell_height = width / _PER_ROW, height / n_rows
        for i, (name, step) in enumerate(self.steps.items()):
            row, column = divmod(i, _PER_ROW)
            left, bottom = column * cell_width + _GAP / 2, height - (row + 1) * cell_height
            one = add_inset(self.ax_, left, bottom, cell_width - _GAP, cell_height - text)
            # Bytes and all else have their own white.
            white = 255 if step.dtype == np.uint8 else 1
            one.imshow(step, cmap=cmap, vmin=0, vmax=white)
            one.set_title(f"{_TITLES.get(name, name)}\n{times(step.shape)}", fontsize="small")
            one.set_xticks([])
            one.set_yticks([])
            self.axes_[i] = one
        return self
