"""Preprocessing: convert photos of digits to MNIST's format, and standardize pixels."""

from ._digit_normalizer import DigitNormalizer
from ._image_io import read_image
from ._image_prediction import ImagePrediction
from ._pixel_standardizer import PixelStandardizer
from ._segment_digits import segment_digits

__all__ = [
    "DigitNormalizer",
    "ImagePrediction",
    "PixelStandardizer",
    "read_image",
    "segment_digits",
]
