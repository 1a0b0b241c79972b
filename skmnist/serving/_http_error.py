"""The error that a request is answered with."""

from __future__ import annotations


class HTTPError(Exception):
    """A request is refused.

    Parameters
    ----------
    status : int
        The HTTP status code, 400 to 499.
    message : str
        What is wrong, and what to do; the page shows it.
    **headers : str
        Additional HTTP headers.
    """

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers
