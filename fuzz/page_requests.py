"""Invalid requests for the server of the draw-a-digit app: images, headers, paths and origins."""

import io
import json
import pickle
import random
import struct
import zlib

import numpy as np
from PIL import Image

HOST = "127.0.0.1"
_CRLF = b"\r\n"


def request(method="POST", path="/predict", headers=(), body=b"", *, host=HOST, version="1.1"):
    """Return an HTTP request as bytes.

    `headers` are pairs ``(name, value)``. The length of the body is added to them.
    """
    headers = [("Host", host), *headers] if host is not None else list(headers)
    names = {name.lower() for name, _ in headers}
    if method == "POST" and not names & {"content-length", "transfer-encoding"}:
        headers.append(("Content-Length", str(len(body))))
    head = [f"{method} {path} HTTP/{version}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join(head).encode("latin-1") + 2 * _CRLF + body


def post(body, kind="image/png", *headers):
    """Return a request for the prediction of an image file."""
    return request(headers=[("Content-Type", kind), *headers], body=body)


def encode(image, file_format, **params):
    """Return an image as the bytes of a file."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, file_format, **params)
    return file.getvalue()


def png(width, height, data=b"", *, bits=8, chunks=()):
    """Return a PNG file. Its header may disagree with `data`, the uncompressed lines of pixels."""

    def chunk(name, content):
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(data, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def truncated(digit):
    """Yield truncated image files."""
    content = encode(digit, "PNG", compress_level=0)
    # At least a byte of the pixels is missing: the last 12 bytes are an empty chunk.
    for n in range(0, len(content) - 12, 64):
        yield post(content[:n])


def too_large():
    """Yield small files of images that are large, or whose headers declare a large size."""
    yield post(png(20_000, 20_000, bytes(20_000 * 2501), bits=1))
    yield post(png(2001, 2000, bytes(2002 * 2000)))
    for width, height in [(2**31 - 1, 1), (2**31 - 1, 2**31 - 1), (2**16, 2**16), (4_000_001, 1)]:
        yield post(png(width, height))
    bmp = bytearray(encode(np.zeros((8, 8), np.uint8), "BMP"))
    for side in (2**15, 2**31 - 1):
        bmp[18:26] = struct.pack("<ii", side, side)
        yield post(bytes(bmp), "image/bmp")
    jpeg = bytearray(encode(np.zeros((8, 8), np.uint8), "JPEG"))
    size = jpeg.index(b"\xff\xc0") + 5
    jpeg[size : size + 4] = b"\xff\xff\xff\xff"
    yield post(bytes(jpeg), "image/jpeg")
    yield post(layered(), "image/jpeg")
    texts = [(b"zTXt", b"k%d\0\0" % i + zlib.compress(bytes(2**20 - 1), 9)) for i in range(60)]
    yield post(png(28, 28, bytes(29 * 28), chunks=texts))
    yield post(
        png(28, 28, bytes(29 * 28), chunks=[(b"iCCP", b"k\0\0" + zlib.compress(bytes(2**26)))])
    )


def layered(scans=5_000):
    """Return a progressive JPEG of 4 megapixels with thousands of scans."""
    content = encode(np.zeros((2000, 2000), np.uint8), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:-2] + content[last:-2] * scans + content[-2:]


def other_formats(digit):
    """Yield files that are not PNG, JPEG or BMP, and images with other content types."""
    for file_format in ("GIF", "WEBP", "TIFF", "PPM", "ICO", "TGA", "PCX"):
        yield post(encode(digit, file_format))
    frames = [Image.fromarray(frame) for frame in (digit, digit.T)]
    for file_format in ("GIF", "PNG"):
        file = io.BytesIO()
        frames[0].save(file, file_format, save_all=True, append_images=frames[1:])
        yield post(file.getvalue())
    yield post(b'<svg xmlns="http://www.w3.org/2000/svg" width="28" height="28"/>')
    yield post(b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><svg>&b;</svg>')
    yield post(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 28 28\n", "image/png")
    yield post(pickle.dumps(digit))
    yield post(b"/etc/passwd")
    content = encode(digit, "PNG")
    for kind in ("image/svg+xml", "image/gif", "text/plain", "multipart/form-data; boundary=x", ""):
        yield post(content, kind)
    yield request(body=content)


def without_digit():
    """Yield images without a digit. Some of them need much time for preprocessing."""
    rng = np.random.default_rng(0)
    dots = np.full((1000, 1000), 255, np.uint8)
    dots.reshape(250, 4, 250, 4)[:, :2, :, :2] = 0
    for image in (
        np.zeros((300, 300), np.uint8),
        np.full((2000, 2000), 255, np.uint8),
        np.full((1, 1), 128, np.uint8),
        np.full((1, 4_000_000), 255, np.uint8),
        rng.integers(0, 256, (950, 950), dtype=np.uint8),
        dots,
    ):
        yield post(encode(image, "PNG"))
    for width, height in [(0, 0), (0, 5), (5, 0)]:
        yield post(png(width, height))
    yield post(b"")


def text():
    """Yield JSON and other text instead of images."""
    image = [0.0] * 784
    texts = [
        *("", "{", "null", "[]", '{"image": ', "NaN", "1" * 100_000, "[" * 100_000),
        *(
            json.dumps({"image": value})
            for value in (image, [float("nan")] * 784, [float("inf")], None, True, 7, "x", {}, [[]])
        ),
        '{"image": "data:image/png;base64,////"}',
        '{"image": "file:///etc/passwd"}',
        '{"image": "http://127.0.0.1/"}',
        "image=../../etc/passwd",
    ]
    for body in texts:
        yield post(body.encode(), "application/json")
        yield post(body.encode(), "image/png")


def malformed(digit):
    """Yield requests that are not valid HTTP, and methods and encodings that are not supported."""
    content = encode(digit, "PNG")
    typed = ("Content-Type", "image/png")
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)  # TLS
    yield b"\r\n\r\n"
    yield b"\0" * 100 + 2 * _CRLF
    yield b"GET /\r\n\r\n"
    yield b"GET\r\n\r\n"
    yield b"GET / HTTP/1.1\r\n\r\n"  # no Host header
    yield b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n\r\n"
    yield b"POST /predict" + 2 * _CRLF
    for version in ("2.0", "9.9", "x", "1.1.1", "-1", "1" * 1000):
        yield request("GET", "/", version=version)
    for method in (
        "PUT",
        "DELETE",
        "TRACE",
        "CONNECT",
        "OPTIONS",
        "PATCH",
        "FOO",
        "get",
        "X" * 999,
    ):
        yield request(method, "/")
        yield request(method, "/predict")
    yield request("POST", "/")
    yield request("GET", "/predict")
    yield request("GET", "/" + "a" * 100_000)
    yield request("GET", "/", [("A", "b" * 100_000)])
    yield request("GET", "/", [(f"A{i}", "b") for i in range(1000)])
    for length in ("-1", "+5", "1e3", "0x10", "1, 2", "", "five", "٥".encode().decode("latin-1")):
        yield request(headers=[typed, ("Content-Length", length)], body=content)
    for length in ("1000001", "20000000", "9" * 30, "9" * 5000):
        yield request(headers=[typed, ("Content-Length", length)], body=content)
    yield request(headers=[typed, *2 * [("Content-Length", str(len(content)))]], body=content)
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)
    for coding in ("chunked", "gzip, chunked", "identity", "x"):
        yield request(headers=[typed, ("Transfer-Encoding", coding)], body=chunked)
    both = [("Transfer-Encoding", "chunked"), ("Content-Length", str(len(chunked)))]
    yield request(headers=[typed, *both], body=chunked)
    yield request(headers=[typed, ("Transfer-Encoding", "chunked")], body=b"ffffffffffffffff\r\n")


def paths():
    """Yield paths that could lead to other files (path traversal)."""
    for path in (
        *("/../../../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd"),
        *("/..\\..\\windows\\win.ini", "//etc/passwd", "/page.css/../../server.py", "/./page.js"),
        *(
            "/page.js%00.html",
            "/page.css/",
            "/PAGE.CSS",
            "/server.py",
            "/__init__.py",
            "/.git/config",
        ),
        *("/etc/passwd", "file:///etc/passwd", "http://example.org/", "*", "/%", "/%zz", "/\xff"),
        *("/index.html;x", "/....//....//etc/passwd", "/model/../predict", "/~root", "/page.js%3f"),
    ):
        yield request("GET", path)
        yield request("POST", path, [("Content-Type", "image/png")], b"x")


def foreign_origins(digit, port):
    """Yield valid images with the Host and Origin headers of other sites."""
    content = encode(digit, "PNG")
    typed = ("Content-Type", "image/png")
    hosts = (
        *("example.org", f"example.org:{port}", "localhost.example.org", "127.0.0.1.example.org"),
        *(
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            f"evil@127.0.0.1:{port}",
            "localhost.",
            "",
            " ",
            "127.0.0.1:x",
        ),
        *("localhost/..", "127.0.0.1, example.org", "127.1", "2130706433", "0x7f.1", "ⅼocalhost"),
    )
    for host in hosts:
        host = host.encode().decode("latin-1")
        yield request(headers=[typed], body=content, host=host)
        yield request("GET", "/", host=host)
    own = f"127.0.0.1:{port}"
    origins = (
        *(
            "http://example.org",
            "null",
            "",
            f"https://{own}",
            "http://127.0.0.1",
            f"http://{own}.x",
        ),
        *("http://localhost:3000", f"http://x@{own}", f"http://{own}/", "file://", "*", "http://"),
    )
    for origin in origins:
        yield request(headers=[typed, ("Origin", origin)], body=content, host=own)
        yield request("GET", "/model", [("Origin", origin)], host=own)
    twice = [("Origin", f"http://{own}"), ("Origin", "http://example.org")]
    yield request(headers=[typed, *twice], body=content, host=own)
    for site in ("cross-site", "same-site", "CROSS-SITE", "x", ""):
        fetched = ("Sec-Fetch-Site", site)
        yield request(headers=[typed, fetched], body=content, host=own)
        yield request(
            headers=[typed, fetched, ("Sec-Fetch-Mode", "navigate")], body=content, host=own
        )
        yield request("GET", "/model", [fetched], host=own)


def mutated(digit, n, seed=0):
    """Yield valid requests with a few bytes changed, deleted or repeated."""
    rng = random.Random(seed)
    formats = [("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True}), ("BMP", {})]
    for i in range(n):
        file_format, params = formats[i % len(formats)]
        valid = post(encode(digit, file_format, **params), f"image/{file_format.lower()}")
        changed = bytearray(valid)
        head = valid.index(2 * _CRLF)
        for _ in range(rng.randint(1, 8)):
            # 10% of the changes are in the headers, the others in the image.
            start, end = (0, head) if rng.random() < 0.1 else (head + 4, len(changed))
            position = rng.randrange(start, end)
            match rng.randrange(3):
                case 0:
                    changed[position] = rng.randrange(256)
                case 1:
                    changed[position : position + 1] = bytes([changed[position]]) * 2
                case 2:
                    del changed[position]
        yield bytes(changed)
