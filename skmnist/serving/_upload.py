"""Validation of an uploaded image: format, size and number of parts."""

from __future__ import annotations

import io
import warnings

from PIL import Image

from ._http_error import HTTPError

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/bmp": "BMP"}
MAX_PIXELS = 4_000_000
# A small file can take long to decode: each scan of a JPEG file is a pass over all pixels, and each
# text of a PNG file can be a megabyte. (Start of the file, start of a part) -> maximum number.
_MAX_PARTS = {(b"\xff\xd8", b"\xff\xda"): 64, (b"\x89PNG", b"zTXt"): 8, (b"\x89PNG", b"iTXt"): 8}


def open_image(content: bytes) -> Image.Image:
    """Open an image without decoding its pixels; check its format and its size.

    Parameters
    ----------
    content : bytes
        The content of the image file.

    Returns
    -------
    image : PIL Image

    Raises
    ------
    HTTPError
        If the image cannot be read or is too large.
    """
    for (signature, part), maximum in _MAX_PARTS.items():
        if content.startswith(signature) and content.count(part) > maximum:
            raise HTTPError(413, "The image file has too many parts. Save the image again.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=tuple(FORMATS.values()))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise HTTPError(413, _too_large_message("too many")) from None
    except Exception as error:  # Pillow can raise any error for a damaged file
        raise HTTPError(
            400, "Cannot read the image. Expected a valid PNG, JPEG or BMP file."
        ) from error
    if image.width * image.height > MAX_PIXELS:
        raise HTTPError(413, _too_large_message(f"{image.width} × {image.height}"))
    return image


def _too_large_message(size: str) -> str:
    millions = MAX_PIXELS // 1_000_000
    return f"The image has {size} pixels. The maximum is {millions} million. Downscale it first."
