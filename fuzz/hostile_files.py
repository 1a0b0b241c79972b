"""Files that are not model files: files with code, decompression bombs, folders and devices."""

import bz2
import gzip
import io
import json
import os
import pickle
import zipfile
from pathlib import Path

import joblib
import numpy as np
import torch

from fuzz.sealed import join, split

SUFFIXES = (".safetensors", ".skm", ".pkl", ".joblib", ".pt", ".npz", ".zip", ".h5", "")


class Payload:
    """An object that creates a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


def hostile(folder, payload, rng):
    """Yield paths of files of other formats, most with a payload, with every suffix."""
    for i, content in enumerate(_contents(folder, payload, rng)):
        for suffix in SUFFIXES:
            path = folder / f"hostile{i}{suffix}"
            path.write_bytes(content)
            yield path
            path.unlink()


def _contents(folder, payload, rng):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        yield pickle.dumps(payload, protocol)
    path = folder / "payload"
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
    yield b"import os; os.system('true')\n"
    yield b"{}"
    yield bytes(1000)
    # Plain safetensors files: without skmnist's metadata, and with a payload instead of it.
    for metadata in ({}, {"__metadata__": {"skmnist": pickle.dumps(payload, 0).decode()}}):
        tensor = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
        header = json.dumps({**metadata, "t": tensor}).encode()
        yield len(header).to_bytes(8, "little") + header + bytes(4)
    for n in range(1, 4096, 256):
        yield rng.randbytes(n)


def special_files(folder):
    """Yield paths of an empty file, a folder, a pipe, devices and links to devices."""
    (folder / "empty").touch()
    yield folder / "empty"
    (folder / "folder").mkdir()
    yield folder / "folder"
    os.mkfifo(folder / "fifo")
    yield folder / "fifo"
    for name in ("/dev/zero", "/dev/random", "/dev/null"):
        yield Path(name)
        link = folder / f"link{name.replace('/', '-')}"
        link.symlink_to(name)
        yield link


def bombs(content, small):
    """Yield files that need much memory if loaded without limits; smaller ones if `small`."""
    megabytes = 16 if small else 1024
    deep = b"[" * 100_000
    yield len(deep).to_bytes(8, "little") + deep
    deep = b'{"a":' * 100_000
    yield len(deep).to_bytes(8, "little") + deep
    outer, inner, data = split(content)
    for text in ("[" * 100_000 + "]" * 100_000, '{"a":' * 10_000 + "1" + "}" * 10_000):
        yield join(outer, inner, data, model=text)
    yield join(outer, inner, data, model="1" * 100_000)
    for many in ("[]," * 1_000_000, "[]," * 30_000, "{}," * 30_000, "1," * 1_900_000):
        yield join(outer, inner, data, model=f"[{many[:-1]}]")
    tensor = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    for n in (1_000, 10_000, 30_000 if small else 1_000_000):
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
