"""The server of the draw-a-digit page."""

import ipaddress
import json
import os
import socket
import socketserver
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

import numpy as np

from skmnist.exceptions import ImageError
from skmnist.preprocessing._predict_image import predict_image

from ._handler import PageHandler
from ._http_error import Refusal
from ._upload import open_picture

_PAGE = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
_CONNECTIONS = 256  # at a time; others wait until the system has one for them
_LARGE = 8  # bodies in memory at a time
_READ_SECONDS = {"this machine": 1.5, "a network": 15}  # for a request to arrive


class DigitServer(socketserver.ThreadingTCPServer):
    """Serve a page on which to draw digits that a classifier predicts.

    It holds the three files of the page and answers pictures; it reads no other file. It refuses
    what other web pages ask, pictures of more than 4 million pixels or 1 MB, and what takes long
    to arrive.

    Parameters
    ----------
    estimator : classifier or Pipeline
        Fitted on pictures of 28 x 28 grey pixels: see :func:`skmnist.predict_image`.
    host : str, default="127.0.0.1"
        The name or address to listen at; by default only this machine can reach it.
    port : int, default=0
        The port to listen at; 0 takes one that is free.

    Attributes
    ----------
    url : str
        The address of the page.

    Raises
    ------
    OSError
        If the port is taken, or the address is not this machine's.
    TypeError, ValueError
        If `estimator` is no classifier of such pictures.

    Notes
    -----
    ``POST /predict`` with a PNG, JPEG or BMP file as its body answers ``{"label", "probabilities":
    [[label, probability], ...], "image": 784 numbers from 0 to 255, "seconds"}``, all else
    ``{"error": words}`` with a status of 400 to 499.

    Examples
    --------
    >>> import threading
    >>> from urllib.request import urlopen
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.serving import DigitServer
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = MLPClassifier(max_epochs=2, random_state=0).fit(X, y)
    >>> with DigitServer(clf) as server:
    ...     threading.Thread(target=server.serve_forever, args=(0.1,)).start()
    ...     with urlopen(server.url) as answer:
    ...         print(answer.status)
    ...     server.shutdown()
    200
    """

    allow_reuse_address = os.name == "posix"  # elsewhere it would let two servers share a port
    daemon_threads = True
    block_on_close = False
    request_queue_size = _CONNECTIONS

    def __init__(self, estimator, *, host="127.0.0.1", port=0):
        self._estimator = estimator
        # The first prediction takes longer, and refuses classifiers of other pictures.
        one = np.zeros((28, 28), dtype=np.uint8)
        one[4:24, 13:15] = 255
        first = predict_image(estimator, one)
        self.files = _page_files() | {("GET", "/model"): _model_file(estimator, first)}
        self.host = host
        self._connections = threading.BoundedSemaphore(_CONNECTIONS)
        self.room_for_large = threading.BoundedSemaphore(_LARGE)
        # One at a time: many would take the memory of many, and be no quicker.
        self._predictions = ThreadPoolExecutor(1)
        self.address_family, address = _resolve(host, port)
        try:
            super().__init__(address, PageHandler)
        except OSError as error:
            raise _explained(error, host, port) from error
        self.is_loopback = ipaddress.ip_address(self.server_address[0]).is_loopback
        self.read_seconds = _READ_SECONDS["this machine" if self.is_loopback else "a network"]

    @property
    def url(self):
        """The address of the page."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.server_address[1]}/"

    def serve_until_interrupted(self):
        """Serve until Ctrl-C, which raises KeyboardInterrupt.

        The main thread, in which that is raised, does nothing but wait: in the midst of other work
        it might be taken for that work's failure.
        """
        thread = threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            while thread.is_alive():
                thread.join(0.1)  # without an end Ctrl-C may not be seen
        finally:
            self.shutdown()

    def predict(self, content):
        """Return the answer to a picture's bytes, as JSON.

        Raises
        ------
        Refusal
            If it is no picture of a digit.
        """
        return self._predictions.submit(self._predict, content).result()

    def _predict(self, content):
        start = time.perf_counter()
        try:
            found = predict_image(self._estimator, open_picture(content))
        except ImageError as error:
            words = str(error).removeprefix("the picture: ")
            raise Refusal(422, words[:1].upper() + words[1:]) from error
        answer = {
            "label": str(found.label),
            "probabilities": [[str(name), p] for name, p in found.proba.items()],
            "image": found.image.ravel().tolist(),
            "seconds": round(time.perf_counter() - start, 4),
        }
        return json.dumps(answer, allow_nan=False).encode()

    # -- what socketserver calls ---------------------------------------------------------------

    def process_request(self, request, client_address):
        """Answer in a thread of its own, once there are few enough."""
        self._connections.acquire()
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no more threads; where one has begun, it makes room itself
            self._connections.release()
            raise

    def process_request_thread(self, request, client_address):
        """Answer, and make room for another."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def server_close(self):
        """Close the port; predictions that wait are dropped."""
        super().server_close()
        self._predictions.shutdown(wait=False, cancel_futures=True)

    def handle_error(self, request, client_address):
        """Say what went wrong, unless it is that somebody left."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _page_files():
    folder = files(__package__) / "page"
    return {
        ("GET", path): (kind, (folder / name).read_bytes()) for path, (name, kind) in _PAGE.items()
    }


def _model_file(estimator, prediction):
    about = {
        "name": type(estimator).__name__,
        "classes": [str(name) for name in prediction.proba],
    }
    return "application/json; charset=utf-8", json.dumps(about).encode()


def _resolve(host, port):
    """Return the family and the address of a name or an address as text."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise OSError(f"{host!r} is no address of this machine: {error}.") from error
    family, _, _, _, address = found[0]
    return family, address


def _explained(error, host, port):
    words = (error.strerror or str(error)).rstrip(".").lower()
    return OSError(
        f"port {port} at {host} can't be used: {words}. Name another port, or 0 for any free one."
    )
