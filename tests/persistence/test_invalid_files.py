"""Estimators that cannot be saved and files that cannot be loaded."""

import pickle

import pytest
import torch
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    StandardScaler,
)
from skorch.callbacks import EpochTimer
from torch import nn

import skmnist
from skmnist._persistence.save_load import load, save
from skmnist.exceptions import ModelFileError
from tests.helpers import every_classifier, small_digits, tiny
from tests.persistence.helpers import identical, save_and_load

X, Y = small_digits()


def test_code_in_parameters_is_rejected_with_a_suggestion(tmp_path):
    path = tmp_path / "model.safetensors"
    for name, value in (("augment", torch.relu), ("callbacks", [EpochTimer()])):
        clf = tiny(skmnist.MLPClassifier, **{name: value}).fit(X, Y)
        with pytest.raises(TypeError, match=rf"set_params\({name}=None\)"):
            save(clf, path)
        assert not path.exists()
        assert identical(clf.set_params(**{name: None}).predict_proba(X), clf.predict_proba(X))
        save(clf, path)
        assert identical(load(path).predict_proba(X), clf.predict_proba(X))
        path.unlink()

    class CustomSGD(torch.optim.SGD):
        pass

    with pytest.raises(TypeError, match="params.optimizer=.*CustomSGD"):
        save(tiny(skmnist.MLPClassifier, optimizer=CustomSGD).fit(X, Y), path)
    module_params = {"width": 8, "activation": nn.ReLU}
    clf = tiny(skmnist.TorchClassifier, module=lambda n_features, **_: nn.Linear(n_features, 10))
    with pytest.raises(TypeError, match="params.module_params.activation"):
        save(clf.set_params(module_params=module_params).fit(X, Y), path)


@every_classifier
def test_weights_that_cannot_be_loaded_are_not_saved(cls, tmp_path):
    clf = tiny(cls).fit(X, Y)
    next(clf.module_.parameters()).data[0] = torch.nan
    with pytest.raises(ValueError, match="contain infinite, NaN or invalid values"):
        save(clf, tmp_path / "model.safetensors")


@every_classifier
def test_unfitted_classifier_is_rejected(cls, tmp_path):
    with pytest.raises(NotFittedError):
        save(tiny(cls), tmp_path / "model.safetensors")
    with pytest.raises(NotFittedError):
        save(make_pipeline(StandardScaler(), tiny(cls)), tmp_path / "model.safetensors")


def test_device_in_the_file_can_be_overridden(tmp_path):
    clf = tiny(skmnist.MLPClassifier).fit(X, Y).set_params(device="mps:7")
    with pytest.raises(ModelFileError, match="mps:7"):
        save_and_load(clf, tmp_path)
    assert identical(
        save_and_load(clf, tmp_path, device="cpu").predict_proba(X), clf.predict_proba(X)
    )


def test_other_files_are_rejected_by_their_type(tmp_path):
    clf = tiny(skmnist.MLPClassifier).fit(X, Y)
    path = tmp_path / "model.safetensors"
    save(clf, path)
    intact = path.read_bytes()
    for content, message in (
        (b"", "is empty"),
        (pickle.dumps(clf), "it is a pickle"),
        (b"PK\x03\x04 and more", "it is a zip archive"),
        (intact[:-1], "is damaged: it has"),
        (intact + b"\0", "is damaged: it has"),
        (intact[:-1] + b"\x7f", "is damaged: its checksum is wrong"),
        (intact.replace(b"digit", b"tigid").replace(b"relu", b"silu"), "its checksum is wrong"),
        (intact.replace(b"skmnist", b"SKMNIST"), "is not a model file of skmnist"),
    ):
        path.write_bytes(content)
        with pytest.raises(ModelFileError, match=message) as caught:
            load(path)
        assert str(path) in str(caught.value)
    with pytest.raises(ModelFileError, match="is not a file"):
        load(tmp_path)
    with pytest.raises(FileNotFoundError, match="absent"):
        load(tmp_path / "absent")
