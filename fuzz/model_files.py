"""Load thousands of mutated and hostile model files: ``python -m fuzz.model_files``.

Each must end in ``ModelFileError``, within a second (of the processor) and 200 MB, and run nothing.
An audit hook is the canary: it sees every import, exec, spawn and opening for writing. Files of the
kind "sealed" have a right digest over wrong content; those of the kind "sealed, any value" have one
value replaced by another and may load: a learning rate of 0.5 is as good as one of 0.1. The
classifier then predicts, or complains in words. For Linux.
"""

import argparse
import bz2
import gzip
import io
import json
import os
import pickle
import random
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

import joblib
import numpy as np
import torch

from fuzz.sealed import any_value, join, senseless, split
from skmnist.backprop_classifier import BackpropClassifier
from skmnist.cnn import CNNClassifier
from skmnist.files.model_file import ModelFileError
from skmnist.mlp import MLPClassifier
from skmnist.persistence import load, save

# The kinds of which there are many, so that a test takes each n-th.
SAMPLED = {
    "flipped bytes and bits",
    "cut or longer",
    "swapped sections",
    "claimed sizes",
}

MOST_SECONDS = 1.0
MOST_BYTES = 200 * 2**20


class Canary:
    """Count what a load does that no load may do."""

    FORBIDDEN = (
        "compile",
        "exec",
        "import",
        "marshal.loads",
        "os.exec",
        "os.fork",
        "os.posix_spawn",
        "os.remove",
        "os.rename",
        "os.spawn",
        "os.system",
        "pickle.find_class",
        "socket.connect",
        "subprocess.Popen",
    )

    def __init__(self):
        self.watching = False
        self.seen = []
        sys.addaudithook(self._hear)

    def _hear(self, event, args):
        if not self.watching:
            return
        if event in self.FORBIDDEN:
            self.seen.append((event, str(args)[:100]))
        elif event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR):
            self.seen.append((event, str(args)[:100]))


class Payload:
    """What runs when it is unpickled: it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


# -- the files -------------------------------------------------------------------------------


def flips(content, rng):
    """Yield the file with each byte inverted, and each byte of the header with one bit flipped."""
    n_header = 8 + int.from_bytes(content[:8], "little")
    for i in range(len(content)):
        yield _with_byte(content, i, content[i] ^ 0xFF)
    for i in range(n_header):
        yield _with_byte(content, i, content[i] ^ (1 << rng.randrange(8)))


def _with_byte(content, i, byte):
    changed = bytearray(content)
    changed[i] = byte
    return bytes(changed)


def cuts(content, large, rng):
    """Yield the file cut at each length, a larger one at every kilobyte, and both made longer."""
    for n in range(len(content)):
        yield content[:n]
    for n in range(0, len(large), 1024):
        yield large[:n]
    for n in (1, 8, 1024, 10**6):
        yield content + bytes(n)
    yield content + content
    yield large + content


def swaps(content, large, rng):
    """Yield files with two blocks swapped, or with the beginning of one and the end of another."""
    n_header = 8 + int.from_bytes(content[:8], "little")
    for size in (4, 64, 256):
        for _ in range(150):
            i, j = sorted(rng.sample(range(8, len(content) - size, 4), 2))
            if i + size <= j and content[i : i + size] != content[j : j + size]:
                yield (
                    content[:i]
                    + content[j : j + size]
                    + content[i + size : j]
                    + content[i : i + size]
                    + content[j + size :]
                )
    yield content[n_header:] + content[:n_header]
    yield content[:n_header] + large[-(len(content) - n_header) :]
    yield large[: len(large) // 2] + content[len(content) // 2 :]


def sizes(content):
    """Yield files that claim to be larger than they are, in the length and in the header."""
    for claimed in (0, 1, 7, 2**22, 2**22 + 1, 2**31, 2**32, 2**62, 2**63, 2**64 - 1):
        yield claimed.to_bytes(8, "little") + content[8:]
    for bits in range(64):
        yield (1 << bits).to_bytes(8, "little") + content[8:]
    outer, inner, data = split(content)
    names = [name for name in outer if name != "__metadata__"]
    for name in names:
        for huge in (2**31, 2**40, 2**63 - 1, 2**64, -1, 10**30, 0.5, "1", None):
            for changed in (
                {**outer[name], "shape": [huge]},
                {**outer[name], "shape": [huge, huge]},
                {**outer[name], "data_offsets": [0, huge]},
                {**outer[name], "data_offsets": [huge, huge]},
                {**outer[name], "dtype": huge},
            ):
                yield join({**outer, name: changed}, inner, data)
    for a, b in zip(names, names[1:], strict=False):  # overlapping
        yield join(
            {**outer, a: {**outer[a], "data_offsets": outer[b]["data_offsets"]}}, inner, data
        )


def bombs(content, small):
    """Yield files that are small and ask for much, or `small` ones, which are quicker to make."""
    megabytes = 16 if small else 1024
    deep = b"[" * 100_000
    yield len(deep).to_bytes(8, "little") + deep
    deep = b'{"a":' * 100_000
    yield len(deep).to_bytes(8, "little") + deep
    outer, inner, data = split(content)
    for text in ("[" * 100_000 + "]" * 100_000, '{"a":' * 10_000 + "1" + "}" * 10_000):
        yield join(outer, inner, data, model=text)
    yield join(outer, inner, data, model="1" * 100_000)
    for many in ("[]," * 1_000_000, "[]," * 60_000, "{}," * 60_000, "1," * 1_900_000):
        yield join(outer, inner, data, model=f"[{many[:-1]}]")
    tensor = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    for n in (1_000, 20_000, 30_000 if small else 1_000_000):
        yield join({**outer, **{f"t{i}": tensor for i in range(n)}}, inner, data)
    yield (100 * 2**20).to_bytes(8, "little") + bytes(100 * 2**20)
    yield (100 * 2**20).to_bytes(8, "little") + b" " * (100 * 2**20)
    zeros = io.BytesIO()
    with zipfile.ZipFile(zeros, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("weights", "w") as member:
            for _ in range(megabytes):
                member.write(bytes(2**20))
    yield zeros.getvalue()
    yield gzip.compress(bytes(megabytes * 2**18))


def foreign(folder, payload, rng):
    """Yield files of other kinds, most with a payload, and what is no file at all."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        yield pickle.dumps(payload, protocol)
    path = folder / "foreign"
    for compress in (0, 3, ("gzip", 3), ("bz2", 3), ("lzma", 3)):
        joblib.dump(payload, path, compress=compress)
        yield path.read_bytes()
    for zipped in (True, False):
        torch.save(payload, path, _use_new_zipfile_serialization=zipped)
        yield path.read_bytes()
    buffer = io.BytesIO()
    np.save(buffer, np.array([payload]), allow_pickle=True)
    yield buffer.getvalue()
    buffer = io.BytesIO()
    np.savez(buffer, weights=np.zeros(3))
    yield buffer.getvalue()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("data.pkl", pickle.dumps(payload))
    yield buffer.getvalue()
    yield bz2.compress(pickle.dumps(payload))
    yield b"\x89PNG\r\n\x1a\n" + rng.randbytes(1000)
    yield b"\x89HDF\r\n\x1a\n" + rng.randbytes(1000)
    yield b""
    yield b"import os; os.system('true')\n"
    yield b"{}"
    yield bytes(1000)
    header = json.dumps({"t": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    yield len(header).to_bytes(8, "little") + header + bytes(4)  # a plain safetensors file
    for n in range(0, 4096, 64):
        yield rng.randbytes(n)

    (folder / "folder").mkdir()
    yield folder / "folder"
    os.mkfifo(folder / "fifo")
    yield folder / "fifo"
    for name in ("/dev/zero", "/dev/random", "/dev/null"):
        yield Path(name)
        link = folder / f"link{name.replace('/', '-')}"
        link.symlink_to(name)
        yield link


# -- the counts ------------------------------------------------------------------------------


def attempt(path, X):
    """Load a file, and predict where that worked; return the outcome in a word or two."""
    try:
        estimator = load(path)
    except ModelFileError:
        return "refused"
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]
    try:
        estimator.predict(X)
    except (ValueError, TypeError):
        return "loaded, predict refused"
    except Exception as error:
        return f"loaded, then {type(error).__name__}: {error}"[:200]
    return "loaded"


def run(every=1, seed=0):
    """Try the files, or each `every`-th, and return a row of counts for each kind."""
    rng = random.Random(seed)
    X = np.random.default_rng(seed).integers(0, 256, (60, 16), dtype=np.uint8)
    y = np.array(["seven", "nine", "two"])[np.arange(60) % 3]
    small = BackpropClassifier((3,), max_epochs=2, random_state=0).fit(X, y)
    larger = CNNClassifier((8, 8), hidden_layer_sizes=(64,), max_epochs=1, random_state=0).fit(X, y)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        content, large, mlp = [
            _saved(estimator, folder / "sound.safetensors", X)
            for estimator in (small, larger, MLPClassifier((3,), max_epochs=1).fit(X, y))
        ]
        canary, ran = Canary(), folder / "the payload ran"
        canary.watching = True
        pickle.loads(pickle.dumps(Payload(ran)))
        canary.watching = False
        if not canary.seen or not ran.exists():
            raise RuntimeError("the canary doesn't sing, or the payload doesn't run")
        canary.seen.clear()
        ran.rmdir()
        kinds = {
            "flipped bytes and bits": flips(content, rng),
            "cut or longer": cuts(content, large, rng),
            "swapped sections": swaps(content, large, rng),
            "claimed sizes": sizes(content),
            "bombs": bombs(content, small=every > 1),
            "other kinds of files": foreign(folder, Payload(ran), rng),
            "sealed, senseless": senseless(content, mlp),
            "sealed, any value": any_value(mlp, every),
        }
        for kind, files in kinds.items():
            rows.append(_count(kind, files, every, folder, X, canary))
        if ran.exists():
            raise RuntimeError("a payload ran")
    return rows


def _saved(estimator, path, X):
    """Return the bytes of a sound file, once loaded, so that every import is done."""
    save(estimator, path)
    if not (load(path).predict_proba(X) == estimator.predict_proba(X)).all():
        raise RuntimeError("a sound file doesn't come back")
    path.write_bytes(b"not a model file")
    attempt(path, X)
    save(estimator, path)
    return path.read_bytes()


def _count(kind, files, every, folder, X, canary):
    outcomes, slowest, growth = Counter(), 0.0, 0
    path = folder / "mutated.safetensors"
    for i, file in enumerate(files):
        if i % every and kind in SAMPLED:
            continue
        if isinstance(file, bytes):
            path.write_bytes(file)
        Path("/proc/self/clear_refs").write_text("5")  # the most becomes what there is
        before, start = _memory("VmRSS"), time.process_time()
        canary.watching = True
        outcome = attempt(path if isinstance(file, bytes) else file, X)
        canary.watching = False
        slowest = max(slowest, time.process_time() - start)
        growth = max(growth, _memory("VmHWM") - before)
        outcomes[outcome] += 1
    return {
        "kind": kind,
        "files": outcomes.total(),
        "refused": outcomes["refused"],
        "outcomes": outcomes,
        "ran": canary.seen.copy(),
        "slowest": slowest,
        "growth": growth,
    }


def _memory(field):
    """Return "VmRSS", the memory that the process has, or "VmHWM", the most that it had."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return 1024 * int(line.split()[1])
    raise OSError(f"/proc/self/status has no {field}")


def faults(row):
    """Yield what went wrong among the files of one kind, in words."""
    allowed = {"refused"}
    if row["kind"] == "sealed, any value":
        allowed |= {"loaded", "loaded, predict refused"}
    for outcome, n in row["outcomes"].items():
        if outcome not in allowed:
            yield f"{n} x {outcome}"
    for event in row["ran"]:
        yield f"ran {event}"
    if row["slowest"] > MOST_SECONDS:
        yield f"{row['slowest']:.2f} s"
    if row["growth"] > MOST_BYTES:
        yield f"{row['growth'] / 2**20:.0f} MB"


def main(argv=None):
    """Print the counts; the exit status tells whether all went as it must."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.model_files", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take each n-th of the many")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    rows = run(options.every, options.seed)
    print(f"{'kind':24}{'files':>8}{'refused':>9}{'loaded':>8}{'slowest':>9}{'memory':>9}")
    for row in rows:
        loaded = sum(n for outcome, n in row["outcomes"].items() if outcome.startswith("loaded"))
        print(
            f"{row['kind']:24}{row['files']:8}{row['refused']:9}{loaded:8}"
            f"{row['slowest']:7.2f} s{row['growth'] / 2**20:6.0f} MB"
        )
    print(f"{'all':24}{sum(row['files'] for row in rows):8}")
    found = [f"{row['kind']}: {fault}" for row in rows for fault in faults(row)]
    print("\n".join(["FAULTS", *found]) if found else "No code ran, nothing loaded unnoticed.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
