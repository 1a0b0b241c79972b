"""Test data set downloads and damaged data files: ``python -m fuzz.data_files``.

A small data set replaces KMNIST, and a local server replaces its mirror.

- S1: Damaged files are detected.
- S2: Faulty responses of the server raise an error.
- S3: A download can be repeated after kill -9.
- S4: Several processes can download at the same time.
- S5: Links, read-only folders and a full disk are handled.
"""

import argparse
import gzip
import hashlib
import http.server
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from fuzz.common import Report
from skmnist._utils.optional_dependencies import import_torchvision
from skmnist.datasets import _kmnist as kmnist
from skmnist.datasets import fetch_kmnist, fetch_mnist
from skmnist.datasets._dataset_spec import Split
from skmnist.exceptions import DatasetError

N_IMAGES = {"train": 60, "test": 20}
MAX_SECONDS = 60


def _idx(array):
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def _contents():
    """Return the content of the files of the data set, by path relative to the data home."""
    rng = np.random.default_rng(0)
    contents = {}
    for subset, split in kmnist._KMNIST.splits.items():
        n = N_IMAGES[subset]
        images = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        labels = rng.integers(0, 10, n, dtype=np.uint8)
        for file, array in zip(split.files, (images, labels), strict=True):
            contents[file.path] = _idx(array)
    return contents


FILES = _contents()
ARCHIVES = {f"{Path(path).name}.gz": gzip.compress(FILES[path], mtime=0) for path in FILES}


def replace_kmnist(url):
    """Replace KMNIST in this process by the small data set, and its mirror by `url`."""
    for subset, split in kmnist._KMNIST.splits.items():
        images, labels = (file._replace(checksum=None) for file in split.files)
        kmnist._KMNIST.splits[subset] = Split(images, labels, N_IMAGES[subset])
    torchvision_kmnist = import_torchvision().datasets.KMNIST
    torchvision_kmnist.mirrors = [url]
    torchvision_kmnist.resources = [
        (name, hashlib.md5(content).hexdigest()) for name, content in ARCHIVES.items()
    ]


class Handler(http.server.BaseHTTPRequestHandler):
    """Send the requested file, with the `fault` of the server."""

    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self._respond(body=False)

    def do_GET(self):
        self._respond(body=True)

    def _respond(self, body):
        fault, name = self.server.fault, self.path.rpartition("/")[2]
        content = ARCHIVES[name]
        if isinstance(fault, int) and fault >= 400:
            self.send_error(fault)
            return
        if fault == "redirect loop":
            self.send_response(302)
            self.send_header("Location", self.path + "x")
            self.end_headers()
            return
        if fault == "web page":
            content = b"<html>Please log in to this network</html>"
        elif fault == "bomb":
            content = gzip.compress(bytes(200_000_000), compresslevel=1)
        elif fault == "wrong file":
            content = gzip.compress(b"\0" * 1000)
        elif fault == "flipped bit":
            content = content[:100] + bytes([content[100] ^ 1]) + content[101:]
        elif fault == "empty":
            content = b""
        length = len(content) + {"length too long": 9, "length too short": -9}.get(fault, 0)
        self.send_response(200)
        if fault != "no length":
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if not body:
            return
        try:
            if fault == "slow":
                for byte in content:
                    self.wfile.write(bytes([byte]))
                    time.sleep(1)
            elif fault == "no body":
                time.sleep(4 * MAX_SECONDS)
            elif fault == "small blocks":
                for start in range(0, len(content), 1000):
                    self.wfile.write(content[start : start + 1000])
                    time.sleep(0.002)
            elif isinstance(fault, float):
                self.wfile.write(content[: int(fault * len(content))])
            else:
                self.wfile.write(content)
        except OSError:
            pass  # the client closed the connection


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    fault = None

    def handle_error(self, request, client_address):
        pass


@contextmanager
def run_server():
    """Run the server in a thread."""
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def is_correct(home):
    """Load the data set, and return whether its content is correct."""
    images = fetch_kmnist(subset="all", data_home=home).images
    expected = [FILES[split.images.path][16:] for split in kmnist._KMNIST.splits.values()]
    return images.tobytes() == b"".join(expected)


def unexpected_files(home):
    """Return the files in the data home other than the data set and its checksums."""
    found = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    return found - set(FILES) - {f"{path}.sha256" for path in FILES}


def damaged_files(report, folder, flips=200, cuts=24):
    """S1: damaged files of a download are detected, and those of MNIST if it is available."""
    home = folder / "damaged"
    is_correct(home)
    paths = [home / path for path in FILES]
    tried, failures = _damage(paths, lambda: is_correct(home), flips, cuts)
    report.add("S1", "damaged files detected (small data set)", tried, failures)
    source = Path(os.environ.get("SKMNIST_DATA", "")) / "MNIST" / "raw"
    if not (source / "t10k-images-idx3-ubyte").is_file():
        print("            skipped: MNIST is not in SKMNIST_DATA")
        return
    raw = folder / "real" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    names = ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
    for name in names:
        shutil.copyfile(source / name, raw / name)
    tried, failures = _damage(
        [raw / name for name in names],
        lambda: fetch_mnist(subset="test", data_home=folder / "real") is not None,
        flips,
        cuts,
    )
    report.add("S1", "damaged files detected (MNIST)", tried, failures)


def _damage(paths, read, flips, cuts):
    """Damage the files, one change at a time; return the number of changes and the failures."""
    rng = random.Random(0)
    changes = []
    for i in range(flips):
        path = paths[i % len(paths)]
        position = rng.randrange(path.stat().st_size)
        changes.append((path, "flipped bit", position))
    for path in paths:
        header = 16 if "images" in path.name else 8
        changes += [(path, "flipped bit", position) for position in range(header)]
    for i in range(cuts):
        path = paths[i % len(paths)]
        changes.append((path, "truncated", rng.randrange(path.stat().st_size)))
    changes += [(path, "appended byte", 1) for path in paths]
    failures = []
    for path, kind, position in changes:
        intact = path.read_bytes()
        content = bytearray(intact)
        if kind == "flipped bit":
            content[position] ^= 1 << rng.randrange(8)
        elif kind == "truncated":
            del content[position:]
        else:
            content += b"\0"
        path.write_bytes(content)
        try:
            read()
            failures.append(f"{path.name}, {kind} at {position}: no error")
        except DatasetError as error:
            if str(path) not in str(error):
                failures.append(f"{path.name}, {kind} at {position}: {error}")
        path.write_bytes(intact)
    assert read()
    return len(changes), failures


FAULTS = [
    *(n / 20 for n in range(20)),
    400, 403, 404, 410, 500, 502, 503,
    "redirect loop", "web page", "bomb", "wrong file", "flipped bit", "empty",
    "length too long", "length too short", "slow", "no body",
]  # fmt: skip
HARMLESS = [None, "no length", "small blocks"]


def faulty_servers(report, server, folder):
    """S2: the data are correct, or an error is raised in time and no file is left."""
    failures = []
    for i, fault in enumerate([*FAULTS, *HARMLESS]):
        server.fault = fault
        home = folder / f"server-{i}"
        start = time.monotonic()
        try:
            outcome = "correct" if is_correct(home) else "wrong data"
        except DatasetError:
            outcome = "rejected"
        except Exception as error:
            outcome = repr(error)
        seconds = time.monotonic() - start
        if outcome != ("correct" if fault in HARMLESS else "rejected"):
            failures.append(f"{fault}: {outcome}")
        elif seconds > MAX_SECONDS:
            failures.append(f"{fault}: {outcome} after {seconds:.0f} s")
        elif unexpected_files(home) or (fault not in HARMLESS and any(home.iterdir())):
            failures.append(f"{fault}: left {sorted(os.listdir(home))}")
    server.fault = None
    tried = len(FAULTS) + len(HARMLESS)
    report.add("S2", "responses of a server", tried, failures)


def _fetch(url, home, barrier=None):
    replace_kmnist(url)
    if barrier is not None:
        barrier.wait()
    sys.exit(0 if is_correct(home) else 1)


def kills(report, server, folder, tries=50):
    """S3: after a killed download, the next call downloads correct data."""
    server.fault = "small blocks"
    context, failures, killed = multiprocessing.get_context("fork"), [], 0
    rng = random.Random(0)
    for i in range(tries):
        home = folder / f"kill-{i}"
        child = context.Process(target=_fetch, args=(server.url, home))
        child.start()
        while child.is_alive() and not home.is_dir():
            time.sleep(0.0005)
        time.sleep(rng.uniform(0, 0.35))
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        killed += child.exitcode == -signal.SIGKILL
        if not is_correct(home):
            failures.append(f"try {i}")
    server.fault = None
    description = f"downloads after a kill ({killed} killed before the end)"
    report.add("S3", description, tries, failures)


def concurrent_downloads(report, server, folder, tries=10, n_processes=8):
    """S4: all processes load correct data, and no other files are left."""
    server.fault = "small blocks"
    context, failures = multiprocessing.get_context("fork"), []
    for i in range(tries):
        home = folder / f"concurrent-{i}"
        barrier = context.Barrier(n_processes)
        children = [
            context.Process(target=_fetch, args=(server.url, home, barrier))
            for _ in range(n_processes)
        ]
        for child in children:
            child.start()
        for child in children:
            child.join()
        statuses = [child.exitcode for child in children]
        left = [name for name in os.listdir(home) if name != "KMNIST"]
        if any(statuses) or left or unexpected_files(home):
            left += unexpected_files(home)
            failures.append(f"try {i}: exited with {statuses}, left {left}")
    server.fault = None
    report.add("S4", f"downloads by {n_processes} processes at a time", tries, failures)


@contextmanager
def _file_size_limit(n_bytes):
    """Simulate a full disk: files cannot grow beyond `n_bytes`."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def folders(report, folder):
    """S5: the data are loaded, or the error names the folder and the environment variable."""
    failures, tried = [], 0

    def check(description, home, usable):
        nonlocal tried
        tried += 1
        try:
            outcome = "correct" if is_correct(home) else "wrong data"
        except DatasetError as error:
            outcome = str(error)
        except Exception as error:
            outcome = repr(error)
        if usable and outcome != "correct":
            failures.append(f"{description}: {outcome}")
        if not usable and not (str(home) in outcome and "SKMNIST_DATA" in outcome):
            failures.append(f"{description}: {outcome}")

    full = folder / "full"
    is_correct(full)
    link = folder / "link"
    link.symlink_to(full)
    check("link to the data home", link, True)
    linked = folder / "linked files"
    for path in FILES:
        (linked / path).parent.mkdir(parents=True, exist_ok=True)
        (linked / path).symlink_to(full / path)
    check("links to the files", linked, True)
    dangling = folder / "dangling"
    dangling.symlink_to(folder / "nowhere" / "at all")
    check("dangling link", dangling, False)
    file = folder / "file"
    file.touch()
    check("file as the data home", file, False)
    check("data home below a file", file / "home", False)
    # Even root cannot write to /proc.
    check("data home in /proc", Path("/proc/skmnist"), False)
    disk = folder / "disk"
    with _file_size_limit(3000):
        check("full disk", disk, False)
    check("after a full disk", disk, True)
    if left := [name for name in os.listdir(disk) if name != "KMNIST"]:
        failures.append(f"full disk: left {left}")
    for path in full.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    full.chmod(0o555)
    before = {path: path.stat().st_mtime_ns for path in full.rglob("*")}
    check("read-only data home", full, True)
    if {path: path.stat().st_mtime_ns for path in full.rglob("*")} != before:
        failures.append("read-only data home: modified")
    for path in [full, *full.rglob("*")]:
        path.chmod(0o755)
    report.add("S5", "data homes", tried, failures)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m fuzz.data_files", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="tries of S3")
    parser.add_argument("--concurrent", type=int, default=10, help="tries of S4")
    options = parser.parse_args(argv)
    report = Report()
    with run_server() as server, tempfile.TemporaryDirectory() as folder:
        replace_kmnist(server.url)
        folder = Path(folder)
        damaged_files(report, folder)
        folders(report, folder)
        concurrent_downloads(report, server, folder, options.concurrent)
        kills(report, server, folder, options.kills)
        faulty_servers(report, server, folder)
    report.finish()


if __name__ == "__main__":
    main()
