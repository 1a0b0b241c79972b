"""HTTP downloads: timeouts, redirects and failures of the server."""

import threading
import time
import urllib.request
from urllib.error import URLError

import pytest

from skmnist.datasets._retrieve import _NoDowngrade, retrieve
from tests.datasets.helpers import answering

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"


NEVER = threading.Event()


RESPONSES = {
    "no response": (lambda c: NEVER.wait(1), "timed out"),
    "too slow": (lambda c: [c.sendall(OK), *(c.sendall(b"x") or time.sleep(0.1) for _ in "1234")],
                 "got only . bytes in time"),
    "truncated": (lambda c: c.sendall(OK + b"xy"), "expected 4 bytes, got 2"),
    "not found": (lambda c: c.sendall(b"HTTP/1.1 404 Gone\r\n\r\n"), "HTTP Error 404: Gone"),
    "not HTTP": (lambda c: c.sendall(b"nonsense"), "BadStatusLine"),
    "disconnect": (lambda c: None, "RemoteDisconnected"),
    "redirect loop": (
        lambda c: c.sendall(b"HTTP/1.1 302 Found\r\nLocation: /file\r\n\r\n"), "infinite loop",
    ),
}  # fmt: skip


@pytest.mark.parametrize("response, message", list(RESPONSES.values()), ids=list(RESPONSES))
def test_failure_raises_a_runtime_error_with_the_url(response, message, monkeypatch, tmp_path):
    monkeypatch.setattr("skmnist.datasets._retrieve._TIMEOUT", 0.2)
    with answering(response) as url, pytest.raises(RuntimeError, match=f"(?s){url}.*{message}"):
        retrieve(url, tmp_path / "file")


def test_response_is_written_to_the_file(tmp_path):
    with answering(lambda c: c.sendall(OK + b"data")) as url:
        retrieve(url, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"data"


def test_redirection_from_https_to_http_raises():
    request = urllib.request.Request("https://host/file")
    with pytest.raises(URLError, match="from HTTPS to http://host/file"):
        _NoDowngrade().redirect_request(request, None, 302, "", {}, "http://host/file")
    redirected = _NoDowngrade().redirect_request(request, None, 302, "", {}, "https://other/file")
    assert redirected.full_url == "https://other/file"
