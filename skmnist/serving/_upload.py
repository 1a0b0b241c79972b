"""The picture that comes with a request: small, and of a kind that every browser makes."""

import io
import warnings

from PIL import Image

from ._http_error import Refusal

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/bmp": "BMP"}
MAX_PIXELS = 4_000_000
# A few bytes may stand for much: each layer of a JPEG is a pass over all pixels, each text of a PNG
# up to a megabyte. (What a file begins with, what such a part begins with) -> how many are read.
_MOST_PARTS = {(b"\xff\xd8", b"\xff\xda"): 64, (b"\x89PNG", b"zTXt"): 8, (b"\x89PNG", b"iTXt"): 8}


def open_picture(content):
    """Return a picture, not decoded yet, its format and its size checked.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    image : PIL Image

    Raises
    ------
    Refusal
    """
    for (beginning, part), most in _MOST_PARTS.items():
        if content.startswith(beginning) and content.count(part) > most:
            raise Refusal(413, "The file is made of too many parts. Save the picture anew.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=tuple(FORMATS.values()))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refusal(413, _too_many("many more")) from None
    except Exception as error:  # Pillow has no common one for what damage does
        raise Refusal(400, "This is no sound picture. PNG, JPEG and BMP are read.") from error
    if image.width * image.height > MAX_PIXELS:
        raise Refusal(413, _too_many(f"{image.width} × {image.height}"))
    return image


def _too_many(size):
    millions = MAX_PIXELS // 1_000_000
    return f"The picture has {size} pixels, at most {millions} million are read. Reduce it first."
