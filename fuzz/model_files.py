"""Load thousands of mutated and hostile model files: ``python -m fuzz.model_files``.

Each must end in ``ModelFileError``, within a second (of the processor) and 200 MB, and run nothing.
An audit hook is the canary: it sees every import, exec, spawn and opening for writing. Files of the
kind "sealed" have a right digest over wrong content; those of the kind "sealed, any value" have one
value replaced by another and may load: a learning rate of 0.5 is as good as one of 0.1. The
classifier then predicts, or complains in words. For Linux.
"""

import argparse
import os
import pickle
import random
import signal
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fuzz.bars import Bars
from fuzz.hostile_files import Payload, bombs, hostile, no_files
from fuzz.sealed import any_value, join, senseless, split
from skmnist._estimators.backprop import BackpropClassifier
from skmnist._estimators.cnn import CNNClassifier
from skmnist._estimators.mlp import MLPClassifier
from skmnist._persistence.save_load import load, save
from skmnist.exceptions import ModelFileError

MAY_LOAD = "sealed, any value"
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


# -- the files -------------------------------------------------------------------------------


def inversions(content):
    """Yield the file with each byte inverted."""
    for i in range(len(content)):
        yield _with_byte(content, i, content[i] ^ 0xFF)


def flips(content, rng):
    """Yield the file with one bit of each byte of the header flipped, and 2,000 of the whole."""
    n_header = 8 + int.from_bytes(content[:8], "little")
    for i in (*range(n_header), *(rng.randrange(len(content)) for _ in range(2000))):
        yield _with_byte(content, i, content[i] ^ (1 << rng.randrange(8)))


def _with_byte(content, i, byte):
    changed = bytearray(content)
    changed[i] = byte
    return bytes(changed)


def cuts(content, large):
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


# -- the counts ------------------------------------------------------------------------------


class Row(NamedTuple):
    """What became of the files of one kind."""

    bar: str
    kind: str
    files: int
    held: int
    faults: list
    slowest: float  # seconds
    growth: int  # bytes


def attempt(path, X):
    """Load a file, and predict where that worked; return the outcome in a word or two."""
    signal.alarm(30)  # ends a wait for what never comes
    try:
        estimator = load(path)
    except ModelFileError:
        return "refused"
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]
    finally:
        signal.alarm(0)
    try:
        estimator.predict(X)
    except (ValueError, TypeError):
        return "loaded, predict refused"
    except Exception as error:
        return f"loaded, then {type(error).__name__}: {error}"[:200]
    return "loaded"


def run(every=1, seed=0):
    """Try the files, or each `every`-th of the many, and yield a :class:`Row` for each kind."""
    rng = random.Random(seed)
    X = np.random.default_rng(seed).integers(0, 256, (60, 16), dtype=np.uint8)
    y = np.array(["seven", "nine", "two"])[np.arange(60) % 3]
    estimators = (
        BackpropClassifier((3,), max_epochs=2, random_state=0),
        CNNClassifier((8, 8), hidden_layer_sizes=(64,), max_epochs=1, random_state=0),
        MLPClassifier((3,), max_epochs=1, random_state=0),
    )
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        path = folder / "sound.safetensors"
        content, large, mlp = [_saved(estimator.fit(X, y), path, X) for estimator in estimators]
        canary, ran = Canary(), folder / "the payload ran"
        canary.watching = True
        pickle.loads(pickle.dumps(Payload(ran)))
        canary.watching = False
        if not canary.seen or not ran.exists():
            raise RuntimeError("the canary doesn't sing, or the payload doesn't run")
        ran.rmdir()

        def some(files):
            return islice(files, 0, None, every)

        kinds = (
            ("F1", "bytes inverted", some(inversions(content))),
            ("F1", "single bits flipped", some(flips(content, rng))),
            ("F1", "cut or longer", some(cuts(content, large))),
            ("F1", "empty, folders, pipes, devices", no_files(folder)),
            ("F2", "code and other kinds of files", hostile(folder, Payload(ran), rng)),
            ("F3", "claimed sizes", some(sizes(content))),
            ("F3", "bombs", bombs(content, small=every > 1)),
            ("F4", "sealed, senseless", senseless(content, mlp)),
            ("", "swapped sections", some(swaps(content, large, rng))),
            ("", MAY_LOAD, any_value(mlp, every)),
        )
        for bar, kind, files in kinds:
            yield _row(bar, kind, files, folder / "mutated.safetensors", X, canary)
        if ran.exists():
            raise RuntimeError("a payload ran")


def _saved(estimator, path, X):
    """Return the bytes of a sound file, once loaded, so that every import is done."""
    save(estimator, path)
    if not (load(path).predict_proba(X) == estimator.predict_proba(X)).all():
        raise RuntimeError("a sound file doesn't come back")
    path.write_bytes(b"not a model file")
    attempt(path, X)
    save(estimator, path)
    return path.read_bytes()


def _row(bar, kind, files, path, X, canary):
    allowed = {"refused"}
    if kind == MAY_LOAD:
        allowed |= {"loaded", "loaded, predict refused"}
    n_files, faults, slowest, most = 0, [], 0.0, 0
    for n_files, file in enumerate(files, 1):
        if isinstance(file, bytes):
            path.write_bytes(file)
            file = path
        Path("/proc/self/clear_refs").write_text("5")  # the most becomes what there is
        canary.seen.clear()
        before, start = _memory("VmRSS"), time.process_time()
        canary.watching = True
        outcome = attempt(file, X)
        canary.watching = False
        seconds, growth = time.process_time() - start, _memory("VmHWM") - before
        slowest, most = max(slowest, seconds), max(most, growth)
        wrong = [] if outcome in allowed else [outcome]
        wrong += [f"ran {event}" for event in canary.seen]
        wrong += [f"took {seconds:.2f} s"] if seconds > MOST_SECONDS else []
        wrong += [f"took {growth / 2**20:.0f} MB"] if growth > MOST_BYTES else []
        if wrong:
            faults.append(f"file {n_files}: {'; '.join(wrong)}")
    return Row(bar, kind, n_files, n_files - len(faults), faults, slowest, most)


def _memory(field):
    """Return "VmRSS", the memory that the process has, or "VmHWM", the most that it had."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return 1024 * int(line.split()[1])
    raise OSError(f"/proc/self/status has no {field}")


def _give_up(*_):
    raise TimeoutError("waits for ever")


def main(argv=None):
    """Print the counts; the exit status tells whether all went as it must."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.model_files", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take each n-th of the many")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    signal.signal(signal.SIGALRM, _give_up)
    bars, n_files = Bars(), 0
    for row in run(options.every, options.seed):
        words = f"{row.kind:31} at most {row.slowest:.2f} s, {row.growth / 2**20:.0f} MB"
        bars.report(row.bar, words, row.held, row.files, row.faults)
        n_files += row.files
    print(f"{n_files:,} files. Held: refused by ModelFileError, or, the last, loaded or refused;")
    print(f"no code ran; within {MOST_SECONDS:g} s and {MOST_BYTES // 2**20} MB each.")
    bars.finish()


if __name__ == "__main__":
    main()
