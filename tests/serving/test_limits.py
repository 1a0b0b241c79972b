"""Limits of the server: headers of requests and responses, slots, deadlines, pending work."""

import threading
import time

import numpy as np
import pytest

from skmnist.serving import _deadline
from skmnist.serving._handler import LARGE_BODY, PageHandler
from tests.serving.helpers import HOST_HEADER, encode_image, predict, request, run_server, send_raw

STROKE = np.zeros((200, 200), np.uint8)
STROKE[30:170, 95:105] = 255


# -- headers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [b"Host: localhost", b"Host: example.org"])
def test_second_host_header_is_rejected(server, first):
    parts = [b"GET / HTTP/1.1", first, b"Host: localhost", b"", b""]
    assert send_raw(server, b"\r\n".join(parts)).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "lengths",
    [
        [b"Content-Length: 1", b"Content-Length: 2"],
        [b"Content-Length: 2", b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: identity", b"Content-Length: 2"],
    ],
)
def test_ambiguous_length_is_rejected(server, lengths):
    head = [b"POST /predict HTTP/1.1", b"Host: localhost", b"Content-Type: image/png"]
    parts = [*head, *lengths, b"", b"xx"]
    assert send_raw(server, b"\r\n".join(parts)).startswith(b"HTTP/1.1 411 ")


def test_link_of_another_page_cannot_post(server):
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert request(server, headers=HOST_HEADER | headers)[0] == 200
    assert predict(server, encode_image(STROKE), **headers)[0] == 403


@pytest.mark.parametrize("path", ["/", "/page.js", "/model", "/x"])
def test_every_response_forbids_frames_other_sites_and_caches(server, path):
    headers = request(server, path=path)[1]
    policy = headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "base-uri 'none'", "form-action 'none'"} <= set(policy)
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


def test_truncated_body_is_rejected(server):
    content = encode_image(STROKE, "BMP")
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/bmp\r\n"
    head += b"Content-Length: %d\r\n\r\n" % (len(content) + 1)
    response = send_raw(server, head + content, close=True)
    assert response.startswith(b"HTTP/1.1 400 ")
    assert b"ended before the end of the image" in response


# -- slots -----------------------------------------------------------------------------------


class RecordingSemaphore(threading.BoundedSemaphore):
    """A semaphore with one slot that counts how often it is acquired and released."""

    def __init__(self):
        super().__init__(1)
        self.n_acquired = self.n_released = 0

    def acquire(self, *args, **kwargs):
        self.n_acquired += 1
        return super().acquire(*args, **kwargs)

    def release(self, *args):
        self.n_released += 1
        super().release(*args)


@pytest.mark.parametrize("valid", [True, False])
def test_large_bodies_wait_for_a_slot_and_release_it(server, valid, monkeypatch):
    slots = RecordingSemaphore()
    monkeypatch.setattr(server, "_large_body_slots", slots)
    large = encode_image(np.tile(STROKE, (2, 1))[:, :170], "BMP") if valid else b"x" * 70_000
    assert len(large) > LARGE_BODY
    status = 200 if valid else 400
    for n in (1, 2):
        assert predict(server, large, "image/bmp")[0] == status
        assert (slots.n_acquired, slots.n_released) == (n, n)
    predict(server, encode_image(STROKE))
    assert slots.n_acquired == 2


def test_connections_wait_for_a_slot_and_release_it(clf):
    with run_server(clf) as server:
        server._connections = slots = RecordingSemaphore()
        for _ in range(3):
            assert request(server)[0] == 200
    assert slots.n_acquired == 3
    assert slots.n_released >= 2  # the last thread may still be closing its connection


def test_predictions_are_made_one_at_a_time(clf, monkeypatch):
    running, most = [], []

    def slow_prediction(content):
        running.append(content)
        most.append(len(running))
        time.sleep(0.01)
        running.remove(content)
        return b"{}"

    with run_server(clf) as server:
        monkeypatch.setattr(server, "_predict", slow_prediction)
        threads = [threading.Thread(target=predict, args=(server, b"x")) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == [1] * 5


def test_pending_predictions_are_cancelled_when_the_server_is_closed(clf):
    release = threading.Event()
    with run_server(clf) as server:
        running = server._predictions.submit(release.wait)
        pending = server._predictions.submit(time.sleep, 0)
    assert pending.cancelled()
    release.set()
    assert running.result()


# -- time ------------------------------------------------------------------------------------


def test_response_has_its_own_timeout(server, monkeypatch):
    """The deadline of the request may have passed, and a client may never read."""
    timeouts = []

    def send_response(handler, *args):
        timeouts.append(handler.connection.gettimeout())
        original(handler, *args)

    original = PageHandler.send_response
    monkeypatch.setattr(PageHandler, "send_response", send_response)
    monkeypatch.setattr(server, "read_timeout", 2)
    assert request(server)[0] == 200
    assert timeouts == [5]


class SlowConnection:
    """A connection whose clock advances by `pause` seconds before each byte."""

    def __init__(self, pause, monkeypatch):
        self.time, self.pause = 100.0, pause
        self.timeouts = []
        monkeypatch.setattr(_deadline.time, "monotonic", lambda: self.time)

    def settimeout(self, timeout):
        self.timeouts.append(timeout)

    def recv_into(self, buffer):
        self.time += self.pause
        buffer[:1] = b"x"
        return 1


def test_deadline_is_that_of_the_whole_request(monkeypatch):
    connection = SlowConnection(1, monkeypatch)
    reader = _deadline.DeadlineReader(connection, timeout=3)
    for _ in range(31):
        assert reader.readinto(bytearray(8)) == 1
    assert connection.timeouts[:3] == [3, 2, 1]
    # Bytes that have already arrived are still read, but not forever.
    assert set(connection.timeouts[3:]) == {0.001}
    with pytest.raises(TimeoutError):
        reader.readinto(bytearray(8))


def test_waiting_for_a_slot_does_not_count(monkeypatch):
    connection = SlowConnection(0, monkeypatch)
    reader = _deadline.DeadlineReader(connection, timeout=3)

    class Slots:
        def acquire(self):
            connection.time += 60

    reader.acquire(Slots())
    reader.readinto(bytearray(8))
    assert connection.timeouts == [3]
