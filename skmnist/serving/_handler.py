"""One request: read in time, checked, answered."""

import contextlib
import io
import json
import sys
import time
import traceback
from concurrent.futures import CancelledError
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler

from ._deadline import Incoming
from ._http_error import Refusal
from ._origin import check_sender
from ._upload import FORMATS

MAX_BODY = 1_000_000  # bytes
LARGE_BODY = 2**16  # bytes: larger ones are read a few at a time
_LONGEST_LINE = 2**16 - 1
_WRITE_SECONDS = 5
_LINGER_SECONDS = 2

# Nothing from elsewhere is loaded, nothing inline is run, and no other page may show this one.
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
    """Answer one request of a `DigitServer`; each connection has one."""

    protocol_version = "HTTP/1.1"

    def setup(self):
        """Read with a time limit."""
        super().setup()
        self._incoming = Incoming(self.connection, self.server.read_seconds)
        self.rfile = io.BufferedReader(self._incoming)

    def handle(self):
        """Answer the request, or say why not."""
        # What the parser leaves unset where a request makes no sense.
        self.command = self.requestline = ""
        try:
            self.raw_requestline = self.rfile.readline(_LONGEST_LINE + 1)
            if not self.raw_requestline:
                return
            if len(self.raw_requestline) > _LONGEST_LINE:
                raise Refusal(414, "The address is too long.")
            if not self.raw_requestline.strip():
                raise Refusal(400, "This is no request.")
            if self.parse_request():
                self._answer()
        except Refusal as refusal:
            self._refuse(refusal.status, refusal.words, refusal.headers)
        except TimeoutError:
            # Browsers connect beforehand and may never ask.
            if self._incoming.has_begun:
                self._refuse(408, "The request took too long to arrive.")
        self._linger()

    def _answer(self):
        check_sender(self.command, self.headers, self.server.host, loopback=self.server.is_loopback)
        path = self.path.partition("?")[0]
        method = "GET" if self.command == "HEAD" else self.command
        allowed = [method for method, known in self._routes() if known == path]
        if not allowed:
            raise Refusal(404, "There is nothing here. The page is at /.")
        if method not in allowed:
            raise Refusal(405, f"Here only {allowed[0]} is answered.", Allow=allowed[0])
        kind, content = self._routes()[method, path]
        try:
            content = content() if callable(content) else content
        except (Refusal, TimeoutError, ConnectionError):
            raise
        except CancelledError:  # the server is being closed
            return
        except Exception:
            traceback.print_exc(file=sys.stderr)
            self._refuse(500, "Something is wrong in the server. Its terminal says what.")
            return
        self._send(200, kind, content)

    def _routes(self):
        """Return ``{(method, path): (kind, content or function)}``: all that there is."""
        return self.server.files | {("POST", "/predict"): (_JSON, self._predict)}

    def _predict(self):
        length = self._length()
        if self.headers.get_content_type() not in FORMATS:
            raise Refusal(415, f"A picture is wanted, of the type {', '.join(FORMATS)}.")
        if length <= LARGE_BODY:
            return self.server.predict(self._read(length))
        room = self.server.room_for_large
        self._incoming.wait_for(room)
        try:
            return self.server.predict(self._read(length))
        finally:
            room.release()

    def _length(self):
        """Return the number of bytes that the request says its body has."""
        lengths = self.headers.get_all("Content-Length", [])
        if "Transfer-Encoding" in self.headers or len(lengths) != 1:
            raise Refusal(411, "The request has to say its length, in Content-Length.")
        digits = lengths[0].strip()
        if not (digits.isascii() and digits.isdigit()):
            raise Refusal(400, "Content-Length is no number.")
        # Thousands of digits are no number to Python.
        if len(digits) > 15 or int(digits) > MAX_BODY:
            raise Refusal(413, f"The picture's file is larger than {MAX_BODY // 1000} kB.")
        if not int(digits):
            raise Refusal(400, "The request holds no picture.")
        return int(digits)

    def _read(self, length):
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(HTTPStatus.CONTINUE)
            self.end_headers()
        body = self.rfile.read(length)
        if len(body) < length:
            raise Refusal(400, "The request ended before its picture did.")
        return body

    # -- answers -------------------------------------------------------------------------------

    def handle_expect_100(self):
        """Say "go on" later, when it is clear that the body is wanted."""
        return True

    def send_error(self, code, message=None, explain=None):
        """Refuse what the standard library's parser refuses; it calls an unknown version 505."""
        self._refuse(code if code < 500 else 400, f"{HTTPStatus(code).phrase}.")

    def _refuse(self, status, words, headers=()):
        content = json.dumps({"error": words}).encode()
        with contextlib.suppress(OSError):  # there may be nobody any more
            self._send(status, _JSON, content, headers)

    def _send(self, status, kind, content, headers=()):
        self.connection.settimeout(_WRITE_SECONDS)
        self.request_version = self.protocol_version  # in 0.9 there would be no status
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in (_HEADERS | dict(headers)).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _linger(self):
        """Take what is still coming, for a while: to close before would drop the answer."""
        end = time.monotonic() + _LINGER_SECONDS
        with contextlib.suppress(OSError):
            self.connection.shutdown(1)
            self.connection.settimeout(_LINGER_SECONDS)
            while time.monotonic() < end and self.connection.recv(2**16):
                pass

    def version_string(self):
        """Return what the server calls itself: others need not know its Python."""
        return "skmnist"

    def log_message(self, format, *args):
        """Say nothing."""
