"""The precision of the weights and of the computation."""

import pytest

from skmnist import BackpropClassifier, MLPClassifier
from skmnist._utils.device import AUTOCAST_DTYPES
from tests.helpers import classifiers_with, digits, tiny


@classifiers_with("precision")
def test_precision_of_the_weights_and_the_outputs(cls):
    X, y = digits(10)
    pairs = [("float32", "float32"), ("float64", "float64")]
    if cls is not BackpropClassifier:  # it does not support them
        pairs += [("bfloat16", "float32"), ("float16", "float32")]
    for precision, dtype in pairs:
        clf = tiny(cls, precision=precision, max_epochs=8, batch_size=16)
        proba = clf.fit(X, y).predict_proba(X)
        assert proba.dtype == dtype
        assert {str(p.dtype) for p in clf.module_.parameters()} == {f"torch.{dtype}"}
        assert clf.score(X, y) > 0.5


@pytest.mark.parametrize("precision, dtype", AUTOCAST_DTYPES.items())
def test_mixed_precision_multiplies_in_the_smaller_type(precision, dtype):
    X, y = digits()
    seen = set()

    def look(module, inputs, outputs):
        seen.add(outputs.dtype)

    clf = tiny(MLPClassifier, precision=precision, warm_start=True).fit(X, y)
    clf.module_.register_forward_hook(look)
    clf.fit(X, y)
    assert seen == {dtype}
