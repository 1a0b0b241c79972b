"""Deadline for reading a request."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    import threading

    from typing_extensions import Buffer

_MIN_TIMEOUT = 0.001  # seconds: enough for bytes that have already arrived
_MAX_FACTOR = 10  # times the timeout, if the server is slow to read


class DeadlineReader(io.RawIOBase):
    """Stream that reads from a connection and raises TimeoutError after a deadline.

    The timeout of a socket would start again with each byte.

    Parameters
    ----------
    connection : socket
    timeout : float
        Maximum number of seconds for the request. Bytes that have arrived by then are still read,
        because the server itself can be late under load.

    Attributes
    ----------
    started : bool
        Whether any bytes have arrived.
    """

    def __init__(self, connection: socket.socket, timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout
        self._start = time.monotonic()
        self.started = False

    def acquire(self, semaphore: threading.Semaphore) -> None:
        """Acquire a semaphore; the waiting time is not counted."""
        start = time.monotonic()
        semaphore.acquire()
        self._start += time.monotonic() - start

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Read bytes into a buffer; return their number, or 0 if the connection is closed."""
        elapsed = time.monotonic() - self._start
        if elapsed > _MAX_FACTOR * self._timeout:
            raise TimeoutError
        self._connection.settimeout(max(_MIN_TIMEOUT, self._timeout - elapsed))
        n_bytes = self._connection.recv_into(buffer)
        self.started = True
        return n_bytes
