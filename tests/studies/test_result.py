"""Results of studies: they are frozen and can be converted to JSON and to tables."""

import json
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from sklearn.svm import LinearSVC
from typing_extensions import TypeAliasType

from skmnist.studies import (
    EpochCurve,
    LearningCurve,
    ValidationCurve,
    epoch_curve,
    learning_curve,
    validation_curve,
)
from skmnist.studies._jsonable import from_jsonable
from tests.studies.helpers import tiny


@pytest.fixture(scope="module")
def curves(data):
    clf = tiny(max_epochs=1)
    return [
        epoch_curve(clf, *data, epochs=[1, 2], cv=2),
        epoch_curve(LinearSVC(random_state=0), *data, epochs=[1], cv=2),
        learning_curve(clf, *data, train_sizes=[100, 120], cv=2, shuffle=True),
        validation_curve(clf, *data, param_name="lr", param_range=[1e-3, 1e-2], cv=2),
        validation_curve(
            clf, *data, param_name="hidden_layer_sizes", param_range=[(4,), (8, 4)], cv=2
        ),
    ]


def test_results_and_their_arrays_are_frozen(curves):
    for curve in curves:
        with pytest.raises(FrozenInstanceError):
            curve.test_scores = None
        with pytest.raises(ValueError, match="read-only"):
            curve.test_scores[0, 0] = 1.0


def test_arrays_are_restored_if_their_type_is_an_alias():
    """NumPy's NDArray is one from Python 3.12 on."""
    alias = TypeAliasType("Floats", np.ndarray[tuple[int, ...], np.dtype[np.float64]])
    restored = from_jsonable([0.5, None], alias)
    np.testing.assert_array_equal(restored, [0.5, np.nan])


def test_results_can_be_restored_from_json(curves):
    for curve in curves:
        text = json.dumps(curve.to_dict(), allow_nan=False)
        back = type(curve).from_dict(json.loads(text))
        assert back.to_dict() == curve.to_dict()
        pd.testing.assert_frame_equal(back.to_frame(), curve.to_frame())
        for name, value in vars(curve).items():
            assert type(getattr(back, name)) is type(value), name


def test_dict_of_another_study_is_rejected(curves):
    message = r"returned by EpochCurve.to_dict\(\), .* Got a dict of the study 'ValidationCurve'"
    with pytest.raises(ValueError, match=message):
        EpochCurve.from_dict(curves[-1].to_dict())
    with pytest.raises(ValueError, match="Got a dict of the study None"):
        LearningCurve.from_dict({})
    damaged = curves[-1].to_dict()
    del damaged["param_range"]
    with pytest.raises(ValueError, match="param_range"):
        ValidationCurve.from_dict(damaged)


def test_results_contain_settings_seed_and_versions(curves):
    curve = curves[0]
    assert curve.settings["estimator"] == "MLPClassifier"
    assert curve.settings["parameters"]["hidden_layer_sizes"] == [8]
    assert (curve.settings["n_samples"], curve.settings["cv"]) == (250, 2)
    assert curve.seed == 0
    assert curve.versions.keys() == {"python", "skmnist", "numpy", "scikit-learn", "torch"}
    assert repr(curve) == "EpochCurve(2 points, 2 splits, seed=0)"


def test_tables_have_a_row_for_each_point_and_split(curves):
    frame = curves[0].to_frame()
    assert frame["epochs"].tolist() == [1, 1, 2, 2]
    assert frame["split"].tolist() == [0, 1, 0, 1]
    assert frame["test_score"].tolist() == curves[0].test_scores.ravel().tolist()
    assert curves[-1].to_frame()["hidden_layer_sizes"].tolist() == [(4,), (4,), (8, 4), (8, 4)]
