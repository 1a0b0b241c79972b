"""robustness_curve and its display."""

import json
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from skmnist import CNNClassifier, MLPClassifier
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
    ],
)
def test_invalid_arguments_are_rejected(clf, settings, message):
    with pytest.raises(ValueError, match=message):
        robustness_curve(clf, OTHERS, LABELS, **settings)


def test_curves_of_two_corruptions_are_not_plotted_together(clf):
    curves = {
        name: robustness_curve(clf, OTHERS, LABELS, corruption=name, severities=[0])
        for name in ("noise", "rotate")
    }
    with pytest.raises(ValueError, match=r"one corruption. Got \[.Noise.*, .Rotation.*\] instead"):
        RobustnessDisplay.from_curves(curves)


def test_annotation_lists_every_corruption():
    assert get_args(CorruptionName) == tuple(CORRUPTIONS)
