"""The precision of the weights and of the computation."""

import torch

from skmnist import BackpropClassifier, MLPClassifier
from tests.helpers import classifiers_with, digits, tiny


@classifiers_with("precision")
def test_precision_of_the_weights_and_the_outputs(cls):
    X, y = digits(10)
    pairs = [("float32", "float32"), ("float64", "float64")]
    if cls is not BackpropClassifier:  # it does not support bfloat16
        pairs.append(("bfloat16", "float32"))
    for precision, dtype in pairs:
        clf = tiny(cls, precision=precision, max_epochs=8, batch_size=16)
        proba = clf.fit(X, y).predict_proba(X)
        assert proba.dtype == dtype
        assert {str(p.dtype) for p in clf.module_.parameters()} == {f"torch.{dtype}"}
        assert clf.score(X, y) > 0.5


def test_bfloat16_multiplies_in_bfloat16():
    X, y = digits()
    seen = set()

    def look(module, inputs, outputs):
        seen.add(outputs.dtype)

    clf = tiny(MLPClassifier, precision="bfloat16", warm_start=True).fit(X, y)
    clf.module_.register_forward_hook(look)
    clf.fit(X, y)
    assert seen == {torch.bfloat16}
