"""Fitted attributes."""

import numpy as np
import pandas as pd
import pytest
import torch

import skmnist
from tests.helpers import CLASSIFIERS, digits, every_classifier, has, tiny


@every_classifier
def test_fitted_attributes_agree_with_each_other(cls):
    X, y = digits()
    clf = tiny(cls).fit(X, y, X_val=X, y_val=y)
    history = clf.history_
    assert clf.n_iter_ == len(history) == clf.max_epochs
    assert clf.loss_curve_ == history["train_loss"].tolist()
    assert clf.loss_ == clf.loss_curve_[-1]
    assert clf.validation_loss_curve_ == history["validation_loss"].tolist()
    assert clf.validation_scores_ == history["validation_score"].tolist()
    assert clf.epoch_times_ == history["seconds"].tolist()
    assert 0 < sum(clf.epoch_times_) <= clf.fit_time_
    assert history["epoch"].tolist() == [1, 2]
    assert history["lr"].tolist() == [clf.lr] * 2
    assert clf.classes_.tolist() == list(range(10))
    assert (clf.n_features_in_, clf.image_shape_) == (784, (28, 28))
    assert (clf.pixel_scale_, clf.pixel_range_) == (255, (X.min(), X.max()))
    assert clf.n_weights_ == sum(coef.size for coef in clf.coefs_)
    assert clf.n_parameters_ == clf.n_weights_ + sum(bias.size for bias in clf.intercepts_)
    assert clf.coefs_[-1].shape[1] == len(clf.intercepts_[-1]) == 10
    assert clf.module_ is clf.net_.module_
    assert clf.device_ == "cpu" or torch.cuda.is_available() or torch.mps.is_available()


def test_network_of_784_64_32_10_has_52544_weights():
    X, y = digits()
    for cls in (skmnist.MLPClassifier, skmnist.BackpropClassifier):
        clf = cls(max_epochs=1).fit(X, y)
        assert (clf.n_weights_, clf.n_parameters_) == (52_544, 52_650)
        assert [coef.shape for coef in clf.coefs_] == [(784, 64), (64, 32), (32, 10)]


@pytest.mark.parametrize("cls", [cls for cls in CLASSIFIERS if not has(cls, "channels")])
def test_coefs_and_intercepts_predict(cls):
    X, y = digits()
    clf = tiny(cls, loss="cross_entropy").fit(X / np.float32(255), y)
    a = X / np.float32(255)
    for coef, intercept in zip(clf.coefs_, clf.intercepts_, strict=True):
        z = a @ coef + intercept
        a = np.maximum(z, 0)
    np.testing.assert_allclose(clf.decision_function(X / np.float32(255)), z, atol=1e-4)


@every_classifier
def test_no_fitted_attributes_before_fit(cls):
    clf = cls()
    assert not [
        name
        for name in dir(clf)
        if name.endswith("_") and hasattr(clf, name) and not name.startswith("_")
    ]


@every_classifier
def test_history_is_one_table(cls):
    X, y = digits()
    clf = tiny(cls).fit(X, y, X_val=X, y_val=y)
    assert isinstance(clf.history_, pd.DataFrame)
    assert list(clf.history_) == [
        "epoch",
        "train_loss",
        "validation_loss",
        "validation_score",
        "lr",
        "seconds",
    ]
