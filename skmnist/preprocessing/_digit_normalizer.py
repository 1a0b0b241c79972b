"""Convert photos of digits to MNIST's format."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image
from sklearn.base import BaseEstimator, TransformerMixin

from skmnist._utils.validation import check_choice
from skmnist.exceptions import ImageError

from ._image_io import add_filename, read_image
from ._resize import METHODS
from ._segmentation import WORKING_SIDE, SegmentedPage, normalize_stroke_width
from ._small_image import is_small, segment_small

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
_MIN_FEATURES = 64  # the smallest flat images have 8 x 8 pixels


class DigitNormalizer(TransformerMixin, BaseEstimator):
    """Convert photos and drawings of single digits to MNIST's format.

    The transformer accepts images of any size and type. It corrects uneven illumination and
    removes ruled or squared paper, specks and the edges of the photo. The largest remaining digit
    is brought to MNIST's stroke width, size and position.

    Images of at most 40 x 40 pixels are treated as drawings, without these corrections. Only a
    frame and compression artifacts are removed. Nearly all of MNIST's own images are therefore
    unchanged.

    Parameters
    ----------
    method : {"mnist", "emnist", "bbox_centered"}, default="mnist"
        Method that resizes the foreground to 28 x 28 pixels:

        - "mnist": pad the bounding box to a square, resample it to 20 x 20 pixels by exact area
          weighting, and place its center of mass at pixel 14, as in MNIST [1]_, [2]_;
        - "emnist": blur the foreground, pad its bounding box to a square with a border of two
          pixels, and resample it by bicubic interpolation, as in EMNIST [3]_;
        - "bbox_centered": resample to 20 x 20 pixels as for "mnist", and place the center of the
          bounding box at the center. This suits classifiers that compare pixels, such as nearest
          neighbors [1]_.
    polarity : {"auto", "dark", "light"}, default="auto"
        Whether the foreground is darker or lighter than the background. "auto" assumes that the
        background fills most of the image, or most of the border of a drawing.
    stroke_width : {"auto", None}, default="auto"
        If "auto", strokes that are thinner or thicker than those of 95% of MNIST's digits are
        dilated or eroded. If None, the stroke width is not changed.
    on_error : {"raise", "nan"}, default="raise"
        What to do if an image cannot be read or has no foreground. "raise" raises an `ImageError`.
        "nan" returns a row of NaN for the image and issues a warning.

    See Also
    --------
    segment_digits : Split an image of several digits into images of single digits.
    skmnist.displays.PreprocessingDisplay : Plot the steps for an image.

    Notes
    -----
    The transformer is stateless: `fit` only validates the parameters, and `transform` can be
    called without it. Photos are first reduced to at most 800 x 800 pixels.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
       recognition", Proceedings of the IEEE 86 (1998).
    .. [2] C. Yadav, L. Bottou, "Cold case: the lost MNIST digits", arXiv:1905.10498 (2019), which
       reconstructs the details of the method.
    .. [3] G. Cohen, S. Afshar, J. Tapson, A. van Schaik, "EMNIST: an extension of MNIST to
       handwritten letters", arXiv:1702.05373 (2017).

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist.preprocessing import DigitNormalizer
    >>> photo = np.full((300, 200), 230, dtype=np.uint8)
    >>> photo[60:160, 50:62] = 40  # a 1 in the upper left of the page
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
        """Validate the parameters.

        Parameters
        ----------
        X : Ignored
            Not used, present for API consistency.
        y : Ignored
            Not used, present for API consistency.

        Returns
        -------
        self : DigitNormalizer
            The transformer itself.

        Raises
        ------
        ValueError
            If a parameter is invalid.
        """
        self._check_parameters()
        return self

    def transform(self, X: Sequence[ImageLike] | ArrayLike) -> NDArray[np.uint8 | np.float32]:
        """Convert images to MNIST's format.

        Parameters
        ----------
        X : sequence of images, or array-like of shape (n_samples, height, width), \
                (n_samples, height, width, channels), (n_samples, channels, height, width) or \
                (n_samples, n_pixels)
            The images: paths, PIL images, arrays or tensors, also of different types and sizes.
            See :func:`read_image`. Flat images of shape (n_samples, n_pixels) must be square and
            have at least 8 x 8 pixels.

        Returns
        -------
        X_out : ndarray of shape (n_samples, 784), uint8, or float32 for ``on_error="nan"``
            The flattened images of 28 x 28 pixels, from 0 (background) to 255 (foreground).

        Raises
        ------
        ImageError
            If an image cannot be read or has no foreground, and ``on_error="raise"``.
        TypeError
            If `X` is a single image instead of a sequence of images.
        ValueError
            If a parameter is invalid.
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
            title = (
                f"{len(problems)} of {len(images)} images cannot be used and are returned as NaN:"
            )
            warnings.warn("\n".join([title, *problems]), stacklevel=2)
        return result

    def steps(self, image: ImageLike) -> dict[str, np.ndarray]:
        """Return the intermediate images of the conversion of one image.

        Parameters
        ----------
        image : str, path-like, binary file, PIL Image, array-like or tensor
            The image. See :func:`read_image`.

        Returns
        -------
        steps : dict of str to ndarray
            The image after each step, in this order. For a small image (at most 40 x 40 pixels),
            the second to fourth steps are omitted.

            - "gray": the gray-scale image, at most 800 x 800 pixels, from 0 (black) to 1 (white);
            - "illumination_corrected": with even illumination; the background is 1;
            - "lines_removed": without the lines of ruled or squared paper;
            - "mask": True for the pixels of the digit;
            - "segmented": the digit without its background, from 0 (background) to 1
              (foreground), with the normalized stroke width;
            - "cropped": the square bounding box of the digit, uint8, resampled to shape
              (20, 20), or (28, 28) for ``method="emnist"``;
            - "normalized": the final image, uint8, of shape (28, 28).

        Raises
        ------
        ImageError
            If the image cannot be read or has no foreground.
        ValueError
            If a parameter is invalid.

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
        """Return the names of the output features: ``pixel0`` to ``pixel783``.

        Parameters
        ----------
        input_features : Ignored
            Not used, present for API consistency.

        Returns
        -------
        names : ndarray of str of shape (784,)
            The names, in row-major order of the pixels.
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
            check_choice("DigitNormalizer", name, getattr(self, name), choices)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False  # only flat square images, not tables in general
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags


def _as_sequence(X: Any) -> Sequence[Any] | np.ndarray:
    """Return X as a sequence of images, or raise a TypeError if it is not one."""
    type_name = type(X).__name__
    if isinstance(X, (str, bytes, Image.Image)) or hasattr(X, "__fspath__") or hasattr(X, "read"):
        raise TypeError(f"Expected a list of images, got a single image ({type_name}). Pass [X].")
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    if hasattr(X, "detach"):
        X = X.detach().cpu().numpy()
    if not isinstance(X, (list, tuple, np.ndarray)):
        raise TypeError(
            f"Expected a list or an array of images, got {type_name}. Pass [X] for a single image."
        )
    if not isinstance(X, np.ndarray) or X.dtype.kind not in "buif":
        return X
    shape = X.shape
    expected = "Expected images of shape (n_samples, height, width)"
    if X.ndim == 2:
        side = round(shape[1] ** 0.5)
        # A square array is most likely one image; 784 flat images of MNIST are a batch.
        is_square = shape[0] == shape[1] != _OUTPUT_SIDE**2
        if side**2 != shape[1] or shape[1] < _MIN_FEATURES or is_square:
            raise TypeError(
                f"{expected}, got an array of shape {shape}. Pass [X] if it is a single image. "
                "Reshape flat images to (n_samples, height, width)."
            )
        return X.reshape(-1, side, side)
    if X.ndim == 3 and shape[2] in (3, 4):
        raise TypeError(f"{expected}, got a single color image of shape {shape}. Pass [X].")
    if X.ndim not in (3, 4):
        raise TypeError(f"{expected}, got an array of shape {shape}. Reshape the images.")
    return X
