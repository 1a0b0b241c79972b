"""From photos of digits to pictures like MNIST's, and pixels to what networks like."""

from .normalizer import DigitNormalizer
from .pixels import PixelNormalizer
from .reading import ImageError, read_image
from .split import split_digits

__all__ = ["DigitNormalizer", "ImageError", "PixelNormalizer", "read_image", "split_digits"]
