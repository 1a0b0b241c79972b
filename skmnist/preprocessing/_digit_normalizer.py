"""Photos of digits as pictures like MNIST's."""

import warnings

import numpy as np
from PIL import Image
from sklearn.base import BaseEstimator, TransformerMixin

from skmnist.exceptions import ImageError

from ._image_io import naming, read_image
from ._parameters import check_choice
from ._resize import METHODS
from ._segmentation import WORKING_SIDE, Page, adjust_stroke, ink_of_small, is_small

_CHOICES = {
    "method": tuple(METHODS),
    "polarity": ("auto", "dark", "light"),
    "stroke_width": ("auto", None),
    "on_error": ("raise", "nan"),
}
_SIDE = 28
_SMALLEST_ROW = 64  # features: rows of pictures of 8 x 8 and more


class DigitNormalizer(TransformerMixin, BaseEstimator):
    """Turn pictures of single digits, of any size and kind, into pictures like MNIST's.

    Light and shadow are evened out, ruled or squared paper, specks and the photo's edge removed.
    The largest digit that is left is brought to MNIST's stroke width, size and place. Pictures of
    at most 40 x 40 pixels are taken as they are, as drawings: MNIST's own come out unchanged.

    Parameters
    ----------
    method : {"mnist", "emnist", "bbox_centered"}, default="mnist"
        How the ink becomes 28 x 28 pixels:

        - "mnist": its box is grown to a square, resampled to 20 x 20 by exact area weighting,
          and placed so that its centre of mass falls into pixel 14, as in MNIST [1]_, [2]_;
        - "emnist": blurred, its square box with a border of two pixels, bicubic, as in EMNIST
          [3]_;
        - "bbox_centered": 20 x 20 as for "mnist", but its box is centered. It suits classifiers
          that compare pixels, such as nearest neighbors [1]_.
    polarity : {"auto", "dark", "light"}, default="auto"
        Whether the ink is darker than its paper or lighter. "auto" takes for paper what most of
        the picture is; in a small picture, what is at its border.
    stroke_width : {"auto", None}, default="auto"
        "auto" makes strokes that are thinner or thicker than those of 19 in 20 of MNIST's digits
        as thin or thick as these. None leaves them.
    on_error : {"raise", "nan"}, default="raise"
        What becomes of a picture that cannot be read or shows no ink: an `ImageError`, or a
        row of NaN and a warning.

    See Also
    --------
    segment_digits : Cuts a picture of several digits into single ones.
    skmnist.displays.PreprocessingDisplay : Shows what becomes of a picture, step by step.

    Notes
    -----
    It learns nothing from data: `fit` only checks the parameters, and `transform` works without.
    Photos are reduced to 800 pixels a side first.

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

    def __init__(self, method="mnist", *, polarity="auto", stroke_width="auto", on_error="raise"):
        self.method = method
        self.polarity = polarity
        self.stroke_width = stroke_width
        self.on_error = on_error

    def fit(self, X=None, y=None):
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

    def transform(self, X):
        """Return the pictures in MNIST's form.

        Parameters
        ----------
        X : sequence of pictures, or array-like of shape (n_samples, height, width), \
                (n_samples, height, width, channels), (n_samples, channels, height, width) or \
                (n_samples, n_pixels)
            Paths, PIL Images, arrays or tensors, in any mixture and of any sizes: see
            :func:`read_image`. Rows of `n_pixels` are square pictures, of 8 x 8 at least.

        Returns
        -------
        X_out : ndarray of shape (n_samples, 784), uint8, or float32 for ``on_error="nan"``
            Ink bright on black, 0 to 255, row by row.

        Raises
        ------
        ImageError
            If a picture cannot be read or shows no ink, and ``on_error="raise"``.
        TypeError
            If `X` is one picture instead of several.
        """
        self._check_parameters()
        images = _as_sequence(X)
        keep = self.on_error == "nan"
        result = np.empty((len(images), _SIDE * _SIDE), np.float32 if keep else np.uint8)
        problems = []
        for i, image in enumerate(images):
            try:
                result[i] = self.steps(image)["normalized"].ravel()
            except ImageError as error:
                words = str(error) if len(images) == 1 else f"image {i}: {error}"
                if not keep:
                    raise ImageError(words) from error
                problems.append(words)
                result[i] = np.nan
        if problems:
            what = f"{len(problems)} of {len(images)} images could not be used, their rows are NaN"
            warnings.warn("\n".join([f"{what}:", *problems]), stacklevel=2)
        return result

    def steps(self, image):
        """Return what becomes of one picture, step by step.

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
            If the picture cannot be read or shows no ink.

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
        grey = read_image(image, max_side=WORKING_SIDE)
        try:
            steps = {"gray": grey, **self._find_ink(grey)}
        except ImageError as error:
            raise naming(image, error) from None
        box, place = METHODS[self.method]
        steps["cropped"] = box(steps["segmented"])
        steps["normalized"] = place(steps["cropped"])
        return steps

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns: ``pixel0`` to ``pixel783``, row by row.

        Parameters
        ----------
        input_features : Ignored
            The names don't depend on those of the input.

        Returns
        -------
        names : ndarray of str
        """
        return np.array([f"pixel{i}" for i in range(_SIDE * _SIDE)], dtype=object)

    def _find_ink(self, grey):
        if is_small(grey):
            return {"segmented": ink_of_small(grey, self.polarity)}
        page = Page(grey, self.polarity)
        digit = page.digit()
        ink = page.ink(digit)
        return {
            "illumination_corrected": page.flat,
            "lines_removed": page.unruled,
            "mask": page.components.mask_of(digit),
            "segmented": adjust_stroke(ink) if self.stroke_width == "auto" else ink,
        }

    def _check_parameters(self):
        for name, choices in _CHOICES.items():
            check_choice(name, getattr(self, name), choices)

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False  # tables in general: only rows of square pictures
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags


def _as_sequence(X):
    """Return X as a sequence of pictures, or say why it isn't one."""
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
    shape, pictures = X.shape, "several pictures are wanted"
    if X.ndim == 2:
        side = round(shape[1] ** 0.5)
        # A square array is most likely one picture; 784 rows of MNIST's are a batch.
        if side**2 != shape[1] or shape[1] < _SMALLEST_ROW or shape[0] == shape[1] != _SIDE**2:
            raise TypeError(
                f"X has shape {shape}, {pictures}: for one picture pass [X], for rows of pixels "
                "reshape them to (n_samples, height, width)."
            )
        return X.reshape(-1, side, side)
    if X.ndim == 3 and shape[2] in (3, 4):
        raise TypeError(f"X has shape {shape}, one picture in colour; {pictures}: pass [X].")
    if X.ndim not in (3, 4):
        raise TypeError(f"X has shape {shape}, {pictures}: (n_samples, height, width).")
    return X
