"""The parts, the most important ones first.

This module imports nothing that may be missing.
"""

from typing import NamedTuple


class Part(NamedTuple):
    function: str
    seconds: float  # after which it is stopped
    title: str


PARTS = {
    "tests": Part("gpu_tests:tests", 140, "the tests that need a GPU"),
    "fast": Part("accuracy:fast", 90, "time to 99% accuracy"),
    "skorch": Part("accuracy:skorch", 75, "time to 99% accuracy of skorch"),
    "mlp": Part("epochs:mlp", 60, "epoch of the default MLP"),
    "stacked": Part("stacked:stacked", 75, "64 stacked MLPs"),
    "accurate": Part("epochs:accurate", 110, 'the preset "accurate"'),
    "labels": Part("portable:labels", 60, "labels on a CPU without CUDA"),
    "bits": Part("portable:bits", 40, "the same bits twice"),
    "errors": Part("errors:errors", 40, "the documented errors"),
    "options": Part("epochs:options", 50, "CUDA graphs, precision, memory"),
    "guide": Part("epochs:guide", 90, "the guide's rule of thumb"),
}
