"""The server of the draw-a-digit page."""

from __future__ import annotations

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
from typing import TYPE_CHECKING, Any

import numpy as np

from skmnist.exceptions import ImageError
from skmnist.preprocessing._predict_image import predict_image

from ._handler import PageHandler
from ._http_error import HTTPError
from ._upload import open_image

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from skmnist.preprocessing._predict_image import ImagePrediction

_PAGE_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
_MAX_CONNECTIONS = 256  # at the same time; the system lets others wait
_MAX_LARGE_BODIES = 8  # in memory at the same time
_READ_TIMEOUT = {"loopback": 1.5, "network": 15}  # seconds for a request to arrive


class DigitServer(socketserver.ThreadingTCPServer):
    """Serve a page on which to draw digits that a classifier predicts.

    It serves the three files of the page and predictions of images; it reads no other file. It
    refuses requests from other web pages, images of more than 4 million pixels or 1 MB, and
    requests that take long to arrive.

    Parameters
    ----------
    estimator : classifier or Pipeline
        Fitted on images of 28 x 28 gray pixels: see :func:`skmnist.predict_image`.
    host : str, default="127.0.0.1"
        The name or address to listen at; by default only this machine can reach it.
    port : int, default=0
        The port to listen at; 0 takes one that is free.

    Attributes
    ----------
    host : str
        The name or address that the server listens at.
    is_loopback : bool
        Whether only this machine can reach the server.
    read_timeout : float
        Seconds that a request may take to arrive.
    url : str
        The address of the page.

    Raises
    ------
    OSError
        If the port is in use, or the address is not one of this machine.
    TypeError, ValueError
        If `estimator` is not a classifier of such images.

    Notes
    -----
    The body of ``POST /predict`` is a PNG, JPEG or BMP file. The response is ``{"label",
    "probabilities": [[label, probability], ...], "image": 784 numbers from 0 to 255, "seconds"}``,
    or ``{"error": message}`` with a status of 400 to 499.

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
    ...     with urlopen(server.url) as response:
    ...         print(response.status)
    ...     server.shutdown()
    200
    """

    allow_reuse_address = os.name == "posix"  # elsewhere it would let two servers share a port
    daemon_threads = True
    block_on_close = False
    request_queue_size = _MAX_CONNECTIONS

    def __init__(self, estimator: BaseEstimator, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._estimator = estimator
        # The first prediction takes longer, and raises an error for classifiers of other images.
        image = np.zeros((28, 28), dtype=np.uint8)
        image[4:24, 13:15] = 255  # a one
        prediction = predict_image(estimator, image)
        self._files = _page_files() | {("GET", "/model"): _model_file(estimator, prediction)}
        self.host = host
        self._connections = threading.BoundedSemaphore(_MAX_CONNECTIONS)
        self._large_body_slots = threading.BoundedSemaphore(_MAX_LARGE_BODIES)
        # One at a time: several would take more memory and be no faster.
        self._predictions = ThreadPoolExecutor(1)
        self.address_family, address = _resolve(host, port)
        try:
            super().__init__(address, PageHandler)
        except OSError as error:
            raise _bind_error(error, host, port) from error
        self.is_loopback = ipaddress.ip_address(str(self.server_address[0])).is_loopback
        self.read_timeout: float = _READ_TIMEOUT["loopback" if self.is_loopback else "network"]

    @property
    def url(self) -> str:
        """The address of the page."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.server_address[1]}/"

    def run(self) -> None:
        """Serve until Ctrl-C, which raises KeyboardInterrupt.

        The main thread, in which it is raised, only waits: other work might treat it as its own
        failure.
        """
        thread = threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            while thread.is_alive():
                thread.join(0.1)  # without a timeout Ctrl-C may be ignored
        finally:
            self.shutdown()

    def predict(self, content: bytes) -> bytes:
        """Return the prediction for an image file's bytes, as JSON.

        Raises
        ------
        HTTPError
            If it is not an image of a digit.
        """
        return self._predictions.submit(self._predict, content).result()

    def _predict(self, content: bytes) -> bytes:
        start = time.perf_counter()
        try:
            prediction = predict_image(self._estimator, open_image(content))
        except ImageError as error:
            raise HTTPError(422, str(error)) from error
        response = {
            "label": str(prediction.label),
            "probabilities": [[str(name), p] for name, p in prediction.proba.items()],
            "image": prediction.image.ravel().tolist(),
            "seconds": round(time.perf_counter() - start, 4),
        }
        return json.dumps(response, allow_nan=False).encode()

    # -- what socketserver calls ---------------------------------------------------------------

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handle a request in its own thread, once there are few enough."""
        self._connections.acquire()
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no more threads; one that has started releases it itself
            self._connections.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Handle a request, then allow another."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def server_close(self) -> None:
        """Close the port; cancel the pending predictions."""
        super().server_close()
        self._predictions.shutdown(wait=False, cancel_futures=True)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print an error, unless the client has left."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _page_files() -> dict[tuple[str, str], tuple[str, bytes]]:
    """Return ``{(method, path): (content type, content)}`` of the page."""
    folder = files("skmnist.serving") / "page"
    return {
        ("GET", path): (content_type, (folder / name).read_bytes())
        for path, (name, content_type) in _PAGE_FILES.items()
    }


def _model_file(estimator: BaseEstimator, prediction: ImagePrediction) -> tuple[str, bytes]:
    """Return the content type and the content of the file that describes the model."""
    description = {
        "name": type(estimator).__name__,
        "classes": [str(name) for name in prediction.proba],
    }
    return "application/json; charset=utf-8", json.dumps(description).encode()


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    """Return the address family and the socket address of a host."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise OSError(f"{host!r} is no address of this machine: {error}.") from error
    family, _, _, _, address = addresses[0]
    return family, address


def _bind_error(error: OSError, host: str, port: int) -> OSError:
    """Return an error that names the host and the port."""
    reason = (error.strerror or str(error)).rstrip(".").lower()
    return OSError(
        f"port {port} at {host} can't be used: {reason}. Name another port, or 0 for any free one."
    )
