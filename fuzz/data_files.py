"""Damaged files, bad servers, kills and crowds: ``python -m fuzz.data_files``.

A small set takes the place of KMNIST, and a server on this machine the place of its mirror.
S1: files damaged after they were unpacked. S2: what a server may answer. S3: kill -9 while a set is
being fetched. S4: processes that fetch at once. S5: folders that can't be written to, a full disk.
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

from fuzz.bars import Bars
from skmnist._utils.optional_dependencies import import_torchvision
from skmnist.datasets import _kmnist as kmnist
from skmnist.datasets import fetch_kmnist, fetch_mnist
from skmnist.datasets._dataset_spec import Split
from skmnist.exceptions import DatasetError

N_IMAGES = {"train": 60, "test": 20}
SECONDS = 60


def _idx(array):
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def _contents():
    """Return the set's files: path below the data home -> bytes."""
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
SENT = {f"{Path(path).name}.gz": gzip.compress(FILES[path], mtime=0) for path in FILES}


def stand_in(url):
    """Let the small set take the place of KMNIST in this process, and `url` that of its mirror."""
    for subset, split in kmnist._KMNIST.splits.items():
        images, labels = (file._replace(checksum=None) for file in split.files)
        kmnist._KMNIST.splits[subset] = Split(images, labels, N_IMAGES[subset])
    theirs = import_torchvision().datasets.KMNIST
    theirs.mirrors = [url]
    theirs.resources = [(name, hashlib.md5(sent).hexdigest()) for name, sent in SENT.items()]


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as the server's `fault` says."""

    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def _answer(self, body):
        fault, name = self.server.fault, self.path.rpartition("/")[2]
        content = SENT[name]
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
        elif fault == "another file":
            content = gzip.compress(b"\0" * 1000)
        elif fault == "flipped":
            content = content[:100] + bytes([content[100] ^ 1]) + content[101:]
        elif fault == "empty":
            content = b""
        length = len(content) + {"longer length": 9, "shorter length": -9}.get(fault, 0)
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
            elif fault == "silent":
                time.sleep(4 * SECONDS)
            elif fault == "in pieces":
                for start in range(0, len(content), 1000):
                    self.wfile.write(content[start : start + 1000])
                    time.sleep(0.002)
            elif isinstance(fault, float):
                self.wfile.write(content[: int(fault * len(content))])
            else:
                self.wfile.write(content)
        except OSError:
            pass  # the other side had enough


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    fault = None

    def handle_error(self, request, client_address):
        pass


@contextmanager
def served():
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def is_right(home):
    """Whether the set can be read and is what it should be."""
    images = fetch_kmnist(subset="all", data_home=home).images
    wanted = [FILES[split.images.path][16:] for split in kmnist._KMNIST.splits.values()]
    return images.tobytes() == b"".join(wanted)


def stray_files(home):
    """Return what lies in the data home beyond whole files and their digests."""
    found = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    return found - set(FILES) - {f"{path}.sha256" for path in FILES}


def damaged_files(bars, folder, flips=200, cuts=24):
    """S1: after a download; and the real MNIST, where it is there."""
    home = folder / "damaged"
    is_right(home)
    paths = [home / path for path in FILES]
    tried, wrong = _damage(paths, lambda: is_right(home), flips, cuts)
    bars.report("S1", "damaged files noticed (a small KMNIST)", tried - len(wrong), tried, wrong)
    source = Path(os.environ.get("SKMNIST_DATA", "")) / "MNIST" / "raw"
    if not (source / "t10k-images-idx3-ubyte").is_file():
        print("            the real MNIST is not in SKMNIST_DATA: not tried")
        return
    raw = folder / "real" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    names = ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
    for name in names:
        shutil.copyfile(source / name, raw / name)
    tried, wrong = _damage(
        [raw / name for name in names],
        lambda: fetch_mnist(subset="test", data_home=folder / "real") is not None,
        flips,
        cuts,
    )
    bars.report("S1", "damaged files noticed (the real MNIST)", tried - len(wrong), tried, wrong)


def _damage(paths, read, flips, cuts):
    rng = random.Random(0)
    changes = []
    for i in range(flips):
        path = paths[i % len(paths)]
        position = rng.randrange(path.stat().st_size)
        changes.append((path, "flip", position))
    for path in paths:
        header = 16 if "images" in path.name else 8
        changes += [(path, "flip", position) for position in range(header)]
    for i in range(cuts):
        path = paths[i % len(paths)]
        changes.append((path, "cut", rng.randrange(path.stat().st_size)))
    changes += [(path, "append", 1) for path in paths]
    wrong = []
    for path, kind, position in changes:
        sound = path.read_bytes()
        content = bytearray(sound)
        if kind == "flip":
            content[position] ^= 1 << rng.randrange(8)
        elif kind == "cut":
            del content[position:]
        else:
            content += b"\0"
        path.write_bytes(content)
        try:
            read()
            wrong.append(f"{path.name}, {kind} at {position}: read")
        except DatasetError as error:
            if str(path) not in str(error):
                wrong.append(f"{path.name}, {kind} at {position}: {error}")
        path.write_bytes(sound)
    assert read()
    return len(changes), wrong


FAULTS = [
    *(n / 20 for n in range(20)),
    400, 403, 404, 410, 500, 502, 503,
    "redirect loop", "web page", "bomb", "another file", "flipped", "empty",
    "longer length", "shorter length", "slow", "silent",
]  # fmt: skip
HARMLESS = [None, "no length", "in pieces"]


def bad_servers(bars, server, folder):
    """S2: the right data, or one error in time; nothing half in the data home."""
    wrong = []
    for i, fault in enumerate([*FAULTS, *HARMLESS]):
        server.fault = fault
        home = folder / f"server-{i}"
        start = time.monotonic()
        try:
            came = "right" if is_right(home) else "wrong data"
        except DatasetError:
            came = "refused"
        except Exception as error:
            came = repr(error)
        seconds = time.monotonic() - start
        if came != ("right" if fault in HARMLESS else "refused"):
            wrong.append(f"{fault}: {came}")
        elif seconds > SECONDS:
            wrong.append(f"{fault}: {came} after {seconds:.0f} s")
        elif stray_files(home) or (fault not in HARMLESS and any(home.iterdir())):
            wrong.append(f"{fault}: left {sorted(os.listdir(home))}")
    server.fault = None
    tried = len(FAULTS) + len(HARMLESS)
    bars.report("S2", "answers of a server", tried - len(wrong), tried, wrong)


def _fetch(url, home, at_once=None):
    stand_in(url)
    if at_once is not None:
        at_once.wait()
    sys.exit(0 if is_right(home) else 1)


def kills(bars, server, folder, tries=50):
    """S3: the call after the kill is right."""
    server.fault = "in pieces"
    context, wrong, killed = multiprocessing.get_context("fork"), [], 0
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
        if not is_right(home):
            wrong.append(f"try {i}")
    server.fault = None
    words = f"right after a kill ({killed} of them in time)"
    bars.report("S3", words, tries - len(wrong), tries, wrong)


def crowds(bars, server, folder, tries=10, n_processes=8):
    """S4: all end right, and nothing is left but the files."""
    server.fault = "in pieces"
    context, wrong = multiprocessing.get_context("fork"), []
    for i in range(tries):
        home = folder / f"crowd-{i}"
        at_once = context.Barrier(n_processes)
        children = [
            context.Process(target=_fetch, args=(server.url, home, at_once))
            for _ in range(n_processes)
        ]
        for child in children:
            child.start()
        for child in children:
            child.join()
        ends = [child.exitcode for child in children]
        left = [name for name in os.listdir(home) if name != "KMNIST"]
        if any(ends) or left or stray_files(home):
            wrong.append(f"try {i}: ended with {ends}, left {left} {stray_files(home)}")
    server.fault = None
    bars.report("S4", f"{n_processes} processes at once", tries - len(wrong), tries, wrong)


@contextmanager
def _largest_file(n_bytes):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def folders(bars, folder):
    """S5: it reads, or says which folder and which variable."""
    wrong, tried = [], 0

    def check(words, home, good):
        nonlocal tried
        tried += 1
        try:
            came = "right" if is_right(home) else "wrong data"
        except DatasetError as error:
            came = str(error)
        except Exception as error:
            came = repr(error)
        if good and came != "right":
            wrong.append(f"{words}: {came}")
        if not good and not (str(home) in came and "SKMNIST_DATA" in came):
            wrong.append(f"{words}: {came}")

    full = folder / "full"
    is_right(full)
    link = folder / "link"
    link.symlink_to(full)
    check("a link to the home", link, True)
    linked = folder / "linked files"
    for path in FILES:
        (linked / path).parent.mkdir(parents=True, exist_ok=True)
        (linked / path).symlink_to(full / path)
    check("links to the files", linked, True)
    dangling = folder / "dangling"
    dangling.symlink_to(folder / "nowhere" / "at all")
    check("a link to nowhere", dangling, False)
    file = folder / "file"
    file.touch()
    check("a file for a home", file, False)
    check("a home below a file", file / "home", False)
    # Not even root may write there.
    check("a home in /proc", Path("/proc/skmnist"), False)
    disk = folder / "disk"
    with _largest_file(3000):
        check("a full disk", disk, False)
    check("the disk has space again", disk, True)
    if left := [name for name in os.listdir(disk) if name != "KMNIST"]:
        wrong.append(f"a full disk left {left}")
    for path in full.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    full.chmod(0o555)
    before = {path: path.stat().st_mtime_ns for path in full.rglob("*")}
    check("a read-only home with the data", full, True)
    if {path: path.stat().st_mtime_ns for path in full.rglob("*")} != before:
        wrong.append("a read-only home was touched")
    for path in [full, *full.rglob("*")]:
        path.chmod(0o755)
    bars.report("S5", "homes of all kinds", tried - len(wrong), tried, wrong)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m fuzz.data_files", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--crowds", type=int, default=10)
    options = parser.parse_args(argv)
    bars = Bars()
    with served() as server, tempfile.TemporaryDirectory() as folder:
        stand_in(server.url)
        folder = Path(folder)
        damaged_files(bars, folder)
        folders(bars, folder)
        crowds(bars, server, folder, options.crowds)
        kills(bars, server, folder, options.kills)
        bad_servers(bars, server, folder)
    bars.finish()


if __name__ == "__main__":
    main()
