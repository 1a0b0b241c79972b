"""Photos of digits as images like MNIST's."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image
from sklearn.base import BaseEstimator, TransformerMixin

from skmnist.exceptions import ImageError

from ._image_io import add_filename, read_image
from ._parameters import check_choice
from ._resize import METHODS
from ._segmentation import (
    WORKING_SIDE,
    SegmentedPage,
    is_small,
    normalize_stroke_width,
    segment_small,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

    from ._image_io import ImageLike

CHOICES: dict[str, tuple[str | None, ...]] = {
    "method": tuple(METHODS),
    "polarity": ("auto", "dark", "light"),
    "stroke_width": ("auto", None),
    "on_error": ("raise", "nan"),
}
_OUTPUT_SIDE = 28
_MIN_FEATURES = 64  # of flat images: those of 8 x 8 pixels and more


class DigitNormalizer(TransformerMixin, BaseEstimator):
    """Transform images of single digits, of any size and kind, into images like MNIST's.

    Corrects uneven illumination, and removes ruled or squared paper, specks and the photo's edge.
    The largest remaining digit gets MNIST's stroke width, size and position. Images of at most
    40 x 40 pixels are used as they are, as drawings: MNIST's own images don't change.

    Parameters
    ----------
    method : {"mnist", "emnist", "bbox_centered"}, default="mnist"
        How the foreground is resized to 28 x 28 pixels:

        - "mnist": its bounding box is padded to a square, resampled to 20 x 20 by exact area
          weighting, and placed with its center of mass in pixel 14, as in MNIST [1]_, [2]_;
        - "emnist": blurred, its square bounding box with a border of two pixels, bicubic, as in
          EMNIST [3]_;
        - "bbox_centered": 20 x 20 as for "mnist", but with the bounding box in the center. It
          suits classifiers that compare pixels, such as nearest neighbors [1]_.
    polarity : {"auto", "dark", "light"}, default="auto"
        Whether the foreground is darker or lighter than the background. "auto" takes the
        brightness of most of the image for the background's; in a small image, that of its border.
    stroke_width : {"auto", None}, default="auto"
        "auto" brings strokes that are thinner or wider than those of 19 in 20 of MNIST's digits
        into this range. None keeps the stroke width.
    on_error : {"raise", "nan"}, default="raise"
        What happens if an image cannot be read or has no foreground: an `ImageError`, or a row of
        NaN and a warning.

    See Also
    --------
    segment_digits : Cuts an image of several digits into single digits.
    skmnist.displays.PreprocessingDisplay : Shows the steps for an image.

    Notes
    -----
    It learns nothing from data: `fit` only checks the parameters, and `transform` works without
    it. Photos are reduced to 800 pixels a side first.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
       recognition", Proceedings of the IEEE 86 (1998).
    .. [2] C. Yadav, L. Bottou, "Cold case: the lost MNIST digits", arXiv:1905.10498 (2019), which
       found out the details.
    .. [3] G. Cohen, S. Afshar, J. Tapson, A. van Schaik, "EMNIST: an extension of MNIST to
       handwritten letters", arXiv:1702.05373 (2017).

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist.preprocessing import DigitNormalizer
    >>> photo = np.full((300, 200), 230, dtype=np.uint8)
    >>> photo[60:160, 50:62] = 40  # a one, in the upper left of the sheet
    >>> X = DigitNormalizer().transform([photo])
    >>> X.shape, X.dtype
    ((1, 784), dtype('uint8'))
    >>> rows, columns = np.nonzero(X.reshape(28, 28))
    >>> print(np.ptp(rows) + 1, "pixels high")
    20 pixels high
    """

    def __init__(
        self,
        method: Literal["mnist", "emnist", "bbox_centered"] = "mnist",
        *,
        polarity: Literal["auto", "dark", "light"] = "auto",
        stroke_width: Literal["auto"] | None = "auto",
        on_error: Literal["raise", "nan"] = "raise",
    ) -> None:
        self.method = method
        self.polarity = polarity
        self.stroke_width = stroke_width
        self.on_error = on_error

    def fit(self, X: object = None, y: object = None) -> Self:
        """Check the parameters.

        Parameters
        ----------
        X : Ignored
            There is nothing to learn.
        y : Ignored
            There is nothing to learn.

        Returns
        -------
        self : DigitNormalizer
        """
        self._check_parameters()
        return self

    def transform(self, X: Sequence[ImageLike] | ArrayLike) -> NDArray[np.uint8 | np.float32]:
        """Return the images in MNIST's form.

        Parameters
        ----------
        X : sequence of images, or array-like of shape (n_samples, height, width), \
                (n_samples, height, width, channels), (n_samples, channels, height, width) or \
                (n_samples, n_pixels)
            Paths, PIL Images, arrays or tensors, in any mixture and of any sizes: see
            :func:`read_image`. Rows of `n_pixels` are square images, of at least 8 x 8.

        Returns
        -------
        X_out : ndarray of shape (n_samples, 784), uint8, or float32 for ``on_error="nan"``
            The foreground bright on black, 0 to 255, row by row.

        Raises
        ------
        ImageError
            If an image cannot be read or has no foreground, and ``on_error="raise"``.
        TypeError
            If `X` is one image instead of several.
        """
        self._check_parameters()
        images = _as_sequence(X)
        use_nan = self.on_error == "nan"
        shape = len(images), _OUTPUT_SIDE * _OUTPUT_SIDE
        result = np.empty(shape, np.float32 if use_nan else np.uint8)
        problems = []
        for i, image in enumerate(images):
            try:
                result[i] = self.steps(image)["normalized"].ravel()
            except ImageError as error:
                message = str(error) if len(images) == 1 else f"image {i}: {error}"
                if not use_nan:
                    raise ImageError(message) from error
                problems.append(message)
                result[i] = np.nan
        if problems:
            title = f"{len(problems)} of {len(images)} images could not be used, their rows are NaN"
            warnings.warn("\n".join([f"{title}:", *problems]), stacklevel=2)
        return result

    def steps(self, image: ImageLike) -> dict[str, np.ndarray]:
        """Return the result of each step for one image.

        Parameters
        ----------
        image : str, path-like, binary file, PIL Image, array-like or tensor
            See :func:`read_image`.

        Returns
        -------
        steps : dict of str to ndarray
            In this order; a small image has only "gray" and the last three:

            - "gray": the image, at most 800 pixels a side, 0 (black) to 1 (white);
            - "illumination_corrected": evenly lit; the background is 1;
            - "lines_removed": without the lines of ruled or squared paper;
            - "mask": True for the pixels of the digit;
            - "segmented": the digit alone, 0 (background) to 1 (foreground), with the stroke
              width adjusted;
            - "cropped": its square bounding box, resampled to shape (20, 20), or (28, 28) for
              ``method="emnist"``, uint8;
            - "normalized": the result, of shape (28, 28), uint8.

        Raises
        ------
        ImageError
            If the image cannot be read or has no foreground.

        Examples
        --------
        >>> from skmnist.datasets import load_mnist_sample
        >>> from skmnist.preprocessing import DigitNormalizer
        >>> X, y = load_mnist_sample(return_X_y=True)
        >>> steps = DigitNormalizer().steps(X[0].reshape(28, 28))
        >>> for name, step in steps.items():
        ...     print(name, step.shape)
        gray (28, 28)
        segmented (28, 28)
        cropped (20, 20)
        normalized (28, 28)
        """
        self._check_parameters()
        gray = read_image(image, max_side=WORKING_SIDE)
        try:
            steps = {"gray": gray, **self._segment(gray)}
        except ImageError as error:
            raise add_filename(image, error) from None
        crop, paste = METHODS[self.method]
        steps["cropped"] = crop(steps["segmented"])
        steps["normalized"] = paste(steps["cropped"])
        return steps

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return the names of the columns: ``pixel0`` to ``pixel783``, row by row.

        Parameters
        ----------
        input_features : Ignored
            The names don't depend on those of the input.

        Returns
        -------
        names : ndarray of str
        """
        return np.array([f"pixel{i}" for i in range(_OUTPUT_SIDE * _OUTPUT_SIDE)], dtype=object)

    def _segment(self, gray: np.ndarray) -> dict[str, np.ndarray]:
        if is_small(gray):
            return {"segmented": segment_small(gray, self.polarity)}
        page = SegmentedPage(gray, self.polarity)
        digit = page.largest_digit()
        foreground = page.foreground(digit)
        if self.stroke_width == "auto":
            foreground = normalize_stroke_width(foreground)
        return {
            "illumination_corrected": page.illumination_corrected,
            "lines_removed": page.lines_removed,
            "mask": page.components.mask(digit),
            "segmented": foreground,
        }

    def _check_parameters(self) -> None:
        for name, choices in CHOICES.items():
            check_choice(name, getattr(self, name), choices)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False  # not any table: only flat square images
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags


def _as_sequence(X: Any) -> Sequence[Any] | np.ndarray:
    """Return X as a sequence of images, or raise a TypeError that says why it isn't one."""
    if isinstance(X, (str, bytes, Image.Image)) or hasattr(X, "__fspath__") or hasattr(X, "read"):
        raise TypeError(f"X is one picture ({type(X).__name__}), several are wanted: pass [X].")
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    if hasattr(X, "detach"):
        X = X.detach().cpu().numpy()
    if not isinstance(X, (list, tuple, np.ndarray)):
        raise TypeError(f"X is a {type(X).__name__}, wanted is a list or an array of pictures.")
    if not isinstance(X, np.ndarray) or X.dtype.kind not in "buif":
        return X
    shape, expected = X.shape, "several pictures are wanted"
    if X.ndim == 2:
        side = round(shape[1] ** 0.5)
        # A square array is most likely one image; 784 flat images of MNIST are a batch.
        is_square = shape[0] == shape[1] != _OUTPUT_SIDE**2
        if side**2 != shape[1] or shape[1] < _MIN_FEATURES or is_square:
            raise TypeError(
                f"X has shape {shape}, {expected}: for one picture pass [X], for rows of pixels "
                "reshape them to (n_samples, height, width)."
            )
        return X.reshape(-1, side, side)
    if X.ndim == 3 and shape[2] in (3, 4):
        raise TypeError(f"X has shape {shape}, one picture in colour; {expected}: pass [X].")
    if X.ndim not in (3, 4):
        raise TypeError(f"X has shape {shape}, {expected}: (n_samples, height, width).")
    return X
