"""Send invalid requests to the server of the draw-a-digit app: ``python -m fuzz.page``.

- W1: The response to an invalid request has a status from 400 to 499 and no traceback or path.
- W2: Responses are in time, and the memory of the server does not grow.
- W3: Valid requests are answered correctly, also after invalid ones, during invalid ones and from
  many clients at the same time.

The script needs Linux.
"""

import argparse
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fuzz import page_requests as requests
from skmnist import predict_image
from skmnist._estimators.mlp import MLPClassifier
from skmnist._persistence.save_load import save
from skmnist.datasets import load_mnist_sample

MAX_SECONDS = 2.0
MAX_BYTES = 50 * 2**20
_MEGABYTE = bytes(10**6)
TIMEOUT = 120  # seconds
REJECTED = range(400, 500)
ANY = [200, *REJECTED]
# Parts of tracebacks and paths, which a response must not contain.
_INTERNALS = re.compile(
    rb'Traceback|File "|/root|/home|/usr|/tmp|site-packages|0x[0-9a-f]{6}|root:'
)


class Server:
    """The server in its own process."""

    def __init__(self, model):
        command = [sys.executable, "-m", "skmnist", "serve", str(model), "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self.process.stdout.readline().decode()
        self.port = int(re.search(r":(\d+)/", line)[1])

    def send(self, parts, *, half_close=True):
        """Send a request and return the status, the body and the seconds of the response.

        A part is either bytes or the seconds of a pause.
        """
        start, received = time.monotonic(), b""
        try:
            with socket.create_connection(
                (requests.HOST, self.port), timeout=TIMEOUT
            ) as connection:
                try:
                    for part in parts:
                        if isinstance(part, bytes):
                            connection.sendall(part)
                        else:
                            time.sleep(part)
                    if half_close:
                        connection.shutdown(socket.SHUT_WR)
                except ConnectionError:
                    pass  # the server may have responded before the end of the request
                while (block := connection.recv(2**16)) != b"":
                    received += block
                    seconds = time.monotonic() - start
        except OSError as error:
            if not received:
                return type(error).__name__, b"", time.monotonic() - start
        match = re.match(rb"HTTP/1\.1 (\d{3}) ", received)
        if not match:
            return "closed" if not received else "not HTTP", received, time.monotonic() - start
        return int(match[1]), received.partition(b"\r\n\r\n")[2], seconds

    def memory(self, field):
        """Return the current memory ("VmRSS") or the peak memory ("VmHWM") of the server."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field):
                return 1024 * int(line.split()[1])
        raise OSError(f"/proc has no {field}")

    def reset_peak_memory(self):
        """Reset the peak memory, and return the current memory."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        return self.memory("VmRSS")

    def close(self):
        """Terminate the server, and return its error output."""
        self.process.terminate()
        return self.process.communicate()[1].decode()


class ValidRequests:
    """Valid requests and their expected responses."""

    def __init__(self, clf, digits):
        self.posts = [requests.post(requests.encode(digit, "PNG")) for digit in digits]
        predictions = [predict_image(digit, clf) for digit in digits]
        self.expected = [(str(p.label), p.image.ravel().tolist()) for p in predictions]

    def send(self, server, i):
        """Send the i-th request, and return the outcome and the seconds."""
        i %= len(self.posts)
        status, body, seconds = server.send([self.posts[i]])
        if status != 200:
            return str(status), seconds
        response = json.loads(body)
        is_correct = (response["label"], response["image"]) == self.expected[i]
        return "correct" if is_correct else "wrong", seconds


def kinds(digit, port, n_mutated):
    """Return ``{kind: (allowed statuses, requests)}``."""
    invalid = {
        "truncated images": requests.truncated(digit),
        "large images": requests.too_large(),
        "other file formats": requests.other_formats(digit),
        "images without a digit": requests.without_digit(),
        "JSON and other text": requests.text(),
        "malformed HTTP": requests.malformed(digit),
        "paths": requests.paths(),
        "foreign origins": requests.foreign_origins(digit, port),
        "mutated": requests.mutated(digit, n_mutated),
    }
    return {
        # An image may still be valid after a few changed bytes.
        kind: (ANY if kind == "mutated" else REJECTED, [[request] for request in some])
        for kind, some in invalid.items()
    }


def slow(digit):
    """Yield incomplete requests that stop or continue a byte at a time."""
    valid = requests.post(requests.encode(digit, "PNG"))
    for n in (1, 20, valid.index(b"\r\n\r\n") + 2, len(valid) - 100):
        yield [valid[:n]]
        yield [valid[:n], *[0.2, b"x"] * 6]
    yield [_head(("Content-Length", "1000000"))]


def large(megabytes):
    """Yield requests with too large bodies, with a declared length or chunked."""
    for n in megabytes:
        yield [_head(("Content-Length", str(n * 10**6))), *[_MEGABYTE] * n]
        yield [_head(("Transfer-Encoding", "chunked")), *[b"f4240\r\n", _MEGABYTE, b"\r\n"] * n]


def _head(length):
    return requests.request(headers=[("Content-Type", "image/png"), length])


def count(kind, server, allowed, invalid, *, half_close=True, n_clients=1):
    """Send invalid requests; return a row of counts."""

    def send(parts):
        status, body, seconds = server.send(parts, half_close=half_close)
        fault = None
        if status not in allowed:
            fault = f"{status} for {parts[0][:100]!r}"
        elif status != 200 and _INTERNALS.search(body):
            fault = f"{body[:200]!r} for {parts[0][:100]!r}"
        return status, seconds, fault

    return _row(kind, server, send, invalid, n_clients)


def count_valid(kind, server, valid, n, *, n_clients=1):
    """Send `n` valid requests; return a row of counts."""

    def send(i):
        outcome, seconds = valid.send(server, i)
        return outcome, seconds, None if outcome == "correct" else outcome

    return _row(kind, server, send, range(n), n_clients)


def _row(kind, server, send, items, n_clients):
    before = server.reset_peak_memory()
    with ThreadPoolExecutor(n_clients) as clients:
        results = list(clients.map(send, items))
    return {
        "kind": kind,
        "clients": n_clients,
        "outcomes": Counter(outcome for outcome, _, _ in results),
        "slowest": max(seconds for _, seconds, _ in results),
        "growth": server.memory("VmHWM") - before,
        "faults": [fault for _, _, fault in results if fault],
    }


def run(every=1):
    """Send requests of all kinds, or an `every`-th of them; return a row of counts for each."""
    X, y = load_mnist_sample(return_X_y=True)
    clf = MLPClassifier(max_epochs=3, random_state=0).fit(X, y)
    digits = X[:: 5000 // 40].reshape(-1, 28, 28)
    valid, digit = ValidRequests(clf, digits), digits[0]
    with tempfile.TemporaryDirectory() as folder:
        save(clf, Path(folder) / "model")
        server = Server(Path(folder) / "model")
        try:
            rows = list(_rows(server, valid, digit, every))
        finally:
            error_output = server.close()
    if error_output:
        rows[-1]["faults"].append(f"the server wrote to stderr: {error_output[:500]}")
    return rows


def _rows(server, valid, digit, every):
    """Yield a row for each kind of request. A valid request follows after each invalid kind."""
    few, many = max(2, 20 // every), max(20, 200 // every)
    yield count_valid("valid", server, valid, 40)
    start = server.memory("VmRSS")

    def then_valid(row):
        outcome, _ = valid.send(server, 0)
        if outcome != "correct":
            row["faults"].append(f"the next valid request: {outcome}")
        return row

    for kind, (allowed, invalid) in kinds(digit, server.port, 50 * few).items():
        yield then_valid(count(kind, server, allowed, invalid))
    incomplete = list(slow(digit))
    yield then_valid(count("slow", server, REJECTED, incomplete, half_close=False))
    incomplete = (incomplete * many)[:many]
    row = count("slow", server, REJECTED, incomplete, half_close=False, n_clients=many)
    yield then_valid(row)
    yield then_valid(count("large bodies", server, REJECTED, large((2, 5 * few))))
    large_bodies = list(large((20,))) * (many // 2)
    yield then_valid(count("20 MB", server, REJECTED, large_bodies, n_clients=many))
    mixed = [one for _, some in kinds(digit, server.port, 5 * few).values() for one in some]
    yield then_valid(count("mixed", server, ANY, mixed, n_clients=many))
    yield count_valid("valid", server, valid, 200, n_clients=200)
    last = count_valid("valid", server, valid, 5000 // every, n_clients=50)
    # The growth since the first valid requests.
    last["growth"] = max(last["growth"], server.memory("VmRSS") - start)
    yield last


def faults(row):
    """Yield a description of each failure of one kind of request."""
    yield from row["faults"][:5]
    if row["slowest"] > MAX_SECONDS and row["clients"] == 1:
        yield f"{row['slowest']:.2f} s"
    if row["growth"] > MAX_BYTES:
        yield f"{row['growth'] / 2**20:.0f} MB"


def main(argv=None):
    """Print the counts, and return 1 if there are failures."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.page", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="send every n-th request")
    options = parser.parse_args(argv)
    rows = run(options.every)
    names = ("requests", "clients", "rejected", "correct")
    print(f"{'kind':24}{''.join(f'{name:>9}' for name in names)}{'slowest':>10}{'memory':>9}")
    for row in rows:
        rejected = sum(n for status, n in row["outcomes"].items() if status in REJECTED)
        correct = row["outcomes"]["correct"] + row["outcomes"][200]
        print(
            f"{row['kind']:24}{row['outcomes'].total():9}{row['clients']:9}{rejected:9}"
            f"{correct:9}{row['slowest']:8.2f} s{row['growth'] / 2**20:6.0f} MB"
        )
    print(f"{'all':24}{sum(row['outcomes'].total() for row in rows):9}")
    failures = [f"{row['kind']}: {fault}" for row in rows for fault in faults(row)]
    print("\n".join(["Failures:", *failures]) if failures else "All responses are correct.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
