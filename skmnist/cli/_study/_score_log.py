"""Log of the scores that a study has computed so far."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from skmnist.cli._model_params import format_value

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class ScoreLog:
    """Score by accuracy and log each score at once, because Ctrl-C may follow.

    It is the `scoring` of a study. Workers are other processes, so the log is a file.

    Parameters
    ----------
    path : Path
        The file.
    names : list of str
        Attributes of a fitted classifier that identify its score.
    verbose : bool, default=True
        Whether to print each score.
    """

    def __init__(self, path: Path, names: Sequence[str], *, verbose: bool = True) -> None:
        self.path = path
        self.names = names
        self.verbose = verbose
        self.__name__ = self.__qualname__ = "accuracy"  # the name of the score in results

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        """Return the accuracy."""
        score = float(estimator.score(X, y))
        key = [format_value(getattr(estimator, name)) for name in self.names]
        try:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps([*key, score]) + "\n")
        except OSError as error:  # the log is only for Ctrl-C, so the study continues
            message = f"{self.path}: {error.strerror}; Ctrl-C would lose this score"
            print(f"skmnist: {message}", file=sys.stderr, flush=True)
        if self.verbose:
            label = ", ".join(map(" ".join, zip(self.names, key, strict=True)))
            print(f"{label}: {score:.1%}", file=sys.stderr, flush=True)
        return score

    def read(self) -> list[list[Any]]:
        """Return the logged scores, a list for each: the attributes as text, and the score."""
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.endswith("]")]
