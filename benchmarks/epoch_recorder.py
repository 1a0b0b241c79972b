"""Measure the time until the end of each epoch, without the evaluation.

This module needs only Python, since Keras may be installed in another environment.
"""

import json
from time import perf_counter, process_time


class EpochRecorder:
    """Print a JSON line with the time and the accuracy after each epoch.

    The clock starts with this object and stops while ``score()`` is computed.
    """

    def __init__(self, score):
        self._score = score
        self._wall, self._cpu = perf_counter(), process_time()

    def __call__(self, epoch):
        wall, cpu = perf_counter(), process_time()
        point = {
            "epoch": epoch,
            "seconds": wall - self._wall,
            "cpu_seconds": cpu - self._cpu,
            "accuracy": float(self._score()),
        }
        print(json.dumps(point), flush=True)
        self._wall += perf_counter() - wall
        self._cpu += process_time() - cpu
