"""The header of a model file, and its limits."""

import json
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pytest
import torch

import skmnist
from skmnist._files import model_file
from skmnist._files.model_file import read_model_file, write_model_file
from skmnist._persistence.save_load import save
from skmnist.exceptions import ModelFileError
from tests.helpers import small_digits, tiny

X, Y = small_digits()


def test_header_contains_the_versions(tmp_path):
    save(tiny(skmnist.MLPClassifier).fit(X, Y), tmp_path / "model.safetensors")
    content = (tmp_path / "model.safetensors").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    metadata = json.loads(header["__metadata__"]["skmnist"])
    assert metadata["versions"]["skmnist"] == skmnist.__version__
    assert torch.__version__.startswith(metadata["versions"]["torch"])


def test_checkout_that_is_not_installed_saves_models(tmp_path, monkeypatch):
    def version_of_others(name):
        if name == "skmnist":
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(model_file, "version", version_of_others)
    model_file._versions.cache_clear()
    save(tiny(skmnist.MLPClassifier).fit(X, Y), tmp_path / "model.safetensors")
    assert skmnist.load(tmp_path / "model.safetensors").score(X, Y) > 0.1


@pytest.mark.parametrize(
    ("limit", "model"),
    [
        ("_MAX_HEADER_BYTES", {"names": ["word" * 1000] * 1_100}),
        ("_MAX_CONTAINERS", {"names": [[]] * 33_000}),
    ],
)
def test_limits_hold_for_files_that_another_program_wrote(limit, model, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(model_file, limit, 2**40)
        write_model_file(tmp_path / "model", model)
        assert read_model_file(tmp_path / "model") == model
    with pytest.raises(ModelFileError, match="is not a model file of skmnist"):
        read_model_file(tmp_path / "model")


def change_text(change):
    """Return a function that changes skmnist's metadata before their checksum is computed."""
    original = json.dumps

    def dumps(value, **options):
        change(value)
        return original(value, **options)

    return dumps


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.update(format=2), "format 2. Use a newer version"),
        (lambda text: text.update(code="print()"), "its entries are .*'code'"),
        (lambda text: text.pop("versions"), "its entries are"),
        (lambda text: text.update(model=[1]), "does not use the tensors .*weights"),
        (lambda text: text["model"].pop("weights"), "does not use the tensors .*weights"),
        (lambda text: text["model"].update(more={"$tensor": "gone"}), "gone"),
    ],
)
def test_metadata_of_another_form_are_rejected(change, message, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(model_file.json, "dumps", change_text(change))
        write_model_file(tmp_path / "model", {"weights": np.zeros(3)})
    with pytest.raises(ModelFileError, match=message):
        read_model_file(tmp_path / "model")


def test_model_must_be_a_dict(tmp_path):
    write_model_file(tmp_path / "model", ["a list"])
    with pytest.raises(ModelFileError, match="its content is not a dict"):
        read_model_file(tmp_path / "model")
