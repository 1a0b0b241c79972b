"""Load thousands of mutated and malicious model files: ``python -m fuzz.model_files``.

Each file must raise a ``ModelFileError`` within one second of CPU time and 200 MB of memory,
without running any code. An audit hook records every import, exec, new process and file that is
opened for writing.

Files of the kind "valid checksum" have a correct checksum and invalid content. Files of the kind
"valid checksum, any value" have one value replaced. Some of them load, because the new value is
also valid, such as another learning rate. The classifier must then predict or raise an error with a
message. The script needs Linux.
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

from fuzz.common import Report
from fuzz.hostile_files import Payload, bombs, hostile, special_files
from fuzz.sealed import any_value, inconsistent, join, split
from skmnist._estimators.backprop import BackpropClassifier
from skmnist._estimators.cnn import CNNClassifier
from skmnist._estimators.mlp import MLPClassifier
from skmnist._persistence.save_load import load, save
from skmnist.exceptions import ModelFileError

MAY_LOAD = "valid checksum, any value"
MAX_SECONDS = 1.0
MAX_BYTES = 200 * 2**20


class AuditHook:
    """Record the events that must not happen when a file is loaded."""

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
        self.enabled = False
        self.events = []
        sys.addaudithook(self._record)

    def _record(self, event, args):
        if not self.enabled:
            return
        if event in self.FORBIDDEN:
            self.events.append((event, str(args)[:100]))
        elif event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR):
            self.events.append((event, str(args)[:100]))


# -- the files -------------------------------------------------------------------------------


def inversions(content):
    """Yield the file with each byte inverted."""
    for i in range(len(content)):
        yield _with_byte(content, i, content[i] ^ 0xFF)


def flips(content, rng):
    """Yield the file with a flipped bit: one in each byte of the header, and 2,000 anywhere."""
    n_header = 8 + int.from_bytes(content[:8], "little")
    for i in (*range(n_header), *(rng.randrange(len(content)) for _ in range(2000))):
        yield _with_byte(content, i, content[i] ^ (1 << rng.randrange(8)))


def _with_byte(content, i, byte):
    changed = bytearray(content)
    changed[i] = byte
    return bytes(changed)


def wrong_lengths(content, large):
    """Yield truncated files (`large` at every kilobyte), and files with bytes appended."""
    for n in range(len(content)):
        yield content[:n]
    for n in range(0, len(large), 1024):
        yield large[:n]
    for n in (1, 8, 1024, 10**6):
        yield content + bytes(n)
    yield content + content
    yield large + content


def swaps(content, large, rng):
    """Yield files with two blocks swapped, or with parts of two files joined."""
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
    """Yield files that declare wrong sizes, in the length of the header or in the header."""
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
    for a, b in zip(names, names[1:], strict=False):  # overlapping tensors
        yield join(
            {**outer, a: {**outer[a], "data_offsets": outer[b]["data_offsets"]}}, inner, data
        )


# -- the counts ------------------------------------------------------------------------------


class Result(NamedTuple):
    """The results for the files of one kind."""

    requirement: str
    kind: str
    n_files: int
    failures: list
    slowest: float  # seconds
    growth: int  # bytes


def attempt(path, X):
    """Load a file, and predict if that works; return a short description of the outcome."""
    signal.alarm(30)  # interrupts a load that hangs
    try:
        estimator = load(path)
    except ModelFileError:
        return "rejected"
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]
    finally:
        signal.alarm(0)
    try:
        estimator.predict(X)
    except (ValueError, TypeError):
        return "loaded, predict rejected"
    except Exception as error:
        return f"loaded, then {type(error).__name__}: {error}"[:200]
    return "loaded"


def run(every=1, seed=0):
    """Try the files (of large kinds, every `every`-th) and yield a Result for each kind."""
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
        path = folder / "valid.safetensors"
        content, large, mlp = [_saved(estimator.fit(X, y), path, X) for estimator in estimators]
        hook, ran = AuditHook(), folder / "the payload ran"
        hook.enabled = True
        pickle.loads(pickle.dumps(Payload(ran)))
        hook.enabled = False
        if not hook.events or not ran.exists():
            raise RuntimeError("The audit hook or the payload does not work.")
        ran.rmdir()

        def some(files):
            return islice(files, 0, None, every)

        kinds = (
            ("F1", "inverted bytes", some(inversions(content))),
            ("F1", "flipped bits", some(flips(content, rng))),
            ("F1", "wrong lengths", some(wrong_lengths(content, large))),
            ("F1", "empty, folders, pipes, devices", special_files(folder)),
            ("F2", "code and other formats", hostile(folder, Payload(ran), rng)),
            ("F3", "wrong declared sizes", some(sizes(content))),
            ("F3", "bombs", bombs(content, small=every > 1)),
            ("F4", "valid checksum, inconsistent", inconsistent(content, mlp)),
            ("", "swapped blocks", some(swaps(content, large, rng))),
            ("", MAY_LOAD, any_value(mlp, every)),
        )
        for requirement, kind, files in kinds:
            yield _try_files(requirement, kind, files, folder / "mutated.safetensors", X, hook)
        if ran.exists():
            raise RuntimeError("A payload ran.")


def _saved(estimator, path, X):
    """Return the bytes of a valid file. Load it first, so that all modules are imported."""
    save(estimator, path)
    if not (load(path).predict_proba(X) == estimator.predict_proba(X)).all():
        raise RuntimeError("A loaded model gives other probabilities.")
    path.write_bytes(b"not a model file")
    attempt(path, X)
    save(estimator, path)
    return path.read_bytes()


def _try_files(requirement, kind, files, path, X, hook):
    allowed = {"rejected"}
    if kind == MAY_LOAD:
        allowed |= {"loaded", "loaded, predict rejected"}
    n_files, failures, slowest, most = 0, [], 0.0, 0
    for n_files, file in enumerate(files, 1):
        if isinstance(file, bytes):
            path.write_bytes(file)
            file = path
        Path("/proc/self/clear_refs").write_text("5")  # reset the peak memory (VmHWM)
        hook.events.clear()
        before, start = _memory("VmRSS"), time.process_time()
        hook.enabled = True
        outcome = attempt(file, X)
        hook.enabled = False
        seconds, growth = time.process_time() - start, _memory("VmHWM") - before
        slowest, most = max(slowest, seconds), max(most, growth)
        problems = [] if outcome in allowed else [outcome]
        problems += [f"ran {event}" for event in hook.events]
        problems += [f"took {seconds:.2f} s"] if seconds > MAX_SECONDS else []
        problems += [f"took {growth / 2**20:.0f} MB"] if growth > MAX_BYTES else []
        if problems:
            failures.append(f"file {n_files}: {'; '.join(problems)}")
    return Result(requirement, kind, n_files, failures, slowest, most)


def _memory(field):
    """Return the current memory ("VmRSS") or the peak memory ("VmHWM") of the process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return 1024 * int(line.split()[1])
    raise OSError(f"/proc/self/status has no {field}")


def _give_up(*_):
    raise TimeoutError("no result after 30 s")


def main(argv=None):
    """Print the counts, and exit with status 1 if a requirement is not met."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.model_files", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="try every n-th file of large kinds")
    parser.add_argument("--seed", type=int, default=0, help="random seed")
    options = parser.parse_args(argv)
    signal.signal(signal.SIGALRM, _give_up)
    report, n_files = Report(), 0
    for result in run(options.every, options.seed):
        limits = f"at most {result.slowest:.2f} s, {result.growth / 2**20:.0f} MB"
        report.add(
            result.requirement,
            f"{result.kind:31} {limits}",
            result.n_files,
            result.failures,
        )
        n_files += result.n_files
    print(f"{n_files:,} files. Passed: rejected by ModelFileError (the last kind may also load),")
    print(f"no code run, at most {MAX_SECONDS:g} s and {MAX_BYTES // 2**20} MB for each file.")
    report.finish()


if __name__ == "__main__":
    main()
