"""From photos of digits to pictures like MNIST's, and pixels to what networks like."""

from ._digit_normalizer import DigitNormalizer
from ._image_io import read_image
from ._pixel_standardizer import PixelNormalizer
from ._segment_digits import split_digits

__all__ = ["DigitNormalizer", "PixelNormalizer", "read_image", "split_digits"]
