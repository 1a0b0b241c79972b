"""Preprocessing: convert photos of digits to MNIST's format, and standardize pixels.

The public names are imported when they are first used: training needs the data augmentation of this
package, but not Pillow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

# Public names -> modules that define them.
_MODULES = {
    "DigitNormalizer": "_digit_normalizer",
    "ImagePrediction": "_image_prediction",
    "PixelStandardizer": "_pixel_standardizer",
    "read_image": "_image_io",
    "segment_digits": "_segment_digits",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
