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
    """Scorer that computes the accuracy and logs it, so that Ctrl+C loses no finished score.

    It is passed as `scoring` to a study. The log is a file, because the workers of a study are
    separate processes.

    Parameters
    ----------
    path : Path
        The log file.
    names : list of str
        Attributes of a fitted classifier that identify its candidate.
    n_folds : int, default=None
        Number of cross-validation folds. When all scores of a candidate are logged, their mean is
        printed. If None, nothing is printed.
    """

    def __init__(self, path: Path, names: Sequence[str], *, n_folds: int | None = None) -> None:
        self.path = path
        self.names = names
        self.n_folds = n_folds
        self.__name__ = self.__qualname__ = "accuracy"  # the name of the score in results

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        """Return the accuracy."""
        score = float(estimator.score(X, y))
        key = [format_value(getattr(estimator, name)) for name in self.names]
        try:
            with open(self.path, "ab") as file:
                file.write(f"{json.dumps([*key, score])}\n".encode())
                file.flush()
                position = file.tell()
        except OSError as error:  # only the partial results need the log, so the study continues
            message = f"{self.path}: {error.strerror}; Ctrl+C would lose this score"
            print(f"skmnist: {message}", file=sys.stderr, flush=True)
            return score
        if self.n_folds:
            self._print_mean(key, position, self.n_folds)
        return score

    def _print_mean(self, key: Sequence[str], position: int, n_folds: int) -> None:
        """Print the mean score of a candidate if the score that ends at `position` is its last."""
        scores = [score for *other, score in self.read(position) if other == key]
        if len(scores) % n_folds == 0:
            label = ", ".join(map("=".join, zip(self.names, key, strict=True)))
            mean = sum(scores[-n_folds:]) / n_folds
            message = f"{label}: {mean:.1%} (mean of {n_folds} folds)"
            print(message, file=sys.stderr, flush=True)

    def read(self, end: int = -1) -> list[list[Any]]:
        """Return the logged scores, up to the byte `end`.

        Returns
        -------
        list of list
            The attributes as text, and the score.
        """
        if not self.path.exists():
            return []
        with open(self.path, "rb") as file:
            lines = file.read(end).decode().splitlines()
        return [json.loads(line) for line in lines if line.endswith("]")]
