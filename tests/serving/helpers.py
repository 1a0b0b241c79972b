"""Run a server in a thread and send requests to it."""

import http.client
import io
import json
import socket
import threading
import time

from PIL import Image

from skmnist.serving import DigitServer

HOST_HEADER = {"Host": "127.0.0.1"}


class run_server:
    """Run a server in a thread: ``with run_server(clf) as server``."""

    def __init__(self, estimator, **kwargs):
        self.server = DigitServer(estimator, **kwargs)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))

    def __enter__(self):
        self.thread.start()
        return self.server

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def get_port(server):
    return server.server_address[1]


def request(server, method="GET", path="/", body=None, headers=HOST_HEADER):
    """Send a request; return the status, the headers and the content of the response."""
    connection = http.client.HTTPConnection("127.0.0.1", get_port(server), timeout=60)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None and "Content-Length" not in headers:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def send_raw(server, *parts, pause=0.0, close=False):
    """Send parts, with a pause after each; return everything that is received.

    If `close` is True, the client then announces that it sends nothing more.
    """
    received = b""
    with socket.create_connection(("127.0.0.1", get_port(server)), timeout=60) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        if close:
            connection.shutdown(socket.SHUT_WR)
        while chunk := connection.recv(2**16):
            received += chunk
    return received


def predict(server, content, content_type="image/png", **headers):
    """Send an image; return the status and the decoded JSON of the response."""
    status, _, result = request(
        server, "POST", "/predict", content, HOST_HEADER | {"Content-Type": content_type, **headers}
    )
    return status, json.loads(result)


def encode_image(image, format="PNG", **options):
    file = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(file, format, **options)
    return file.getvalue()
