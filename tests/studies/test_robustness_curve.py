"""robustness_curve and its display."""

import json
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier
from skmnist._estimators.input_gradients import loss_gradients
from skmnist.displays import RobustnessDisplay
from skmnist.studies import RobustnessCurve, robustness_curve
from skmnist.studies._corruptions import CORRUPTIONS, CorruptionName
from tests.helpers import digits, every_torch_setting

X, Y = digits(step=5)


OTHERS, LABELS = digits(step=7)


every_corruption = pytest.mark.parametrize("corruption", CORRUPTIONS)


@pytest.fixture(scope="module")
def clf():
    return MLPClassifier(random_state=0).fit(X, Y)


@every_corruption
def test_scores_decrease_with_the_severity(clf, corruption):
    curve = robustness_curve(clf, OTHERS, LABELS, corruption=corruption)
    assert curve.severities.tolist() == list(CORRUPTIONS[corruption].severities)
    baseline = curve.scores[curve.severities == 0]
    assert baseline == clf.score(OTHERS, LABELS)
    assert curve.scores[-1] < baseline - 0.05


@every_torch_setting
@every_corruption
def test_settings_of_torch_have_no_effect(clf, corruption, changed_setting):
    curve = robustness_curve(clf, OTHERS, LABELS, corruption=corruption)
    with changed_setting():
        again = robustness_curve(clf, OTHERS, LABELS, corruption=corruption)
    assert again.scores.tolist() == curve.scores.tolist()


FORMS = {
    "float": lambda X: X / 255,
    "float32": lambda X: (X / 255).astype(np.float32),
    "images": lambda X: X.reshape(-1, 28, 28),
    "channels": lambda X: X.reshape(-1, 1, 28, 28),
    "int": lambda X: X.astype(int),
    "DataFrame": lambda X: pd.DataFrame(X, columns=[f"pixel{i}" for i in range(784)]),
}


@pytest.mark.parametrize("convert", FORMS.values(), ids=FORMS)
def test_classifier_gets_images_in_the_form_of_X(convert):
    class RecordingClassifier(MLPClassifier):
        def predict(self, X):
            seen.append(X)
            return super().predict(X)

    converted, seen = convert(OTHERS), []
    clf = RecordingClassifier(8, max_epochs=1, random_state=0).fit(convert(X), Y)
    robustness_curve(clf, converted, LABELS, severities=[0, 10])
    for corrupted in seen:
        assert type(corrupted) is type(converted)
        assert corrupted.shape == converted.shape
        assert np.asarray(corrupted).dtype == np.asarray(converted).dtype
    np.testing.assert_allclose(np.asarray(seen[0]), np.asarray(converted), atol=1e-5)
    assert not np.allclose(np.asarray(seen[1]), np.asarray(converted))


def test_other_classifiers_are_scored():
    clf = LogisticRegression(C=0.01, tol=0.01).fit(X / 255, Y)
    curve = robustness_curve(clf, OTHERS / 255, LABELS, severities=[0, 30])
    assert curve.scores[1] < curve.scores[0] - 0.1


def test_images_that_are_not_square():
    clf = CNNClassifier(4, max_epochs=1, random_state=0).fit(X.reshape(-1, 28, 28)[:, :, 4:24], Y)
    flat = OTHERS.reshape(-1, 28, 28)[:, :, 4:24].reshape(-1, 560)
    curve = robustness_curve(clf, flat, LABELS, corruption="noise", severities=[0])
    assert curve.scores[0] == clf.score(flat, LABELS)


def test_random_corruptions_are_the_same_each_time(clf):
    first, again, other = (
        robustness_curve(
            clf, OTHERS, LABELS, corruption="noise", severities=[0.4], random_state=seed
        ).scores
        for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_severities_of_thickness_give_different_scores(clf):
    severities = [-1, 0, 1, 2]
    curve = robustness_curve(clf, OTHERS, LABELS, corruption="thickness", severities=severities)
    assert len(set(curve.scores)) == 4


def test_result_can_be_restored_from_json(clf):
    curve = robustness_curve(clf, OTHERS, LABELS, severities=[0, 20])
    again = RobustnessCurve.from_dict(json.loads(json.dumps(curve.to_dict())))
    assert again.to_dict() == curve.to_dict()
    assert again.to_frame().equals(curve.to_frame())
    assert curve.settings["corruption"] == "rotate"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"corruption": "melt"},
            "'corruption' parameter .* among {'rotate', .* Got 'melt' instead",
        ),
        ({"severities": []}, r"must be a list of finite numbers. Got \[\] instead"),
        ({"severities": [np.nan]}, r"must be a list of finite numbers. Got \[nan\] instead"),
        (
            {"corruption": "noise", "severities": [-0.1]},
            r"range \[0, inf\) for corruption='noise'. Got \[-0.1\] instead",
        ),
        ({"random_state": None}, r"'random_state' parameter of robustness_curve .* \[0, inf\)"),
        ({"scoring": ["accuracy"]}, "'scoring' parameter of robustness_curve .* one metric"),
    ],
)
def test_invalid_arguments_are_rejected(clf, settings, message):
    with pytest.raises(ValueError, match=message):
        robustness_curve(clf, OTHERS, LABELS, **settings)


@pytest.mark.parametrize("corruption", ["rotate", "fgsm"])
def test_estimator_and_labels_are_checked_first(clf, corruption):
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        robustness_curve(clone(clf), OTHERS, LABELS, corruption=corruption)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        robustness_curve(clf, OTHERS, LABELS[:-1], corruption=corruption)


def test_curves_of_two_corruptions_are_not_plotted_together(clf):
    curves = {
        name: robustness_curve(clf, OTHERS, LABELS, corruption=name, severities=[0])
        for name in ("noise", "rotate")
    }
    with pytest.raises(ValueError, match=r"one corruption. Got \[.Noise.*, .Rotation.*\] instead"):
        RobustnessDisplay.from_curves(curves)


def test_annotation_lists_every_corruption():
    assert get_args(CorruptionName) == tuple(CORRUPTIONS)


# -- fast gradient sign method -----------------------------------------------------------------

NETWORKS = {
    "mlp": MLPClassifier(16, max_epochs=5, random_state=0),
    "cnn": CNNClassifier((4, 6), max_epochs=3, random_state=0),
    "averaged": CNNClassifier(4, max_epochs=3, test_time_augment=True, random_state=0),
    "manual": BackpropClassifier((16,), max_epochs=5, random_state=0),
}


def mean_loss(clf, X, y):
    """Return the loss that the network was trained with."""
    proba = clf.predict_proba(X)
    if clf.loss == "mse":
        return ((np.exp(clf._logits(X)) - np.eye(10)[y]) ** 2).sum(axis=1).mean()
    return log_loss(y, proba, labels=clf.classes_)


@pytest.mark.parametrize("name", NETWORKS)
def test_small_adversarial_change_raises_the_loss_as_the_gradient_says(name):
    """The loss rises by the sum of the absolute gradients; noise of the same size changes less."""
    clf = clone(NETWORKS[name]).set_params(precision="float64").fit(X / 255, Y)
    # Noise, because the maximum of equal pixels has no derivative.
    X_test = OTHERS / 300 + np.random.default_rng(0).uniform(0.01, 0.1, OTHERS.shape)
    gradients = loss_gradients(clf, X_test, LABELS)
    step = 1e-6
    clf_plain = clf.set_params(test_time_augment=False) if name == "averaged" else clf
    before = mean_loss(clf_plain, X_test, LABELS)
    after = mean_loss(clf_plain, X_test + step * np.sign(gradients), LABELS)
    expected = np.abs(gradients).sum(axis=1).mean()
    assert (after - before) / step == pytest.approx(expected, rel=2e-2)


@pytest.mark.parametrize("name", NETWORKS)
def test_adversarial_images_are_misread_more_often_than_noisy_ones(name):
    clf = clone(NETWORKS[name]).fit(X, Y)
    curve = robustness_curve(clf, OTHERS, LABELS, corruption="fgsm", severities=[0, 16])
    signs = np.random.default_rng(0).choice([-16, 16], OTHERS.shape)
    noisy = np.clip(OTHERS + signs, 0, 255).astype(np.uint8)
    assert curve.scores[0] == clf.score(OTHERS, LABELS)
    assert curve.scores[1] < clf.score(noisy, LABELS) - 0.05


def test_severity_is_in_gray_levels_for_every_scale_of_the_pixels():
    clf = MLPClassifier(16, max_epochs=3, random_state=0)
    seen = []

    class RecordingClassifier(MLPClassifier):
        def predict(self, X):
            seen.append(X)
            return super().predict(X)

    for scale in (1, 255):  # bytes, and floats in 0..1
        images, test = (X, OTHERS) if scale == 1 else (X / scale, OTHERS / scale)
        recording = RecordingClassifier(**clf.get_params()).fit(images, Y)
        robustness_curve(recording, test, LABELS, corruption="fgsm", severities=[0, 8])
        clean, changed = (one.astype(float) for one in seen[-2:])
        np.testing.assert_allclose(np.abs(changed - clean).max(), 8 / scale)
        assert changed.min() >= 0
        assert changed.max() <= 255 / scale


def test_adversarial_change_works_with_string_labels():
    names = np.array([f"digit {i}" for i in range(10)])
    clf = MLPClassifier(16, max_epochs=3, random_state=0)
    scores = [
        robustness_curve(clf.fit(X, y), OTHERS, labels, corruption="fgsm").scores.tolist()
        for y, labels in ((Y, LABELS), (names[Y], names[LABELS]))
    ]
    assert scores[0] == scores[1]


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(tol=0.1),
        make_pipeline(MaxAbsScaler(clip=True), MLPClassifier(4, max_epochs=1, random_state=0)),
    ],
)
def test_other_estimators_have_no_gradients(estimator):
    estimator.fit(X / 255, Y)
    with pytest.raises(TypeError, match="needs the gradient .* only the networks of skmnist"):
        robustness_curve(estimator, OTHERS / 255, LABELS, corruption="fgsm")
