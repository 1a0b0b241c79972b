"""Validation of an uploaded image: its format, its size and its number of parts."""

from __future__ import annotations

import io
import warnings

from PIL import Image

from ._http_error import HTTPError

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/bmp": "BMP"}
MAX_PIXELS = 4_000_000
# A few bytes may take long to decode: each scan of a JPEG is a pass over all pixels, each text of a
# PNG up to a megabyte. (First bytes of a file, first bytes of a part) -> maximum number of parts.
_MAX_PARTS = {(b"\xff\xd8", b"\xff\xda"): 64, (b"\x89PNG", b"zTXt"): 8, (b"\x89PNG", b"iTXt"): 8}


def open_image(content: bytes) -> Image.Image:
    """Open an image without decoding it; check its format and its size.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    image : PIL Image

    Raises
    ------
    HTTPError
    """
    for (signature, part), maximum in _MAX_PARTS.items():
        if content.startswith(signature) and content.count(part) > maximum:
            raise HTTPError(413, "The file is made of too many parts. Save the picture anew.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=tuple(FORMATS.values()))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise HTTPError(413, _too_large_message("many more")) from None
    except Exception as error:  # damaged files raise all kinds of errors in Pillow
        raise HTTPError(400, "This is no sound picture. PNG, JPEG and BMP are read.") from error
    if image.width * image.height > MAX_PIXELS:
        raise HTTPError(413, _too_large_message(f"{image.width} × {image.height}"))
    return image


def _too_large_message(size: str) -> str:
    millions = MAX_PIXELS // 1_000_000
    return f"The picture has {size} pixels, at most {millions} million are read. Reduce it first."
