"""Saving and loading pipelines."""

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
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
from skmnist.studies import EpochGridSearchCV
from tests.helpers import small_digits, tiny
from tests.persistence.helpers import (
    assert_identical,
    assert_trains_identically,
    identical,
    save_and_load,
)

X, Y = small_digits()

STEPS = [
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


# Some of the steps leave pixels unscaled.
@pytest.mark.filterwarnings("ignore::skmnist.exceptions.PixelRangeWarning")
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("as_frame", [False, True], ids=["array", "frame"])
def test_pipelines_are_restored(step, as_frame, tmp_path):
    X_ = pd.DataFrame(X).add_prefix("pixel ") if as_frame else X
    pipeline = make_pipeline(step, tiny(skmnist.MLPClassifier)).fit(X_, Y)
    loaded = save_and_load(pipeline, tmp_path)
    assert identical(pipeline.predict_proba(X_), loaded.predict_proba(X_))
    assert [name for name, _ in loaded.steps] == [name for name, _ in pipeline.steps]
    if step != "passthrough":
        assert type(loaded[0]) is type(pipeline[0])
        assert identical(vars(loaded[0]), vars(pipeline[0]))
    assert_identical(pipeline[-1], loaded[-1], pipeline[:-1].transform(X_))


def test_pipeline_with_several_steps_and_data_frames_is_restored(tmp_path):
    frame = pd.DataFrame(X).add_prefix("pixel ")
    pipeline = make_pipeline(MinMaxScaler(), "passthrough", PCA(9), tiny(skmnist.MLPClassifier))
    pipeline.set_output(transform="pandas").fit(frame, Y)
    loaded = save_and_load(pipeline, tmp_path)
    assert identical(pipeline.predict_proba(frame), loaded.predict_proba(frame))
    assert list(loaded[-1].feature_names_in_) == [f"pca{i}" for i in range(9)]


@pytest.mark.parametrize("steps", [(), (DigitNormalizer(),), ("passthrough", PixelStandardizer())])
def test_pipeline_of_images_is_restored(steps, tmp_path):
    images = X.reshape(-1, 14, 14)
    pipeline = make_pipeline(*steps, PixelStandardizer(), tiny(skmnist.CNNClassifier))
    loaded = save_and_load(pipeline.fit(images, Y), tmp_path)
    assert identical(pipeline.predict_proba(images), loaded.predict_proba(images))
    assert_trains_identically(pipeline[-1], loaded[-1], pipeline[:-1].transform(images))


def test_every_supported_scaler_is_tested():
    assert {type(step) for step in STEPS} - {str} == set(TRANSFORMERS)


def test_other_steps_are_rejected_with_a_suggestion(tmp_path):
    clf = tiny(skmnist.MLPClassifier)
    for pipeline, message in (
        (make_pipeline(FunctionTransformer(), clf), "FunctionTransformer.*skops"),
        (make_pipeline(StandardScaler(), LogisticRegression()), "LogisticRegression.*skops"),
        (make_pipeline(clf, memory=str(tmp_path)), "memory"),
        (make_pipeline(MinMaxScaler(), DigitNormalizer(), clf), "must be the first step"),
    ):
        pipeline.fit(X > 0, Y)
        with pytest.raises(TypeError, match=message):
            save(pipeline, tmp_path / "model.safetensors")
    with pytest.raises(TypeError, match="Got LogisticRegression.*skops"):
        save(LogisticRegression(), tmp_path / "model.safetensors")
    assert not (tmp_path / "model.safetensors").exists()


class OwnClassifier(skmnist.MLPClassifier):
    """A subclass, as users define it."""


CLF = tiny(skmnist.MLPClassifier, max_epochs=1)
UNSUPPORTED = {
    "search": (GridSearchCV(CLF, {"lr": [0.01]}, cv=2), "Save its attribute best_estimator_."),
    "epoch-search": (
        EpochGridSearchCV(CLF, {"lr": [0.01]}, cv=2),
        "Save its attribute best_estimator_.",
    ),
    "search-of-pipelines": (
        GridSearchCV(make_pipeline(MinMaxScaler(), CLF), {"mlpclassifier__lr": [0.01]}, cv=2),
        "Save its attribute best_estimator_.",
    ),
    "reject": (skmnist.RejectClassifier(CLF, 0.5), "Save its attribute estimator_."),
    "calibrated": (CalibratedClassifierCV(CLF, cv=2), "joblib.dump"),
    "bagging": (BaggingClassifier(CLF, n_estimators=2), "joblib.dump"),
    "voting": (VotingClassifier([("a", CLF), ("b", CLF)]), "joblib.dump"),
    "subclass": (OwnClassifier(max_epochs=1), "methods save and load of your subclass"),
}


@pytest.mark.parametrize("estimator, advice", list(UNSUPPORTED.values()), ids=list(UNSUPPORTED))
def test_error_for_an_unsupported_estimator_says_what_works(estimator, advice, tmp_path):
    estimator = clone(estimator).fit(X, Y)
    with pytest.raises(TypeError) as caught:
        save(estimator, tmp_path / "model.safetensors")
    message = str(caught.value)
    assert advice in message and "skops" not in message
    if "attribute" in advice:
        part = getattr(estimator, advice.split()[-1].rstrip("."))
        save(part, tmp_path / "model.safetensors")
        with pytest.raises(TypeError, match=f"Export {advice[5:]}"):
            skmnist.export_onnx(estimator, tmp_path / "model.onnx")
        with pytest.raises(TypeError, match=advice):
            save(make_pipeline(MinMaxScaler(), estimator).fit(X, Y), tmp_path / "pipeline")
    elif "joblib" in advice:
        joblib.dump(estimator, tmp_path / "model.joblib")
        loaded = joblib.load(tmp_path / "model.joblib")
        assert np.array_equal(loaded.predict(X), estimator.predict(X))


def test_pipeline_whose_steps_do_not_match_is_rejected(tmp_path):
    path = tmp_path / "model.safetensors"
    transformers = (DigitNormalizer(), PixelStandardizer(), MinMaxScaler(), PCA(9))
    save(make_pipeline(*transformers, tiny(skmnist.MLPClassifier)).fit(X, Y), path)
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
