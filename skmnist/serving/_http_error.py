"""Error response to a request."""

from __future__ import annotations


class HTTPError(Exception):
    """Raised when a request is rejected.

    Parameters
    ----------
    status : int
        The HTTP status code, 400 to 499.
    message : str
        What is wrong and how to fix it. The page shows it to the user.
    **headers : str
        Additional HTTP response headers.
    """

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers
