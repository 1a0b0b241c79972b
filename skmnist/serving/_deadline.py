"""The bytes of a request, which have to arrive in time."""

import io
import time

_SOON = 0.001  # seconds: what has already arrived takes less
_LATEST = 10  # times as long as a request may take, where the server itself is slow to read


class Incoming(io.RawIOBase):
    """What is read from a connection; a TimeoutError where it takes too long.

    A time limit of the socket's own would begin anew with each byte.

    Parameters
    ----------
    connection : socket
    seconds : float
        How long it may take. What has arrived by then is still read: under load it may be the
        server that is late.

    Attributes
    ----------
    has_begun : bool
        Whether anything has arrived.
    """

    def __init__(self, connection, seconds):
        self._connection = connection
        self._seconds = seconds
        self._start = time.monotonic()
        self.has_begun = False

    def wait_for(self, lock):
        """Acquire a lock; the time that this takes doesn't count."""
        start = time.monotonic()
        lock.acquire()
        self._start += time.monotonic() - start

    def readable(self):
        """Return True."""
        return True

    def readinto(self, buffer):
        """Read some bytes; return how many, 0 where the connection was closed."""
        passed = time.monotonic() - self._start
        if passed > _LATEST * self._seconds:
            raise TimeoutError
        self._connection.settimeout(max(_SOON, self._seconds - passed))
        n_bytes = self._connection.recv_into(buffer)
        self.has_begun = True
        return n_bytes
