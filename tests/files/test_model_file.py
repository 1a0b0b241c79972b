"""The header of a model file."""

import json

import torch

import skmnist
from skmnist._persistence.save_load import save
from tests.helpers import small_digits, tiny

X, Y = small_digits()


def test_header_contains_the_versions(tmp_path):
    save(tiny(skmnist.MLPClassifier).fit(X, Y), tmp_path / "model.safetensors")
    content = (tmp_path / "model.safetensors").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    metadata = json.loads(header["__metadata__"]["skmnist"])
    assert metadata["versions"]["skmnist"] == skmnist.__version__
    assert torch.__version__.startswith(metadata["versions"]["torch"])
