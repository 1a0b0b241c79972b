"""Web server of the page for drawing digits."""

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

from skmnist._pretrained.predict_image import as_input, predict_image, split_normalizer
from skmnist.exceptions import ImageError

from ._handler import PageHandler
from ._http_error import HTTPError
from ._upload import open_image

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from skmnist.preprocessing import ImagePrediction

_PAGE_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/server.js": ("server.js", "text/javascript; charset=utf-8"),
}
_STRIDE = 2  # of the occlusions in an explanation: a quarter of the predictions
_MAX_CONNECTIONS = 256  # at the same time; others wait in the queue of the operating system
_MAX_LARGE_BODIES = 8  # in memory at the same time
_READ_TIMEOUT = {"loopback": 1.5, "network": 15}  # seconds


class DigitServer(socketserver.ThreadingTCPServer):
    """Local web server with a page for drawing digits and predicting them.

    It serves only the files of the page and predictions. It rejects requests from other web
    pages, images of more than 4 million pixels or 1 MB, and requests that do not arrive in time.

    Parameters
    ----------
    estimator : classifier or Pipeline
        Fitted on images of digits, or on color images or another size: see
        :func:`skmnist.predict_image`.
    host : str, default="127.0.0.1"
        Host name or address to listen on. By default only this machine can connect.
    port : int, default=0
        Port to listen on; 0 selects a free port.

    Attributes
    ----------
    host : str
        Host name or address that the server listens on.
    is_loopback : bool
        Whether only this machine can connect.
    read_timeout : float
        Maximum number of seconds in which a request must arrive.
    url : str
        URL of the page.

    Raises
    ------
    OSError
        If the port is in use, or `host` is not an address of this machine.
    TypeError, ValueError
        If `estimator` is not a classifier that :func:`skmnist.predict_image` accepts.

    Notes
    -----
    The body of ``POST /predict`` is a PNG, JPEG or BMP file. The response is ``{"label",
    "probabilities": [[label, probability], ...], "image": numbers from 0 to 255,
    "shape": [height, width] or [height, width, 3], "seconds"}``,
    or ``{"error": message}`` with a status of 400 to 499.
    The body of ``POST /explain`` is the same. The response is ``{"explanations": [{"label",
    "image"}, ...]}`` for the predicted and for the second class. An image has the red, green and
    blue of 784 pixels, from 0 to 255. See :class:`skmnist.displays.ExplanationDisplay`.

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
        # Raise an error now if the classifier was fitted on other images. Later predictions are
        # faster than the first.
        image = np.zeros((28, 28), dtype=np.uint8)
        image[4:24, 13:15] = 255  # a vertical stroke
        prediction = predict_image(image, estimator)
        self._files = _page_files() | {("GET", "/model"): _model_file(estimator, prediction)}
        self.host = host
        self._connections = threading.BoundedSemaphore(_MAX_CONNECTIONS)
        self._large_body_slots = threading.BoundedSemaphore(_MAX_LARGE_BODIES)
        # One at a time: parallel predictions would need more memory and would not be faster.
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
        """URL of the page."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.server_address[1]}/"

    def run(self) -> None:
        """Serve until Ctrl+C is pressed, which raises KeyboardInterrupt.

        Requests are handled in other threads, so that the exception cannot end a request.
        """
        thread = threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            while thread.is_alive():
                thread.join(0.1)  # without a timeout Ctrl+C can be ignored
        finally:
            self.shutdown()

    def predict(self, content: bytes) -> bytes:
        """Return the prediction for the content of an image file, as JSON.

        Raises
        ------
        HTTPError
            If the image cannot be read or contains no digit.
        """
        return self._predictions.submit(self._predict, content).result()

    def _predict(self, content: bytes) -> bytes:
        start = time.perf_counter()
        prediction = self._predict_image(content)
        response = {
            "label": str(prediction.label),
            "probabilities": [[str(name), p] for name, p in prediction.proba.items()],
            "image": prediction.image.ravel().tolist(),
            "shape": list(prediction.image.shape),
            "seconds": round(time.perf_counter() - start, 4),
        }
        return json.dumps(response, allow_nan=False).encode()

    def explain(self, content: bytes) -> bytes:
        """Return what speaks for the predicted and for the second class, as JSON.

        Raises
        ------
        HTTPError
            If the image cannot be read or contains no digit.
        """
        return self._predictions.submit(self._explain, content).result()

    def _explain(self, content: bytes) -> bytes:
        from skmnist.displays._attributions import Options, explain  # imports torch
        from skmnist.displays._explanation import overlay

        prediction = self._predict_image(content)
        classifier, _ = split_normalizer(self._estimator)
        options = Options(stride=_STRIDE)
        found = explain(classifier, as_input(classifier, prediction.image), options=options)
        scale = max(float(np.abs(found.attributions).max()), 1e-300)
        images = [overlay(found.image, one / scale, "RdBu_r") for one in found.attributions]
        names = np.asarray(classifier.classes_)[found.classes].tolist()
        response = [
            {"label": str(name), "image": np.rint(255 * image).astype(int).ravel().tolist()}
            for name, image in zip(names, images, strict=True)
        ]
        return json.dumps({"explanations": response}, allow_nan=False).encode()

    def _predict_image(self, content: bytes) -> ImagePrediction:
        try:
            return predict_image(open_image(content), self._estimator)
        except ImageError as error:
            raise HTTPError(422, str(error)) from error

    # -- methods of socketserver ---------------------------------------------------------------

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handle a request in its own thread; wait if there are too many."""
        self._connections.acquire()
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread could be started; a started one releases it itself
            self._connections.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Handle a request and release its slot."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def server_close(self) -> None:
        """Close the port; cancel the pending predictions."""
        super().server_close()
        self._predictions.shutdown(wait=False, cancel_futures=True)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print an error unless the client has disconnected."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _page_files() -> dict[tuple[str, str], tuple[str, bytes]]:
    """Return the files of the page as ``{(method, path): (content type, content)}``."""
    folder = files("skmnist.serving") / "page"
    return {
        ("GET", path): (content_type, (folder / name).read_bytes())
        for path, (name, content_type) in _PAGE_FILES.items()
    }


def _model_file(estimator: BaseEstimator, prediction: ImagePrediction) -> tuple[str, bytes]:
    """Return the content type and the content of ``GET /model``."""
    description = {
        "name": type(estimator).__name__,
        "classes": [str(name) for name in prediction.proba],
        "shape": list(prediction.image.shape),
    }
    return "application/json; charset=utf-8", json.dumps(description).encode()


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    """Return the address family and the socket address of a host."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise OSError(f"{host!r} is not an address of this machine: {error}.") from error
    family, _, _, _, address = addresses[0]
    return family, address


def _bind_error(error: OSError, host: str, port: int) -> OSError:
    """Return an error that names the host and the port."""
    reason = (error.strerror or str(error)).rstrip(".").lower()
    return OSError(
        f"Cannot listen on port {port} of {host}: {reason}. Choose another port, or 0 for any "
        "free port."
    )
