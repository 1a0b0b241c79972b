"""The server: predictions, rejected requests, hosts and ports."""

import io
import json
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageDraw
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skmnist import CNNClassifier, MLPClassifier, predict_image
from skmnist.serving import DigitServer
from tests.helpers import ROOT
from tests.serving.helpers import (
    HOST_HEADER,
    encode_image,
    get_port,
    predict,
    request,
    run_server,
    send_raw,
)

# The files of the page, and their content types.
PAGE_FILES = [
    ("/", "html"),
    ("/page.css", "css"),
    ("/page.js", "javascript"),
    ("/server.js", "javascript"),
]

# -- predictions -------------------------------------------------------------------------------


def test_explanation_has_an_image_for_each_of_the_two_best_labels(server, clf, data):
    content = encode_image(data[0][0].reshape(28, 28))
    status, _, body = request(
        server, "POST", "/explain", content, HOST_HEADER | {"Content-Type": "image/png"}
    )
    assert status == 200
    explanations = json.loads(body)["explanations"]
    proba = predict_image(io.BytesIO(content), clf).proba
    best = sorted(proba, key=proba.get, reverse=True)[:2]
    assert [one["label"] for one in explanations] == [str(label) for label in best]
    for one in explanations:
        image = np.array(one["image"])
        assert image.shape == (28 * 28 * 3,)
        assert 0 <= image.min() < image.max() <= 255
    blank = encode_image(np.full((100, 100), 255, np.uint8))
    headers = HOST_HEADER | {"Content-Type": "image/png"}
    assert request(server, "POST", "/explain", blank, headers)[0] == 422


@pytest.mark.parametrize("format", ["PNG", "JPEG", "BMP"])
def test_response_equals_predict_image(server, clf, data, format):
    X, _ = data
    for digit in X[::1000]:
        content = encode_image(digit.reshape(28, 28), format)
        status, result = predict(server, content, f"image/{format.lower()}")
        expected = predict_image(io.BytesIO(content), clf)
        assert status == 200
        assert result["label"] == str(expected.label)
        assert result["image"] == expected.image.ravel().tolist()
        assert result["probabilities"] == [[str(k), p] for k, p in expected.proba.items()]
        assert result["seconds"] > 0


@pytest.mark.parametrize("mode", ["1", "RGB", "RGBA", "P", "I;16", "CMYK"])
def test_images_of_other_modes_are_read(server, mode):
    image = Image.new("L", (200, 200), 255)
    ImageDraw.Draw(image).line([(100, 30), (100, 170)], fill=0, width=16)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    else:
        image = image.convert(mode)
    format = "JPEG" if mode == "CMYK" else "PNG"
    status, result = predict(server, encode_image(image, format), f"image/{format.lower()}")
    assert (status, result["label"]) == (200, "1")


def test_pipelines_are_served(data):
    X, y = data
    model = make_pipeline(MinMaxScaler(), MLPClassifier(max_epochs=3, random_state=0)).fit(X, y)
    with run_server(model) as server:
        status, result = predict(server, encode_image(X[0].reshape(28, 28)))
        assert (status, result["label"]) == (200, str(y[0]))


def test_concurrent_requests_get_their_own_responses(server, clf, data):
    X, _ = data
    digits = X[::25].reshape(-1, 28, 28)
    with ThreadPoolExecutor(200) as clients:
        results = list(clients.map(lambda digit: predict(server, encode_image(digit)), digits))
    assert len(results) == 200
    for (status, response), digit in zip(results, digits, strict=True):
        assert status == 200
        assert response["label"] == str(predict_image(digit, clf).label)


def test_page_loads_nothing_from_other_sites(server):
    for path, subtype in PAGE_FILES:
        status, headers, content = request(server, path=path)
        assert status == 200
        assert headers["Content-Type"] == f"text/{subtype}; charset=utf-8"
        assert b"//" not in content.replace(b"// ", b"") and b"http:" not in content
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Server"] == "skmnist"
    assert b"style=" not in request(server)[2]
    assert request(server, "HEAD")[2] == b""


# -- rejections --------------------------------------------------------------------------------


def assert_error(server, status, message, *args, **kwargs):
    actual, headers, content = request(server, *args, **kwargs)
    assert actual == status
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert message in json.loads(content)["error"]


def test_pixels_are_counted_before_they_are_decoded(server, monkeypatch):
    large = encode_image(Image.new("1", (2001, 2000)))
    monkeypatch.setattr(Image.Image, "load", None)  # decodes the pixels
    status, result = predict(server, large)
    assert status == 413
    assert "2001 × 2000 pixels. The maximum is 4 million" in result["error"]


@pytest.mark.parametrize("format", ["GIF", "TIFF", "WEBP", "PPM"])
def test_other_formats_are_rejected_despite_their_content_type(server, format):
    content = encode_image(np.zeros((28, 28), np.uint8), format)
    assert predict(server, content)[0] == 400
    assert predict(server, content, f"image/{format.lower()}")[0] == 415


def test_blank_image_is_rejected(server):
    status, result = predict(server, encode_image(np.full((100, 100), 255, np.uint8)))
    assert status == 422
    assert result["error"].startswith("No foreground found: ")


def test_image_of_many_small_parts_is_rejected(server):
    content = encode_image(np.zeros((64, 64), np.uint8), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    layered = content[:-2] + content[last:-2] * 100 + content[-2:]
    status, result = predict(server, layered, "image/jpeg")
    assert status == 413
    assert "too many parts" in result["error"]


def test_length_is_checked_before_the_body_is_read(server):
    headers = HOST_HEADER | {"Content-Type": "image/png"}
    post = ("POST", "/predict")
    for length in ("1000001", "20000000", "9" * 5000):
        assert_error(server, 413, "1000 kB", *post, headers=headers | {"Content-Length": length})
    for length in ("-1", "x", "1e3", ""):
        assert_error(server, 400, "number", *post, headers=headers | {"Content-Length": length})
    assert_error(server, 400, "no image", *post, headers=headers | {"Content-Length": "0"})
    assert_error(server, 411, "Content-Length", *post, headers=headers)
    assert_error(
        server, 411, "Content-Length", *post, headers=headers | {"Transfer-Encoding": "chunked"}
    )


def test_large_body_is_drained_and_answered(server):
    # Also to a client that sends everything before it reads.
    assert predict(server, bytes(20_000_000))[0] == 413


@pytest.mark.parametrize("body", [b"{", b"[NaN]", b'{"image": [NaN]}', b"null", b"[" * 10_000])
def test_json_is_rejected(server, body):
    assert predict(server, body, "application/json")[0] == 415
    assert predict(server, body)[0] == 400


@pytest.mark.parametrize(
    "path", ["/..", "/../server.py", "/%2e%2e/server.py", "//etc/passwd", "/page.js/", "/x", "*"]
)
def test_other_paths_are_not_found(server, path):
    assert_error(server, 404, "Not found", path=path)


def test_other_methods_are_rejected(server):
    for method, path, allowed in [("PUT", "/", "GET"), ("GET", "/predict", "POST")]:
        assert request(server, method, path)[1]["Allow"] == allowed
        assert_error(server, 405, allowed, method, path)


def test_requests_from_other_origins_are_rejected(server):
    own = f"127.0.0.1:{get_port(server)}"
    for host in (own, f"localhost:{get_port(server)}", "LOCALHOST", "127.0.0.1", "[::1]:80"):
        assert request(server, headers={"Host": host})[0] == 200
    for host in (
        "example.org",
        f"example.org:{get_port(server)}",
        "10.0.0.1",
        "localhost.example.org",
    ):
        assert_error(server, 403, "Unknown host name", headers={"Host": host})
    for host in ("", "a b", "127.0.0.1:x", "127.0.0.1@example.org"):
        assert_error(server, 400, "Host header", headers={"Host": host})
    assert_error(server, 400, "Host header", headers={})
    assert request(server, headers={"Host": own, "Origin": f"http://{own}"})[0] == 200
    for origin in ("http://example.org", "null", f"https://{own}", "http://localhost:3000", ""):
        assert_error(server, 403, "other web pages", headers={"Host": own, "Origin": origin})


def test_sec_fetch_headers_are_checked(server):
    def status(path="/model", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return request(server, path=path, headers=HOST_HEADER | headers)[0]

    assert status(Sec_Fetch_Site="same-origin") == 200
    assert status(Sec_Fetch_Site="none") == 200
    assert status(Sec_Fetch_Site="cross-site") == 403
    assert status(Sec_Fetch_Site="same-site") == 403
    # Following a link to the page.
    assert status("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate") == 200
    assert status("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors") == 403


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"\x16\x03\x01\0\0\r\n\r\n", 400),
        (b"GET /" + b"a" * 70_000, 414),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200, 431),
        (b"FOO / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    ],
)
def test_invalid_http_is_rejected(server, request_, status):
    response = send_raw(server, request_)
    assert response.startswith(b"HTTP/1.1 %d " % status)
    assert b"Traceback" not in response


def test_slow_requests_time_out_and_block_nobody(server, data, monkeypatch):
    monkeypatch.setattr(server, "read_timeout", 0.3)
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
    for parts in (
        [b"P"],
        [head],
        [head + b"Content-Length: 900000\r\n\r\n"],
        [head + b"Content-Length: 9\r\n\r\n", b"x", b"y"],
    ):
        assert send_raw(server, *parts, pause=0.1).startswith(b"HTTP/1.1 408 ")
    # Browsers open spare connections; one without a request gets no response.
    assert send_raw(server) == b""
    X, y = data
    waiting = [socket.create_connection(("127.0.0.1", get_port(server))) for _ in range(50)]
    status, result = predict(server, encode_image(X[0].reshape(28, 28)))
    assert (status, result["label"]) == (200, str(y[0]))
    for connection in waiting:
        connection.close()


def test_closed_connections_are_not_an_error(server, capfd):
    for _ in range(5):
        connection = socket.create_connection(("127.0.0.1", get_port(server)))
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        # Reset the connection instead of closing it.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
    assert request(server)[0] == 200
    assert capfd.readouterr().err == ""


def test_server_errors_are_printed_only_to_its_terminal(server, capsys, monkeypatch):
    def fail(content):
        raise RuntimeError("a secret")

    monkeypatch.setattr(server, "predict", fail)
    status, result = predict(server, b"x")
    assert status == 500
    assert "secret" not in result["error"]
    assert "RuntimeError: a secret" in capsys.readouterr().err


def test_server_listens_only_to_loopback_by_default(server):
    assert server.server_address[0] == "127.0.0.1"
    assert server.is_loopback


def test_server_listens_to_the_network_on_request(clf):
    with run_server(clf, host="0.0.0.0") as server:
        assert not server.is_loopback
        assert request(server, headers={"Host": "192.168.1.7:8000"})[0] == 200
        assert request(server, headers={"Host": "example.org"})[0] == 403


def test_models_of_other_images_are_rejected(data):
    X, y = data
    with pytest.raises(ValueError, match="28 x 28"):
        DigitServer(CNNClassifier(2, max_epochs=1).fit(X[::50, :64], y[::50]))


def test_port_in_use_is_named(server, clf):
    with pytest.raises(
        OSError, match=f"port {get_port(server)} of 127.0.0.1: .* Choose another port"
    ):
        DigitServer(clf, port=get_port(server))
    with pytest.raises(OSError, match="'no such host' is not an address"):
        DigitServer(clf, host="no such host")


@pytest.mark.slow
def test_thousands_of_invalid_requests_do_no_harm():
    if sys.platform != "linux":
        pytest.skip("needs Linux: /proc shows the memory of the server")
    command = [sys.executable, "-m", "fuzz.page", "--every", "10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
