"""Request handler: read and check a request, send the response."""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
import traceback
from concurrent.futures import CancelledError
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from ._deadline import DeadlineReader
from ._http_error import HTTPError
from ._origin import check_origin
from ._upload import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ._server import DigitServer

MAX_BODY = 1_000_000  # bytes
LARGE_BODY = 2**16  # bytes; only a few larger bodies are read at the same time
_MAX_LINE = 2**16 - 1
_WRITE_TIMEOUT = 5  # seconds
_DRAIN_SECONDS = 2

# Forbid content from other sites, inline scripts and styles, and embedding in other pages.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Connection": "close",
}
_JSON = "application/json; charset=utf-8"


class PageHandler(BaseHTTPRequestHandler):
    """Handler of the single request of a connection to a `DigitServer`."""

    server: DigitServer
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        """Set a deadline for reading."""
        super().setup()
        self._reader = DeadlineReader(self.connection, self.server.read_timeout)
        self.rfile = io.BufferedReader(self._reader)

    def handle(self) -> None:
        """Read the request and send a response."""
        # The parser leaves these unset if a request is invalid.
        self.command = self.requestline = ""
        try:
            self.raw_requestline = self.rfile.readline(_MAX_LINE + 1)
            if not self.raw_requestline:
                return
            if len(self.raw_requestline) > _MAX_LINE:
                raise HTTPError(414, "The URL is too long.")
            if not self.raw_requestline.strip():
                raise HTTPError(400, "Expected an HTTP request.")
            if self.parse_request():
                self._dispatch()
        except HTTPError as error:
            self._send_error_json(error.status, error.message, error.headers)
        except TimeoutError:
            # Browsers open spare connections and may never send a request.
            if self._reader.started:
                self._send_error_json(408, "The request did not arrive in time.")
        self._drain()

    def _dispatch(self) -> None:
        """Check the request and send the requested content."""
        check_origin(self.command, self.headers, self.server.host, loopback=self.server.is_loopback)
        path = self.path.partition("?")[0]
        method = "GET" if self.command == "HEAD" else self.command
        routes = self._routes()
        allowed = [method for method, known in routes if known == path]
        if not allowed:
            raise HTTPError(404, "Not found. The page is at /.")
        if method not in allowed:
            raise HTTPError(405, f"Method not allowed. Use {allowed[0]}.", Allow=allowed[0])
        content_type, content = routes[method, path]
        try:
            body = content() if callable(content) else content
        except (HTTPError, TimeoutError, ConnectionError):
            raise
        except CancelledError:  # the server is being closed
            return
        except Exception:
            traceback.print_exc(file=sys.stderr)
            self._send_error_json(500, "Internal server error. See the terminal of the server.")
            return
        self._send(200, content_type, body)

    def _routes(self) -> Mapping[tuple[str, str], tuple[str, bytes | Callable[[], bytes]]]:
        """Return ``{(method, path): (content type, content or function)}``."""
        answers = {"/predict": self.server.predict, "/explain": self.server.explain}
        return self.server._files | {
            ("POST", path): (_JSON, partial(self._answer, answer))
            for path, answer in answers.items()
        }

    def _answer(self, answer: Callable[[bytes], bytes]) -> bytes:
        """Return the answer for the image in the body, as JSON."""
        length = self._content_length()
        if self.headers.get_content_type() not in FORMATS:
            raise HTTPError(415, f"Expected an image of type {', '.join(FORMATS)}.")
        if length <= LARGE_BODY:
            return answer(self._read_body(length))
        slots = self.server._large_body_slots
        self._reader.acquire(slots)
        try:
            return answer(self._read_body(length))
        finally:
            slots.release()

    def _content_length(self) -> int:
        """Return the length of the body in bytes, from the Content-Length header."""
        lengths = self.headers.get_all("Content-Length", [])
        if "Transfer-Encoding" in self.headers or len(lengths) != 1:
            raise HTTPError(411, "Expected one Content-Length header.")
        digits = lengths[0].strip()
        if not (digits.isascii() and digits.isdigit()):
            raise HTTPError(400, "Content-Length is not a number.")
        # int() raises an error for thousands of digits.
        if len(digits) > 15 or int(digits) > MAX_BODY:
            raise HTTPError(413, f"The image file is larger than {MAX_BODY // 1000} kB.")
        if not int(digits):
            raise HTTPError(400, "The request contains no image.")
        return int(digits)

    def _read_body(self, length: int) -> bytes:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(HTTPStatus.CONTINUE)
            self.end_headers()
        body = self.rfile.read(length)
        if len(body) < length:
            raise HTTPError(400, "The request ended before the end of the image.")
        return body

    # -- responses -----------------------------------------------------------------------------

    def handle_expect_100(self) -> bool:
        """Postpone "100 Continue" until the headers have been checked."""
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send an error of the standard library's parser; 505 (unknown version) becomes 400."""
        self._send_error_json(code if code < 500 else 400, f"{HTTPStatus(code).phrase}.")

    def _send_error_json(
        self, status: int, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        body = json.dumps({"error": message}).encode()
        with contextlib.suppress(OSError):  # the client may have disconnected
            self._send(status, _JSON, body, headers)

    def _send(
        self, status: int, content_type: str, body: bytes, headers: Mapping[str, str] | None = None
    ) -> None:
        self.connection.settimeout(_WRITE_TIMEOUT)
        self.request_version = self.protocol_version  # HTTP 0.9 has no status line
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (_HEADERS | dict(headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _drain(self) -> None:
        """Read the rest of the request for a while: closing earlier could drop the response."""
        end = time.monotonic() + _DRAIN_SECONDS
        with contextlib.suppress(OSError):
            self.connection.shutdown(1)
            self.connection.settimeout(_DRAIN_SECONDS)
            while time.monotonic() < end and self.connection.recv(2**16):
                pass

    def version_string(self) -> str:
        """Return the server name without the Python version."""
        return "skmnist"

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""
