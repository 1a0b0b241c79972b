"""Saving and loading pipelines."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

import skmnist
from skmnist._files.model_file import read_model_file, write_model_file
from skmnist._persistence.pipeline_state import TRANSFORMERS
from skmnist._persistence.save_load import load, save
from skmnist.exceptions import ModelFileError
from skmnist.preprocessing import DigitNormalizer, PixelStandardizer
from tests.helpers import digits, tiny
from tests.persistence.helpers import assert_same, assert_same_training, same, save_and_load

X, Y = digits(step=50)


X = X.reshape(-1, 28, 28)[:, ::2, ::2].reshape(len(X), -1)  # 100 digits of 14 x 14 pixels


SCALERS = [
    DigitNormalizer(),
    DigitNormalizer("bbox_centered", polarity="light", stroke_width=None, on_error="nan"),
    PixelStandardizer(),
    PixelStandardizer(0.5, None),
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    StandardScaler(with_mean=False, with_std=False),
    MinMaxScaler(),
    MinMaxScaler((-1, 1), clip=True),
    MaxAbsScaler(),
    RobustScaler(),
    RobustScaler(with_centering=False),
    PCA(5),
    PCA(0.8, whiten=True),
    PCA(5, svd_solver="randomized", random_state=0),
    "passthrough",
]


@pytest.mark.parametrize("scaler", SCALERS)
@pytest.mark.parametrize("named", [False, True], ids=["array", "frame"])
def test_pipelines_are_restored(scaler, named, tmp_path):
    data = pd.DataFrame(X).add_prefix("pixel ") if named else X
    pipeline = make_pipeline(scaler, tiny(skmnist.MLPClassifier)).fit(data, Y)
    again = save_and_load(pipeline, tmp_path)
    assert same(pipeline.predict_proba(data), again.predict_proba(data))
    assert [name for name, _ in again.steps] == [name for name, _ in pipeline.steps]
    if scaler != "passthrough":
        assert type(again[0]) is type(pipeline[0])
        assert same(vars(again[0]), vars(pipeline[0]))
    assert_same(pipeline[-1], again[-1], pipeline[:-1].transform(data))


def test_pipeline_with_several_steps_and_data_frames_is_restored(tmp_path):
    frame = pd.DataFrame(X).add_prefix("pixel ")
    pipeline = make_pipeline(MinMaxScaler(), "passthrough", PCA(9), tiny(skmnist.MLPClassifier))
    pipeline.set_output(transform="pandas").fit(frame, Y)
    again = save_and_load(pipeline, tmp_path)
    assert same(pipeline.predict_proba(frame), again.predict_proba(frame))
    assert list(again[-1].feature_names_in_) == [f"pca{i}" for i in range(9)]


@pytest.mark.parametrize("steps", [(), (DigitNormalizer(),), ("passthrough", PixelStandardizer())])
def test_pipeline_of_images_is_restored(steps, tmp_path):
    images = X.reshape(-1, 14, 14)
    pipeline = make_pipeline(*steps, PixelStandardizer(), tiny(skmnist.CNNClassifier))
    again = save_and_load(pipeline.fit(images, Y), tmp_path)
    assert same(pipeline.predict_proba(images), again.predict_proba(images))
    assert_same_training(pipeline[-1], again[-1], pipeline[:-1].transform(images))


def test_every_supported_scaler_is_tested():
    assert {type(scaler) for scaler in SCALERS} - {str} == set(TRANSFORMERS)


def test_other_steps_are_rejected_with_a_suggestion(tmp_path):
    clf = tiny(skmnist.MLPClassifier)
    for pipeline, words in (
        (make_pipeline(FunctionTransformer(), clf), "FunctionTransformer.*skops"),
        (make_pipeline(StandardScaler(), LogisticRegression()), "LogisticRegression.*skops"),
        (make_pipeline(clf, memory=str(tmp_path)), "memory"),
        (make_pipeline(MinMaxScaler(), DigitNormalizer(), clf), "only as the first step"),
    ):
        pipeline.fit(X > 0, Y)
        with pytest.raises(TypeError, match=words):
            save(pipeline, tmp_path / "model.safetensors")
    with pytest.raises(TypeError, match="got LogisticRegression.*skops"):
        save(LogisticRegression(), tmp_path / "model.safetensors")
    assert not (tmp_path / "model.safetensors").exists()


def test_pipeline_whose_steps_do_not_match_is_rejected(tmp_path):
    path = tmp_path / "model.safetensors"
    scalers = (DigitNormalizer(), PixelStandardizer(), MinMaxScaler(), PCA(9))
    save(make_pipeline(*scalers, tiny(skmnist.MLPClassifier)).fit(X, Y), path)
    edits = [
        lambda steps: steps.pop(3),
        lambda steps: steps.reverse(),
        lambda steps: steps[0].__setitem__(0, steps[1][0]),
        lambda steps: steps[0][1]["params"].update(method="os.system"),
        lambda steps: steps[0][1]["fitted"].update(n_features_in_=196),
        lambda steps: steps[0][1]["fitted"].update(transform=1),
        lambda steps: steps[1][1]["params"].update(mean="wide"),
        lambda steps: steps[1][1]["fitted"].update(n_features_in_=10**9),
        lambda steps: steps[1][1]["fitted"].update(std_=0.0),
        lambda steps: steps[1][1]["fitted"].pop("mean_"),
        lambda steps: steps[2][1]["fitted"].update(scale_=np.full(784, np.nan)),
        lambda steps: steps[2][1]["fitted"].update(scale_=np.ones(1)),
        lambda steps: steps[2][1]["fitted"].update(scale_=None),
        lambda steps: steps[2][1]["fitted"].update(transform=1),
        lambda steps: steps[2][1]["params"].update(feature_range="wide"),
        lambda steps: steps[3][1]["fitted"].update(n_components_=10),
        lambda steps: steps[3][1]["fitted"].update(n_features_in_=10**12),
        lambda steps: steps[3][1].update({"class": "FunctionTransformer"}),
    ]
    for edit in edits:
        state = read_model_file(path)
        edit(state["steps"])
        write_model_file(tmp_path / "edited", state)
        with pytest.raises(ModelFileError):
            load(tmp_path / "edited")
