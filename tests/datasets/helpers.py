"""Small fake data sets and a fake torchvision."""

import bz2
import contextlib
import functools
import gzip
import hashlib
import io
import re
import socket
import sys
import threading
import zipfile
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from skmnist import datasets
from skmnist.datasets._dataset_spec import DatasetSpec, File, Split

N_IMAGES = {"train": 9, "test": 5}


ADVICE = re.escape("skmnist.datasets.load_mnist_sample()")


def every_set():
    """Yield each fetch function and its DatasetSpec (one for each split of EMNIST)."""
    for name in datasets.__all__:
        if name.startswith("fetch_"):
            fetch = getattr(datasets, name)
            content = vars(sys.modules[fetch.__module__])
            for value in content.values():
                if isinstance(value, DatasetSpec):
                    yield pytest.param(fetch, value, id=name)
            for split, value in content.get("_SPECS", {}).items():
                fetch_split = functools.partial(fetch, split=split)
                yield pytest.param(fetch_split, value, id=f"{name}-{split}")


EVERY_SET = list(every_set())


SPECS = {case.id.removeprefix("fetch_"): case.values[1] for case in EVERY_SET}


def idx_bytes(array):
    code = {"uint8": 0x08, "int32": 0x0C}[str(array.dtype)]
    header = bytes([0, 0, code, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


class FakeSet:
    """Random data in the format of a data set.

    `spec` is patched to expect these files.
    """

    def __init__(self, spec, monkeypatch):
        self.files, self.images, self.target = {}, {}, {}
        rng = np.random.default_rng(0)
        for subset, split in list(spec.splits.items()):
            n = N_IMAGES[subset]
            n_classes = len(spec.target_names)
            target = rng.integers(0, n_classes, n)
            target[:2] = 0, n_classes - 1
            labels = target + spec.first_label
            if spec.torchvision_name == "USPS":
                values = rng.integers(-1000, 1001, (n, 256)) / 1000
                images = ((values.astype(np.float32) + 1) / 2 * 255).astype(np.uint8)
                images = images.reshape(n, 16, 16)
                lines = [
                    " ".join([str(label), *(f"{i}:{value}" for i, value in enumerate(row, 1))])
                    for label, row in zip(labels, values, strict=True)
                ]
                content = bz2.compress("\n".join(lines).encode())
                contents = [content, content]
                digest = functools.partial(hashlib.md5, usedforsecurity=False)
            else:
                images = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
                if spec.label_columns > 1:
                    stored = rng.integers(-9, 1000, (n, spec.label_columns), dtype=np.int32)
                    stored[:, 0] = labels
                else:
                    stored = labels.astype(np.uint8)
                in_file = np.transpose(images, (0, 2, 1)) if spec.transposed else images
                contents = [idx_bytes(in_file), idx_bytes(stored)]
                digest = hashlib.sha256
            self.images[subset], self.target[subset] = images, target
            files = []
            for file, content in zip(split.files, contents, strict=True):
                self.files[file.path] = content
                files.append(File(file.path, file.checksum and digest(content).hexdigest()))
            monkeypatch.setitem(spec.splits, subset, Split(*files, n))
        # A download writes a checksum next to each file, unless all checksums are known.
        checksum_files = (
            [] if spec.has_known_checksums else [f"{path}.sha256" for path in self.files]
        )
        self.downloaded = {*self.files, *checksum_files}

    def write(self, home, *, compressed=False):
        for path, content in self.files.items():
            if compressed and not path.endswith(".bz2"):
                path, content = f"{path}.gz", gzip.compress(content)
            Path(home, path).parent.mkdir(parents=True, exist_ok=True)
            Path(home, path).write_bytes(content)


KMNIST_IMAGES = "KMNIST/raw/train-images-idx3-ubyte"


KMNIST_LABELS = "KMNIST/raw/train-labels-idx1-ubyte"


def files_below(folder):
    return {str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file()}


def use_as_torchvision(monkeypatch, download):
    """Replace torchvision: its classes call ``download(root)`` instead of downloading."""

    def dataset(root, train, download, **options):
        assert download
        dataset.calls += 1
        dataset.work(Path(root))

    dataset.calls, dataset.work = 0, download
    utils = SimpleNamespace(_urlretrieve=None, _get_redirect_url=None)
    fake = SimpleNamespace(datasets=SimpleNamespace(KMNIST=dataset, utils=utils))
    monkeypatch.setattr("skmnist.datasets._download.import_torchvision", lambda: fake)
    return dataset


def fail_as_torchvision(monkeypatch):
    use_as_torchvision(monkeypatch, lambda root: pytest.fail("tried to download"))


def answers(fake):
    """Return the files of a fake data set as its server sends them: compressed or archived."""
    packed = {
        name if name.endswith(".bz2") else f"{name}.gz": content
        if name.endswith(".bz2")
        else gzip.compress(content)
        for name, content in ((Path(path).name, content) for path, content in fake.files.items())
    }
    emnist = io.BytesIO()
    with zipfile.ZipFile(emnist, "w") as archive:
        for name, content in packed.items():
            archive.writestr(f"gzip/{name}", content)
    return {**packed, "gzip.zip": emnist.getvalue()}


@contextmanager
def answering(answer):
    """Run a local server that calls ``answer(connection)`` for each request; yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError):
                        connection.recv(1000)
                        answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/file"
