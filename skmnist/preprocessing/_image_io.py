"""Read gray-scale or color images from files, PIL images, arrays and tensors."""

from __future__ import annotations

import math
import os
import stat
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageCms, ImageOps

from skmnist.exceptions import ImageError

from ._colors import opaque, to_gray, to_gray_image
from ._heif import is_heif, register_heif

if TYPE_CHECKING:
    from typing import BinaryIO, TypeAlias

    import torch
    from numpy.typing import ArrayLike, NDArray

    ImageLike: TypeAlias = (
        str | os.PathLike[str] | BinaryIO | Image.Image | ArrayLike | torch.Tensor
    )

# Larger images are rejected before they are decoded. Photos of phones have up to 50 megapixels.
MAX_PIXELS = 64_000_000
# The formats of cameras, scanners and drawing programs. Others are excluded because Pillow starts
# external programs to read some of them. HEIF needs pillow-heif.
_FORMATS = ("JPEG", "MPO", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "AVIF", "HEIF")
_ANIMATED = {"GIF", "PNG", "TIFF", "WEBP", "AVIF"}  # not MPO: its second image is a preview
_CHANNELS = (1, 3, 4)
_MIN_HEIGHT = 8  # pixels of a digit: a lower array may be a batch of flat images
_MNIST_PIXELS = 784


def read_image(image: ImageLike, *, max_side: int | None = None) -> NDArray[np.float32]:
    """Read an image and convert it to gray scale.

    Parameters
    ----------
    image : str, path-like, binary file, PIL Image, array-like or tensor
        The image: a file, a PIL image, an array or a tensor. See Notes for the shapes and values
        of arrays and tensors.
    max_side : int, default=None
        Maximum length of the longer side, in pixels. Larger images are reduced. If None, the
        size is not changed.

    Returns
    -------
    gray : ndarray of shape (height, width), float32
        Luminance from 0 (black) to 1 (white). If the colors of an image differ much more in one
        of the channels red, green and blue than in luminance, that channel. Transparent pixels
        become white, or black behind a drawing that is nearly invisible on white.

    Raises
    ------
    ImageError
        If the image cannot be read, is an animation, or has more than 64 million pixels.

    Notes
    -----
    An array or a tensor has the shape (height, width), (height, width, channels), (channels,
    height, width), (n_pixels,), (1, n_pixels) or (n_pixels, 1), with 1, 3 (RGB) or 4 (RGBA)
    channels. A flat image must be square.

    HEIC and HEIF files, such as those of iPhones, need the package pillow-heif.

    The values are booleans, integers or floats. If an integer is larger than 255, the maximum is
    65,535, else 255. If a float is larger than 1, the maximum is 255, else 1.

    The EXIF orientation of a photo is applied.

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist.preprocessing import read_image
    >>> read_image(np.array([[0, 255], [51, 102]], dtype=np.uint8))
    array([[0. , 1. ],
           [0.2, 0.4]], dtype=float32)
    """
    gray: NDArray[np.float32] = _read(image, max_side)
    return gray


def read_color_image(image: ImageLike, *, min_side: int | None = None) -> Image.Image:
    """Read an image in color.

    Parameters
    ----------
    image : str, path-like, binary file, PIL Image, array-like or tensor
        The image. See :func:`read_image`.
    min_side : int, default=None
        A JPEG file may be decoded at 1/2 to 1/8 of its size, which is faster, if both sides are
        then at least twice as long, in pixels.

    Returns
    -------
    image : PIL Image
        An upright image with red, green and blue from 0 to 255; equal for a gray image. Transparent
        pixels become white or black, as in :func:`read_image`.

    Raises
    ------
    ImageError
        If the image cannot be read, is an animation, or has more than 64 million pixels.
    """
    colors: Image.Image = _read(image, min_side, color=True)
    return colors


def _read(image: Any, max_side: int | None, *, color: bool = False) -> Any:
    """Return the gray levels or the colors of an image."""
    if isinstance(image, Image.Image):
        return _read_pil(image, "", max_side, color=color)
    if isinstance(image, (str, os.PathLike)):
        path = os.path.expanduser(os.fspath(image))
        _check_file(path)
        return _read_file(path, os.fsdecode(path), max_side, color=color)
    if hasattr(image, "read"):
        return _read_file(image, str(getattr(image, "name", "")), max_side, color=color)
    levels = _read_array(image)
    if color:
        levels = levels[..., 0] if levels.ndim == 3 and levels.shape[2] == 1 else levels
        return _to_color(Image.fromarray(np.rint(255 * levels).astype(np.uint8)))
    gray = levels if levels.ndim == 2 else to_gray(levels)
    return np.asarray(_downscale(Image.fromarray(gray), max_side))


def add_filename(image: ImageLike, problem: object) -> ImageError:
    """Return an ImageError for a problem, with the file name of the image if it has one."""
    if isinstance(image, (str, os.PathLike)):
        return _error(os.fsdecode(os.fspath(image)), str(problem))
    return ImageError(str(problem))


def _error(name: str, problem: str) -> ImageError:
    return ImageError(f"{name}: {problem}" if name else problem)


def _check_file(path: str) -> None:
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise _error(path, "No such file or directory. Check the path.") from None
    except (OSError, ValueError) as error:
        raise _error(repr(path), f"Cannot open the file ({error}). Check the path.") from error
    if stat.S_ISDIR(mode):
        raise _error(
            path,
            "Expected an image file, got a folder. Pass its files one by one, or use "
            "skmnist.datasets.load_image_folder.",
        )
    if not stat.S_ISREG(mode):
        raise _error(path, "Expected an image file, got a device, a pipe or a socket.")


def _read_file(file: Any, name: str, max_side: int | None, *, color: bool = False) -> Any:
    try:
        image = _open(file)
    except Image.DecompressionBombError:
        raise _too_large_error(name, "more than 178 million pixels") from None
    except Image.UnidentifiedImageError:
        hint = ""
        is_named_heif = name.lower().endswith((".heic", ".heif"))
        if (is_heif(file) or is_named_heif) and "HEIF" not in Image.OPEN:
            hint = " For HEIC, install pillow-heif (pip install pillow-heif)."
        raise _error(
            name,
            "The file is not an image in a supported format, or its content does not match its "
            f"name. Save it as JPEG, PNG, GIF, BMP, TIFF, WebP or PPM.{hint}",
        ) from None
    except Exception as error:
        raise _corrupt_error(name, error) from error
    with image:
        return _read_pil(image, name, max_side, color=color)


def _open(file: Any) -> Image.Image:
    """Open an image file. A HEIF file makes pillow-heif known to Pillow, if it is installed."""
    with warnings.catch_warnings():
        # The size is checked later, against MAX_PIXELS.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            return Image.open(file, formats=_readable_formats())
        except Image.UnidentifiedImageError:
            if not (is_heif(file) and register_heif()):
                raise
            return Image.open(file, formats=_readable_formats())


def _readable_formats() -> list[str]:
    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN]


def _too_large_error(name: str, size: str) -> ImageError:
    return _error(
        name,
        f"The image has {size}, but at most {MAX_PIXELS // 1_000_000} million pixels are allowed. "
        "Reduce its size or crop it to the digit.",
    )


def _corrupt_error(name: str, error: Exception) -> ImageError:
    reason = str(error) or type(error).__name__
    return _error(name, f"The image is damaged or truncated ({reason}). Copy or save it again.")


def _read_pil(image: Image.Image, name: str, max_side: int | None, *, color: bool = False) -> Any:
    """Return the gray levels or the colors of a PIL image, which need not be decoded yet."""
    size = f"{image.width} x {image.height} pixels"
    n_pixels = math.prod(image.size)
    if not n_pixels:
        raise _error(name, f"Expected an image with at least one pixel, got {size}.")
    if n_pixels > MAX_PIXELS:
        raise _too_large_error(name, size)
    try:
        if image.format in _ANIMATED and getattr(image, "is_animated", False):
            raise _error(
                name,
                "Expected a single image, got an animation or several pages. Save one frame or "
                "page as an image of its own.",
            )
        if max_side and image.format == "JPEG":
            # Decode a large JPEG at 1/2 to 1/8 of its size, which is faster.
            image.draft(None, (2 * max_side, 2 * max_side))
        upright = ImageOps.exif_transpose(image)
        return _to_color(upright) if color else _to_gray(upright, max_side)
    except ImageError as error:
        if str(error).startswith(f"{name}: "):
            raise
        raise _error(name, str(error)) from None
    except Exception as error:
        raise _corrupt_error(name, error) from error


def _to_gray(image: Image.Image, max_side: int | None) -> np.ndarray:
    """Return the gray levels of a PIL image."""
    if image.mode.startswith(("I", "F")):
        # Pillow's own conversion would clip values of more than 8 bits at 255.
        levels = _scale_to_unit(np.asarray(image))
        return np.asarray(_downscale(Image.fromarray(levels), max_side))
    if _is_transparent(image):
        image = _downscale(image.convert("RGBA"), max_side)
        image = opaque(image)
    image = _downscale(to_gray_image(image), max_side)
    return np.asarray(image, dtype=np.float32) / np.float32(255)


def _to_color(image: Image.Image) -> Image.Image:
    """Return a PIL image in the mode RGB."""
    if image.mode.startswith(("I", "F")):
        levels = np.asarray(image)
        # In a data set, a dark image of 16 bits must not be taken for one of 8 bits.
        levels = levels / 65535 if image.mode.startswith("I;16") else _scale_to_unit(levels)
        image = Image.fromarray(np.rint(255 * levels).astype(np.uint8))
    if image.mode == "LAB":
        lab, srgb = (ImageCms.createProfile(name) for name in ("LAB", "sRGB"))
        image = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB") or image
    if _is_transparent(image):
        image = opaque(image.convert("RGBA"))
    return image if image.mode == "RGB" else image.convert("RGB")


def _is_transparent(image: Image.Image) -> bool:
    modes = {"LA", "La", "PA", "RGBA", "RGBa"}
    return "transparency" in image.info or image.mode in modes


def _read_array(image: Any) -> np.ndarray:
    """Return an array from 0 to 1 of shape (height, width) or (height, width, channels)."""
    if hasattr(image, "detach"):
        image = image.detach().cpu()
    expected = "Expected an image (a path, a PIL image or an array of numbers)"
    if isinstance(image, (bytes, bytearray, memoryview)):
        kind = type(image).__name__
        raise ImageError(f"{expected}, got {kind}. Pass the content of a file as io.BytesIO(data).")
    try:
        array = np.asarray(image)
    except (ValueError, TypeError) as error:
        raise ImageError(f"{expected}, got {type(image).__name__} ({error}).") from error
    if array.dtype.kind not in "buif":
        raise ImageError(f"{expected}, got {type(image).__name__}.")
    array = _unflatten(_channels_last(array))
    if not array.size:
        raise ImageError(
            f"Expected an image with at least one pixel, got an array of shape {array.shape}."
        )
    if array.shape[0] * array.shape[1] > MAX_PIXELS:
        raise _too_large_error("", f"{array.shape[1]} x {array.shape[0]} pixels")
    return _scale_to_unit(array)


def _unflatten(array: np.ndarray) -> np.ndarray:
    """Return a flat image as a square one, or raise an ImageError for a batch of flat images."""
    height, width = array.shape[:2]
    side = math.isqrt(max(height, width))
    if side * side != max(height, width) or side < _MIN_HEIGHT:
        return array
    if min(height, width) == 1:
        return array.reshape(side, side, *array.shape[2:])
    n_flat = 28 if width == _MNIST_PIXELS else _MIN_HEIGHT
    if height < n_flat:
        raise ImageError(
            f"Expected an image, got an array of shape {array.shape}, which looks like {height} "
            "flat images. Pass one at a time."
        )
    return array


def _channels_last(array: np.ndarray) -> np.ndarray:
    if array.ndim == 1 and math.isqrt(array.size) ** 2 == array.size:
        return array.reshape(math.isqrt(array.size), -1)
    if array.ndim == 2:
        return array
    if array.ndim == 3 and array.shape[2] in _CHANNELS:
        return array
    if array.ndim == 3 and array.shape[0] in _CHANNELS:
        return np.moveaxis(array, 0, -1)
    raise ImageError(
        "Expected an image of shape (height, width), (height, width, channels) or (channels, "
        f"height, width) with 1, 3 or 4 channels, got an array of shape {array.shape}."
    )


def _scale_to_unit(array: np.ndarray) -> np.ndarray:
    """Scale gray levels to the range 0 to 1, as float32."""
    if array.dtype.kind == "b":
        return array.astype(np.float32)
    low, high = array.min(), array.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ImageError("Expected finite pixel values, got NaN or infinity.")
    integers = array.dtype.kind in "ui"
    maximum = (255 if high <= 255 else 65535) if integers else (1 if high <= 1 else 255)
    if low < 0 or high > maximum:
        raise ImageError(
            "Expected integers from 0 to 255 (or 65,535) or floats from 0 to 1 (or 255), got "
            f"pixels from {low:g} to {high:g}. Rescale them."
        )
    return array.astype(np.float32) / np.float32(maximum)


def _downscale(image: Image.Image, max_side: int | None) -> Image.Image:
    """Reduce an image so that its longer side is at most `max_side` pixels."""
    longer = max(image.size)
    if max_side is None or longer <= max_side:
        return image
    width, height = (max(1, round(length * max_side / longer)) for length in image.size)
    return image.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)
