"""The shape of the images."""

import numpy as np
import pytest

from skmnist import CNNClassifier
from tests.helpers import digits, every_classifier, tiny

SHAPES = [
    # shape of one sample of X, parameter image_shape, fitted image_shape_
    ((784,), "auto", (28, 28)),
    ((64,), "auto", (8, 8)),
    ((12,), "auto", (1, 12)),
    ((75,), "auto", (1, 75)),  # not 3 x 5 x 5: color channels are not inferred
    ((27,), "auto", (1, 27)),
    ((1,), "auto", (1, 1)),
    ((75,), (3, 5, 5), (3, 5, 5)),
    ((12,), (4, 3), (4, 3)),
    ((12,), [4, 3], (4, 3)),
    ((12,), (3, 2, 2), (3, 2, 2)),
    ((4, 3), "auto", (4, 3)),
    ((3, 5, 5), "auto", (3, 5, 5)),
    ((28, 28), (28, 28), (28, 28)),
    ((28, 28), (1, 28, 28), (1, 28, 28)),
    ((1, 28, 28), (28, 28), (28, 28)),
    ((12, 12), None, (12, 12)),
]


@pytest.mark.parametrize("shape, parameter, expected", SHAPES)
def test_image_shape_is_resolved(shape, parameter, expected):
    X = np.random.default_rng(0).random((20, *shape), dtype=np.float32)
    y = np.arange(20) % 2
    clf = tiny(CNNClassifier, image_shape=parameter, pool_size=1)
    assert clf.fit(X, y).image_shape_ == expected
    assert clf.image_shape is parameter
    channels = expected[0] if len(expected) == 3 else 1
    assert clf.coefs_[0].shape == (4, channels, 3, 3)
    assert clf.predict(X).shape == (20,)
    # The fitted network has the shape, so it accepts flat samples, too.
    assert np.array_equal(clf.predict_proba(X.reshape(20, -1)), clf.predict_proba(X))


def test_image_shape_changes_the_result_of_a_convolution():
    X, y = digits()
    square = tiny(CNNClassifier).fit(X, y)
    oblong = tiny(CNNClassifier, image_shape=(14, 56)).fit(X, y)
    assert not np.array_equal(square.predict_proba(X), oblong.predict_proba(X))


@every_classifier
def test_gray_images_may_have_a_channel_axis(cls):
    X, y = digits()
    clf = tiny(cls).fit(X.reshape(-1, 28, 28), y)
    flat = clf.predict_proba(X)
    assert np.array_equal(clf.predict_proba(X.reshape(-1, 1, 28, 28)), flat)
    clf = tiny(cls).fit(X.reshape(-1, 1, 28, 28), y)
    assert np.array_equal(clf.predict_proba(X.reshape(-1, 28, 28)), clf.predict_proba(X))


def test_stacks_of_convolutions_are_built():
    X, y = digits()
    pools = {"pool_size": (2, 4), "pool_stride": (2, 4), "hidden_layer_sizes": (), "max_epochs": 1}
    wide_one = {"channels": (32, 64), "kernel_size": 5, "stride": (1, 3), "padding": 1}
    narrow = {"channels": (4, 2), "kernel_size": 3, "stride": (1, 3), "padding": 0}
    clf = CNNClassifier(**wide_one, **pools).fit(X, y)
    assert [coef.shape for coef in clf.coefs_] == [(32, 1, 5, 5), (64, 32, 5, 5), (64, 10)]
    clf = CNNClassifier(**narrow, **pools).fit(X, y)
    assert [coef.shape for coef in clf.coefs_] == [(4, 1, 3, 3), (2, 4, 3, 3), (2, 10)]
