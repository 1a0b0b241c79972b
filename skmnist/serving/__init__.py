"""Local web server with a page for drawing digits, for one model and one user."""

from ._server import DigitServer

__all__ = ["DigitServer"]
