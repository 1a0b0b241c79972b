"""Read images of any kind as gray levels: files, Pillow images, arrays and tensors."""

from __future__ import annotations

import math
import os
import stat
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps

from skmnist.exceptions import ImageError

if TYPE_CHECKING:
    from typing import BinaryIO, TypeAlias

    import torch
    from numpy.typing import ArrayLike, NDArray

    ImageLike: TypeAlias = (
        str | os.PathLike[str] | BinaryIO | Image.Image | ArrayLike | torch.Tensor
    )

# An image with more pixels is refused before it is decoded. Phones take up to 50 million.
MAX_PIXELS = 64_000_000
# Only what cameras, scanners and drawing programs write: Pillow also reads formats that start
# other programs. HEIF is read if pillow-heif has registered itself.
_FORMATS = ("JPEG", "MPO", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "AVIF", "HEIF")
_ANIMATED = {"GIF", "PNG", "TIFF", "WEBP", "AVIF"}  # an MPO's second image is a preview
_CHANNELS = (1, 3, 4)
_LUMA = np.array([0.299, 0.587, 0.114])


def read_image(image: ImageLike, *, max_side: int | None = None) -> NDArray[np.float32]:
    """Return an image of any kind as gray levels.

    Parameters
    ----------
    image : str, path-like, binary file, PIL Image, array-like or tensor
        The image. As an array or a tensor it has the shape (height, width), (height, width,
        channels) or (channels, height, width) with 1, 3 (RGB) or 4 (RGBA) channels, or is a row
        of a square number of pixels. Its values are booleans, integers within 0..255 or, if one
        is larger, 0..65,535, or floats within 0..1 or, if one is larger, 0..255.
    max_side : int, default=None
        Larger images are reduced so that their longer side has this many pixels. If None, the
        image keeps its size.

    Returns
    -------
    gray : ndarray of shape (height, width), float32
        Luminance from 0 (black) to 1 (white). Transparent pixels are white, the camera's
        orientation (EXIF) is followed.

    Raises
    ------
    ImageError
        If the image cannot be read, is an animation, or has more than 64 million pixels.

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist.preprocessing import read_image
    >>> read_image(np.array([[0, 255], [51, 102]], dtype=np.uint8))
    array([[0. , 1. ],
           [0.2, 0.4]], dtype=float32)
    """
    if isinstance(image, Image.Image):
        return _read_pil(image, "the picture", max_side)
    if isinstance(image, (str, os.PathLike)):
        path = os.fspath(image)
        _check_file(path)
        return _read_file(image, os.fsdecode(path), max_side)
    if hasattr(image, "read"):
        return _read_file(image, str(getattr(image, "name", "the file")), max_side)
    gray = _read_array(image)
    return np.asarray(_downscale(Image.fromarray(gray), max_side))


def add_filename(image: ImageLike, problem: object) -> ImageError:
    """Return (to be raised) the error for a problem, with the image's file name if it has one."""
    if isinstance(image, (str, os.PathLike)):
        return ImageError(f"{os.fsdecode(os.fspath(image))}: {problem}")
    return ImageError(str(problem))


def _check_file(path: str) -> None:
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise ImageError(f"{path}: there is no such file. Check the path.") from None
    except (OSError, ValueError) as error:
        raise ImageError(f"{path!r}: cannot be opened ({error}). Check the path.") from error
    if stat.S_ISDIR(mode):
        raise ImageError(
            f"{path}: is a folder, a picture is wanted. Pass its files one by one, or use "
            "skmnist.datasets.load_image_folder."
        )
    if not stat.S_ISREG(mode):
        raise ImageError(f"{path}: is no ordinary file, a picture's file is wanted.")


def _read_file(file: Any, name: str, max_side: int | None) -> np.ndarray:
    try:
        with warnings.catch_warnings():
            # The size is checked below, by our own limit.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(file, formats=_readable_formats())
    except Image.DecompressionBombError:
        raise ImageError(_too_large_message(name, "more than 178 million")) from None
    except Image.UnidentifiedImageError:
        hint = ""
        if name.lower().endswith((".heic", ".heif")):
            hint = " For HEIC install pillow-heif and call pillow_heif.register_heif_opener()."
        raise ImageError(
            f"{name}: its content is no picture that can be read, whatever its name says. "
            f"Wanted is one of JPEG, PNG, GIF, BMP, TIFF, WebP and PPM.{hint}"
        ) from None
    except Exception as error:
        raise ImageError(_corrupt_message(name, error)) from error
    with image:
        return _read_pil(image, name, max_side)


def _readable_formats() -> list[str]:
    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN]


def _too_large_message(name: str, pixels: str) -> str:
    return (
        f"{name}: has {pixels} pixels, at most {MAX_PIXELS // 1_000_000} million are read. "
        "Reduce it first, or cut out the digit."
    )


def _corrupt_message(name: str, error: Exception) -> str:
    reason = str(error) or type(error).__name__
    return f"{name}: is damaged or cut off ({reason}). Copy it again, or save it anew."


def _read_pil(image: Image.Image, name: str, max_side: int | None) -> np.ndarray:
    """Return the gray levels of a Pillow image, which may not yet be decoded."""
    pixels = math.prod(image.size)
    if not pixels:
        raise ImageError(f"{name}: has no pixels ({image.width} x {image.height}).")
    if pixels > MAX_PIXELS:
        raise ImageError(_too_large_message(name, f"{image.width} x {image.height}"))
    try:
        if image.format in _ANIMATED and getattr(image, "is_animated", False):
            raise ImageError(
                f"{name}: is an animation or holds several pages, one picture is wanted. Save the "
                "one that you mean."
            )
        if max_side and image.format == "JPEG":
            # Decode it at an eighth to a half of its size, if that is enough.
            image.draft(None, (2 * max_side, 2 * max_side))
        return _to_gray(ImageOps.exif_transpose(image), max_side)
    except ImageError:
        raise
    except Exception as error:
        raise ImageError(_corrupt_message(name, error)) from error


def _to_gray(image: Image.Image, max_side: int | None) -> np.ndarray:
    """Return the gray levels of a Pillow image; transparent pixels are on a white background."""
    if image.mode.startswith(("I", "F")):
        # More than 8 bits a pixel: Pillow's own conversion would clip them at 255.
        levels = _scale_to_unit(np.asarray(image))
        return np.asarray(_downscale(Image.fromarray(levels), max_side))
    if "transparency" in image.info or image.mode in {"LA", "La", "PA", "RGBA", "RGBa"}:
        image = _downscale(image.convert("RGBA"), max_side)
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = _downscale(image.convert("L"), max_side)
    return np.asarray(image, dtype=np.float32) / np.float32(255)


def _read_array(image: Any) -> np.ndarray:
    if hasattr(image, "detach"):
        image = image.detach().cpu()
    try:
        array = np.asarray(image)
    except (ValueError, TypeError) as error:
        raise ImageError(f"a {type(image).__name__} is no picture ({error}).") from error
    if array.dtype.kind not in "buif":
        raise ImageError(
            f"a {type(image).__name__} is no picture: a path, a PIL image or an array of numbers "
            "is wanted."
        )
    array = _channels_last(array)
    if not array.size:
        raise ImageError(f"the picture has no pixels, its shape is {array.shape}.")
    if array.shape[0] * array.shape[1] > MAX_PIXELS:
        raise ImageError(_too_large_message("the picture", f"{array.shape[1]} x {array.shape[0]}"))
    levels = _scale_to_unit(array)
    if levels.ndim == 2:
        return levels
    gray = levels[..., :3] @ _LUMA.astype(np.float32) if levels.shape[2] > 1 else levels[..., 0]
    if levels.shape[2] == 4:
        gray = 1 + levels[..., 3] * (gray - 1)
    return np.clip(gray, 0, 1)


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
        f"an array of shape {array.shape} is no picture: (height, width), (height, width, "
        "channels) or (channels, height, width) is wanted, with 1, 3 or 4 channels."
    )


def _scale_to_unit(array: np.ndarray) -> np.ndarray:
    """Return the levels as float32 within 0..1."""
    if array.dtype.kind == "b":
        return array.astype(np.float32)
    low, high = array.min(), array.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ImageError("the picture holds NaN or infinity, numbers within 0..255 are wanted.")
    integers = array.dtype.kind in "ui"
    maximum = (255 if high <= 255 else 65535) if integers else (1 if high <= 1 else 255)
    if low < 0 or high > maximum:
        raise ImageError(
            f"the picture's values reach from {low:g} to {high:g}: integers within 0..255 or "
            "0..65,535 or floats within 0..1 or 0..255 are wanted."
        )
    return array.astype(np.float32) / np.float32(maximum)


def _downscale(image: Image.Image, max_side: int | None) -> Image.Image:
    """Return the image with its longer side at most `max_side`."""
    longer = max(image.size)
    if max_side is None or longer <= max_side:
        return image
    width, height = (max(1, round(length * max_side / longer)) for length in image.size)
    return image.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)
