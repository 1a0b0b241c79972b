"""Send the draw-a-digit page's server what it must refuse: ``python -m fuzz.page``.

A bad request must be answered with a status of 400 to 499, in time, in few words that hold no
traceback and no path. The server must not grow, and answer the next good request as before; also
200 at once, and thousands from 50 clients, who must all get their own answer. For Linux.
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

from fuzz import page_requests as bad
from skmnist._estimators.mlp import MLPClassifier
from skmnist._persistence.save_load import save
from skmnist.datasets import load_mnist_sample
from skmnist.preprocessing._predict_image import predict_image

MOST_SECONDS = 2.0
MOST_BYTES = 50 * 2**20
_MEGABYTE = bytes(10**6)
PATIENCE = 120  # seconds until a request counts as not answered
REFUSED = range(400, 500)
ANY = [200, *REFUSED]
_TOO_MUCH_SAID = re.compile(
    rb'Traceback|File "|/root|/home|/usr|/tmp|site-packages|0x[0-9a-f]{6}|root:'
)


class Server:
    """The server, in a process of its own."""

    def __init__(self, model):
        command = [sys.executable, "-m", "skmnist", "serve", str(model), "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self.process.stdout.readline().decode()
        self.port = int(re.search(r":(\d+)/", line)[1])

    def talk(self, parts, *, half_close=True):
        """Send bytes, with a pause for each number among them; return status, body, seconds."""
        start, received = time.monotonic(), b""
        try:
            with socket.create_connection((bad.HOST, self.port), timeout=PATIENCE) as connection:
                try:
                    for part in parts:
                        if isinstance(part, bytes):
                            connection.sendall(part)
                        else:
                            time.sleep(part)
                    if half_close:
                        connection.shutdown(socket.SHUT_WR)
                except ConnectionError:
                    pass  # it may have answered already
                while (some := connection.recv(2**16)) != b"":
                    received += some
                    seconds = time.monotonic() - start
        except OSError as error:
            if not received:
                return type(error).__name__, b"", time.monotonic() - start
        match = re.match(rb"HTTP/1\.1 (\d{3}) ", received)
        if not match:
            return "closed" if not received else "no HTTP", received, time.monotonic() - start
        return int(match[1]), received.partition(b"\r\n\r\n")[2], seconds

    def memory(self, field):
        """Return "VmRSS", the memory that the server has, or "VmHWM", the most that it had."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field):
                return 1024 * int(line.split()[1])
        raise OSError(f"/proc has no {field}")

    def forget_most(self):
        """Let the most memory begin anew at what there is; return that."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        return self.memory("VmRSS")

    def close(self):
        """End it; return what it has said on its way."""
        self.process.terminate()
        return self.process.communicate()[1].decode()


class Good:
    """Sound requests, and what must be answered."""

    def __init__(self, clf, digits):
        self.posts = [bad.post(bad.encode(digit, "PNG")) for digit in digits]
        found = [predict_image(clf, digit) for digit in digits]
        self.wanted = [(str(one.label), one.image.ravel().tolist()) for one in found]

    def ask(self, server, i):
        """Return the outcome of the i-th in a word, and the seconds."""
        i %= len(self.posts)
        status, body, seconds = server.talk([self.posts[i]])
        if status != 200:
            return str(status), seconds
        answer = json.loads(body)
        right = (answer["label"], answer["image"]) == self.wanted[i]
        return "right" if right else "wrong", seconds


def kinds(digit, port, n_mutated):
    """Return ``{kind: (statuses that are wanted, requests)}``."""
    ones = {
        "cut pictures": bad.cut(digit),
        "large pictures": bad.too_large(),
        "other kinds of files": bad.of_other_kinds(digit),
        "without ink": bad.without_ink(),
        "JSON and the like": bad.no_pictures(),
        "malformed HTTP": bad.malformed(digit),
        "paths": bad.paths(),
        "foreign senders": bad.foreign_senders(digit, port),
        "mutated": bad.mutated(digit, n_mutated),
    }
    return {
        # A changed byte may leave a picture sound.
        kind: (ANY if kind == "mutated" else REFUSED, [[one] for one in some])
        for kind, some in ones.items()
    }


def slow(digit):
    """Yield requests that never end, silent or a byte at a time."""
    sound = bad.post(bad.encode(digit, "PNG"))
    for n in (1, 20, sound.index(b"\r\n\r\n") + 2, len(sound) - 100):
        yield [sound[:n]]
        yield [sound[:n], *[0.2, b"x"] * 6]
    yield [_head(("Content-Length", "1000000"))]


def large(megabytes):
    """Yield bodies that are too large, said at first or not."""
    for n in megabytes:
        yield [_head(("Content-Length", str(n * 10**6))), *[_MEGABYTE] * n]
        yield [_head(("Transfer-Encoding", "chunked")), *[b"f4240\r\n", _MEGABYTE, b"\r\n"] * n]


def _head(length):
    return bad.request(headers=[("Content-Type", "image/png"), length])


def count(kind, server, wanted, requests, *, half_close=True, at_once=1):
    """Send the requests; return a row of counts."""

    def talk(parts):
        status, body, seconds = server.talk(parts, half_close=half_close)
        fault = None
        if status not in wanted:
            fault = f"{status} for {parts[0][:100]!r}"
        elif status != 200 and _TOO_MUCH_SAID.search(body):
            fault = f"{body[:200]!r} for {parts[0][:100]!r}"
        return status, seconds, fault

    return _row(kind, server, talk, requests, at_once)


def count_good(kind, server, good, n, *, at_once=1):
    """Send sound requests; return a row of counts."""

    def ask(i):
        outcome, seconds = good.ask(server, i)
        return outcome, seconds, None if outcome == "right" else outcome

    return _row(kind, server, ask, range(n), at_once)


def _row(kind, server, talk, requests, at_once):
    before = server.forget_most()
    with ThreadPoolExecutor(at_once) as clients:
        found = list(clients.map(talk, requests))
    return {
        "kind": kind,
        "at once": at_once,
        "outcomes": Counter(outcome for outcome, _, _ in found),
        "slowest": max(seconds for _, seconds, _ in found),
        "growth": server.memory("VmHWM") - before,
        "faults": [fault for _, _, fault in found if fault],
    }


def run(every=1):
    """Try all kinds, or parts of them; return a row of counts for each."""
    X, y = load_mnist_sample(return_X_y=True)
    clf = MLPClassifier(max_epochs=3, random_state=0).fit(X, y)
    digits = X[:: 5000 // 40].reshape(-1, 28, 28)
    good, digit = Good(clf, digits), digits[0]
    with tempfile.TemporaryDirectory() as folder:
        save(clf, Path(folder) / "model")
        server = Server(Path(folder) / "model")
        try:
            rows = list(_rows(server, good, digit, every))
        finally:
            said = server.close()
    if said:
        rows[-1]["faults"].append(f"the server said {said[:500]}")
    return rows


def _rows(server, good, digit, every):
    """Yield a row for each kind of request; after the bad ones a good one is asked."""
    few, many = max(2, 20 // every), max(20, 200 // every)
    yield count_good("sound", server, good, 40)
    start = server.memory("VmRSS")

    def then_good(row):
        outcome, _ = good.ask(server, 0)
        if outcome != "right":
            row["faults"].append(f"the next good request: {outcome}")
        return row

    for kind, (wanted, requests) in kinds(digit, server.port, 50 * few).items():
        yield then_good(count(kind, server, wanted, requests))
    never = list(slow(digit))
    yield then_good(count("slow", server, REFUSED, never, half_close=False))
    never = (never * many)[:many]
    yield then_good(count("slow", server, REFUSED, never, half_close=False, at_once=many))
    yield then_good(count("large bodies", server, REFUSED, large((2, 5 * few))))
    large_ones = list(large((20,))) * (many // 2)
    yield then_good(count("20 MB", server, REFUSED, large_ones, at_once=many))
    mixed = [one for _, some in kinds(digit, server.port, 5 * few).values() for one in some]
    yield then_good(count("all of these", server, ANY, mixed, at_once=many))
    yield count_good("sound", server, good, 200, at_once=200)
    last = count_good("sound", server, good, 5000 // every, at_once=50)
    # All in all.
    last["growth"] = max(last["growth"], server.memory("VmRSS") - start)
    yield last


def faults(row):
    """Yield what went wrong with the requests of one kind, in words."""
    yield from row["faults"][:5]
    if row["slowest"] > MOST_SECONDS and row["at once"] == 1:
        yield f"{row['slowest']:.2f} s"
    if row["growth"] > MOST_BYTES:
        yield f"{row['growth'] / 2**20:.0f} MB"


def main(argv=None):
    """Print the counts; the exit status tells whether all went as it must."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.page", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="send an n-th of the many")
    options = parser.parse_args(argv)
    rows = run(options.every)
    names = ("requests", "at once", "4xx", "right")
    print(f"{'kind':24}{''.join(f'{name:>9}' for name in names)}{'slowest':>10}{'memory':>9}")
    for row in rows:
        refused = sum(n for status, n in row["outcomes"].items() if status in REFUSED)
        right = row["outcomes"]["right"] + row["outcomes"][200]
        print(
            f"{row['kind']:24}{row['outcomes'].total():9}{row['at once']:9}{refused:9}{right:9}"
            f"{row['slowest']:8.2f} s{row['growth'] / 2**20:6.0f} MB"
        )
    print(f"{'all':24}{sum(row['outcomes'].total() for row in rows):9}")
    found = [f"{row['kind']}: {fault}" for row in rows for fault in faults(row)]
    print("\n".join(["FAULTS", *found]) if found else "All refused or answered right.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
