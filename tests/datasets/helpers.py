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
import tarfile
import threading
import zipfile
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.io import savemat

from skmnist import datasets
from skmnist.datasets._dataset_spec import DatasetSpec, File
from skmnist.datasets._read_color_split import (
    read_cifar_split,
    read_medmnist_split,
    read_svhn_split,
)
from skmnist.datasets._read_split import read_idx_split, read_usps_split

N_IMAGES = {"train": 9, "val": 4, "test": 5}

# Files that are never compressed again.
UNCOMPRESSED = (".bz2", ".npz", ".mat", ".tar.gz")


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
            for part, value in content.get("_SPECS", {}).items():
                argument = {"fetch_emnist": "split", "fetch_medmnist": "name"}[name]
                fetch_part = functools.partial(fetch, **{argument: part})
                yield pytest.param(fetch_part, value, id=f"{name}-{part}")


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
        self.images, self.target = {}, {}
        rng = np.random.default_rng(0)
        for subset in spec.splits:
            n, n_classes = N_IMAGES[subset], len(spec.target_names)
            self.target[subset] = rng.integers(0, n_classes, n)
            self.target[subset][:2] = 0, n_classes - 1
            self.images[subset] = rng.integers(0, 256, (n, *spec.image_shape), dtype=np.uint8)
        self.files = ENCODERS[spec.read_split](spec, self.images, self.target)
        for subset, split in list(spec.splits.items()):
            images, labels = (
                File(file.path, file.checksum and checksum(self.files[file.path], file.checksum))
                for file in split.files
            )
            n = N_IMAGES[subset]
            fake = split._replace(images=images, labels=labels, n_images=n)
            monkeypatch.setitem(spec.splits, subset, fake)
        # A download writes a checksum next to each file, unless all checksums are known.
        checksum_files = (
            [] if spec.has_known_checksums else [f"{path}.sha256" for path in self.files]
        )
        self.downloaded = {*self.files, *checksum_files}

    def write(self, home, *, compressed=False):
        for path, content in self.files.items():
            if compressed and not path.endswith(UNCOMPRESSED):
                path, content = f"{path}.gz", gzip.compress(content)
            Path(home, path).parent.mkdir(parents=True, exist_ok=True)
            Path(home, path).write_bytes(content)

    def all_of(self, values):
        """Return the training set followed by the test set, of `images` or of `target`."""
        return np.concatenate([values["train"], values["test"]])


def checksum(content, like):
    """Return a checksum of the same kind as another one."""
    name = {32: "md5", 64: "sha256"}[len(like)]
    return hashlib.new(name, content, usedforsecurity=False).hexdigest()


def encode_idx(spec, images, target):
    files = {}
    for subset, split in spec.splits.items():
        labels = target[subset] + spec.first_label
        stored = labels.astype(np.uint8)
        if spec.label_columns > 1:
            shape = len(labels), spec.label_columns
            stored = np.random.default_rng(1).integers(-9, 1000, shape, dtype=np.int32)
            stored[:, 0] = labels
        pixels = images[subset].transpose(0, 2, 1) if spec.transposed else images[subset]
        files[split.images.path] = idx_bytes(pixels)
        files[split.labels.path] = idx_bytes(stored)
    return files


def encode_usps(spec, images, target):
    files = {}
    for subset, split in spec.splits.items():
        labels = target[subset] + spec.first_label
        values = np.random.default_rng(0).integers(-1000, 1001, (len(labels), 256)) / 1000
        pixels = ((values.astype(np.float32) + 1) / 2 * 255).astype(np.uint8)
        images[subset] = pixels.reshape(-1, 16, 16)
        lines = [
            " ".join([str(label), *(f"{i}:{value}" for i, value in enumerate(row, 1))])
            for label, row in zip(labels, values, strict=True)
        ]
        files[split.images.path] = bz2.compress("\n".join(lines).encode())
    return files


def encode_cifar(spec, images, target):
    records = {
        subset: np.hstack([target[subset][:, None].astype(np.uint8), pixels.reshape(-1, 3072)])
        for subset, pixels in images.items()
    }
    parts = dict(enumerate(np.array_split(records["train"], 5), 1))
    files = {f"data_batch_{i}.bin": part for i, part in parts.items()}
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, part in (files | {"test_batch.bin": records["test"]}).items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = part.nbytes
            tar.addfile(member, io.BytesIO(part.tobytes()))
    return {spec.splits["train"].images.path: archive.getvalue()}


def encode_svhn(spec, images, target):
    files = {}
    for subset, split in spec.splits.items():
        file = io.BytesIO()
        labels = np.where(target[subset] == 0, 10, target[subset]).astype(np.uint8)
        savemat(file, {"X": images[subset].transpose(2, 3, 1, 0), "y": labels[:, None]})
        files[split.images.path] = file.getvalue()
    return files


def encode_medmnist(spec, images, target):
    arrays = {}
    for subset, pixels in images.items():
        arrays[f"{subset}_images"] = pixels if pixels.ndim == 3 else pixels.transpose(0, 2, 3, 1)
        arrays[f"{subset}_labels"] = target[subset][:, None].astype(np.uint8)
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return {spec.splits["train"].images.path: file.getvalue()}


ENCODERS = {
    read_idx_split: encode_idx,
    read_usps_split: encode_usps,
    read_cifar_split: encode_cifar,
    read_svhn_split: encode_svhn,
    read_medmnist_split: encode_medmnist,
}


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
        name if name.endswith(UNCOMPRESSED) else f"{name}.gz": content
        if name.endswith(UNCOMPRESSED)
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


def csv_text(X, y=None, *, names="pixel{}", label="label", end="\n", separator=","):
    """Return images and labels as a CSV file: a header, the labels and the pixels in order."""
    header = [names.format(i) for i in range(X.shape[1])] if names else []
    rows = [[str(pixel) for pixel in image] for image in X.tolist()]
    if y is not None:
        header = [label, *header] if names else []
        rows = [[str(digit), *row] for digit, row in zip(y, rows, strict=True)]
    lines = [header, *rows] if header else rows
    return "".join(separator.join(line) + end for line in lines)
