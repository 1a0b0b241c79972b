"""The draw-a-digit page: a small web server for one model and one person."""

from ._server import DigitServer

__all__ = ["DigitServer"]
