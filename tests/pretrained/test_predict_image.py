"""predict_image: images, estimators and pixel ranges."""

import dataclasses
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import LinearSVC

from skmnist import CNNClassifier, MLPClassifier, RejectClassifier, predict_image
from skmnist.exceptions import ImageError
from skmnist.preprocessing import DigitNormalizer, PixelStandardizer
from tests.helpers import digits, run_python

FEW = {"max_epochs": 3, "random_state": 0}


@pytest.fixture(scope="module")
def data():
    return digits(5)


@pytest.fixture(scope="module")
def clf(data):
    return MLPClassifier(**FEW).fit(*data)


def photo_of(*rows):
    """Return a large photo of digits side by side, dark on light."""
    digits = [np.asarray(Image.fromarray(row.reshape(28, 28)).resize((112, 112))) for row in rows]
    return np.pad(230 - 0.8 * np.hstack(digits), 60, constant_values=230).astype(np.uint8)


def test_prediction_is_that_of_the_normalized_image(clf, data):
    X, _ = data
    for row in X[::200]:
        photo = photo_of(row)
        prediction = predict_image(photo, clf)
        pixels = DigitNormalizer().transform([photo])
        assert prediction.image.dtype == np.uint8
        assert (prediction.image == pixels.reshape(28, 28)).all()
        assert prediction.label == clf.predict(pixels)[0]
        assert list(prediction.proba) == clf.classes_.tolist()
        assert list(prediction.proba.values()) == clf.predict_proba(pixels)[0].tolist()
        assert prediction.box is None


def test_image_can_be_of_any_type(clf, data, tmp_path):
    photo = photo_of(data[0][0])
    image, file = Image.fromarray(photo), io.BytesIO()
    image.save(file, "PNG")
    image.save(tmp_path / "photo.png")
    expected = predict_image(photo, clf).proba
    for same in (image, file, tmp_path / "photo.png", str(tmp_path / "photo.png")):
        assert predict_image(same, clf).proba == expected


def test_multiple_digits_are_in_reading_order(clf, data):
    X, y = data
    rows = [0, 410, 990, 600]
    photo = np.vstack([photo_of(*X[rows[:2]]), photo_of(*X[rows[2:]])])
    predictions = predict_image(photo, clf, multiple=True)
    assert [prediction.label for prediction in predictions] == y[rows].tolist()
    for prediction in predictions:
        top, left, bottom, right = prediction.box
        assert all(type(edge) is int for edge in prediction.box)
        crop = predict_image(photo[top - 20 : bottom + 20, left - 20 : right + 20], clf)
        assert crop.label == prediction.label
    tops = [prediction.box[0] for prediction in predictions]
    assert max(tops[:2]) < min(tops[2:])
    assert predictions[0].box[1] < predictions[1].box[1]
    assert predictions[2].box[1] < predictions[3].box[1]


def test_normalizer_parameter(clf, data):
    photo = photo_of(data[0][0])
    method = DigitNormalizer("emnist")
    expected = method.transform([photo])[0]
    assert (predict_image(photo, clf, normalizer=method).image.ravel() == expected).all()
    own = make_pipeline(method, MLPClassifier(8, max_epochs=1, random_state=0))
    own.fit(data[0].reshape(-1, 28, 28)[::20], data[1][::20])
    prediction = predict_image(photo, own)
    assert (prediction.image.ravel() == expected).all()
    assert list(prediction.proba.values()) == own.predict_proba([photo])[0].tolist()


def test_labels_are_those_of_the_classifier(data):
    X, y = data
    names = np.array([f"digit {label}" for label in y])
    prediction = predict_image(photo_of(X[0]), MLPClassifier(**FEW).fit(X, names))
    assert prediction.label == names[0]
    assert type(prediction.label) is str
    assert prediction.proba[prediction.label] > 0.5


def test_prediction_is_immutable_and_its_repr_has_no_pixels(clf, data):
    prediction = predict_image(photo_of(data[0][0]), clf)
    with pytest.raises(dataclasses.FrozenInstanceError):
        prediction.label = 3
    assert "array" not in repr(prediction)


# -- pixels: 0 to 255 or 0 to 1 ----------------------------------------------------------------

SCALERS = {
    "none": None,
    "standard": StandardScaler(),
    "standard, no mean": StandardScaler(with_mean=False),
    "min-max": MinMaxScaler(),
    "max-abs": MaxAbsScaler(),
    "robust": RobustScaler(),
    "pixels": PixelStandardizer(),
    "pixels, none": PixelStandardizer(None, None),
    "passthrough": "passthrough",
}


# Unscaled floats are supported, but a network learns worse from them.
@pytest.mark.filterwarnings("ignore::skmnist.exceptions.PixelRangeWarning")
@pytest.mark.parametrize("scaler", SCALERS.values(), ids=SCALERS)
@pytest.mark.parametrize(
    "scale",
    [lambda X: X, lambda X: X.astype(float), lambda X: X / 255, lambda X: np.float32(X / 255)],
    ids=["bytes", "floats to 255", "floats to 1", "float32 to 1"],
)
def test_pixels_have_the_range_of_the_training_data(data, scaler, scale):
    X, y = data
    clf = MLPClassifier(16, **FEW)
    model = clf if scaler is None else make_pipeline(scaler, clf)
    model.fit(scale(X), y)
    photo = photo_of(X[0])
    pixels = DigitNormalizer().transform([photo])
    prediction = predict_image(photo, model)
    assert np.allclose(list(prediction.proba.values()), model.predict_proba(scale(pixels))[0])


def test_grid_search_fitted_on_a_data_frame(data):
    X, y = data
    frame = pd.DataFrame(X / 255, columns=[f"pixel {i}" for i in range(784)])
    model = make_pipeline(MinMaxScaler(), MLPClassifier(8, max_epochs=1, random_state=0))
    search = GridSearchCV(model, {"mlpclassifier__lr": [0.01]}, cv=2).fit(frame, y)
    pixels = DigitNormalizer().transform([photo_of(X[0])])
    prediction = predict_image(photo_of(X[0]), search)
    expected = search.predict_proba(pd.DataFrame(pixels / 255, columns=frame.columns))
    assert np.allclose(list(prediction.proba.values()), expected[0], atol=1e-6)


def test_scikit_learn_classifiers_get_pixels_from_0_to_255(data):
    X, y = data
    clf = LogisticRegression(tol=0.1).fit(X[::5], y[::5])
    prediction = predict_image(photo_of(X[0]), clf)
    expected = clf.predict_proba(DigitNormalizer().transform([photo_of(X[0])]))[0]
    assert list(prediction.proba.values()) == expected.tolist()


def meta_estimators():
    clf = MLPClassifier(16, **FEW)
    bagging = BaggingClassifier(clf, n_estimators=2, max_features=0.5, random_state=0)
    yield "calibrated", CalibratedClassifierCV(clf, cv=2)
    yield "pipeline inside", CalibratedClassifierCV(make_pipeline(MinMaxScaler(), clf), cv=2)
    yield "voting", VotingClassifier([("a", "drop"), ("b", clf)], voting="soft")
    yield "stacking", StackingClassifier([("a", clf)], cv=2)
    yield "bagging", bagging
    yield "one versus rest", OneVsRestClassifier(clf)
    yield "reject", RejectClassifier(clf, 0.5)
    yield "pipeline outside", make_pipeline(MaxAbsScaler(), RejectClassifier(clf, 0.5))


@pytest.mark.parametrize("scale", [1, 255])
@pytest.mark.parametrize(
    "model", [pytest.param(model, id=name) for name, model in meta_estimators()]
)
def test_meta_estimators_get_the_pixel_range_of_their_training_data(data, model, scale):
    X, y = data[0][::5], data[1][::5]
    model = clone(model).fit(X if scale == 1 else X / scale, y)
    photo = photo_of(data[0][3])
    pixels = DigitNormalizer().transform([photo])
    expected = model.predict_proba(pixels if scale == 1 else pixels / scale)[0]
    prediction = predict_image(photo, model)
    assert np.allclose(list(prediction.proba.values()), expected, atol=1e-6)


# -- other forms of input and output -----------------------------------------------------------


@pytest.mark.parametrize("multiple", [False, True])
def test_data_frame_output_does_not_matter(clf, data, multiple):
    photo = photo_of(*data[0][[0, 500]])
    expected = predict_image(photo, clf, multiple=multiple)
    with config_context(transform_output="pandas"):
        got = predict_image(photo, clf, multiple=multiple)
    assert repr(got) == repr(expected)
    own = make_pipeline(DigitNormalizer().set_output(transform="pandas"), clf)
    assert repr(predict_image(photo, own, multiple=multiple)) == repr(expected)


def test_row_of_a_batch_is_one_digit(clf, data):
    for row in data[0][5::150]:
        expected = predict_image(row, clf).proba
        for form in (row[None], row[:, None], pd.DataFrame(row[None]), row[None] / 255):
            assert predict_image(form, clf).proba == expected


# -- errors -----------------------------------------------------------------------------------


def errors():
    X, y = digits(50)
    tiny = MLPClassifier(4, max_epochs=1)
    color = CNNClassifier(2, image_shape=(4, 14, 14), max_epochs=1)
    scaled = FunctionTransformer(lambda X: X / 127.5 - 1)
    yield "not fitted", lambda: MLPClassifier(), NotFittedError, "not fitted"
    expected = "gray-scale images of 28 x 28 pixels.* but .* was fitted on"
    yield "8 x 8", lambda: tiny.fit(X[:, :64], y), ValueError, rf"{expected} .*shape \(8, 8\)"
    yield "color", lambda: color.fit(X, y), ValueError, rf"{expected} .*shape \(4, 14, 14\)"
    flat = make_pipeline(MinMaxScaler(), tiny)
    yield "64 features", lambda: flat.fit(X[:, :64], y), ValueError, f"{expected} 64 features"
    yield (
        "scaled outside of a pipeline",
        lambda: tiny.fit(scaled.transform(X), y),
        ValueError,
        "from -1 to 1.*step of a Pipeline",
    )
    yield (
        "no probabilities",
        lambda: LinearSVC(tol=1).fit(X, y),
        TypeError,
        "needs a classifier with predict_proba, but LinearSVC",
    )


@pytest.mark.parametrize(
    ("make", "error", "message"), [pytest.param(*rest, id=name) for name, *rest in errors()]
)
def test_unsuitable_estimator_raises(make, error, message):
    X, _ = digits(1)
    with pytest.raises(error, match=message):
        predict_image(photo_of(X[0]), make())


@pytest.mark.parametrize("multiple", [False, True])
def test_images_without_a_digit_raise_image_error(clf, multiple, tmp_path):
    with pytest.raises(ImageError, match="No foreground found"):
        predict_image(np.full((100, 100), 255, dtype=np.uint8), clf, multiple=multiple)
    with pytest.raises(ImageError, match="No such file or directory"):
        predict_image(tmp_path / "no.png", clf, multiple=multiple)


def test_estimator_may_come_first(clf, data):
    photo = photo_of(data[0][0])
    assert predict_image(clf, photo).proba == predict_image(photo, clf).proba
    with pytest.raises(TypeError, match="needs an image"):
        predict_image(clf)


def test_other_classifiers_need_no_torch():
    imports = "import sys, skmnist, skmnist.serving; skmnist.predict_image"
    run_python("-c", f"{imports}; assert 'torch' not in sys.modules")
