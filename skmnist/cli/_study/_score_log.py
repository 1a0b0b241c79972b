"""Notes of the scores that a study has found so far."""

import json
import sys

from skmnist.cli._arguments import as_text


class ScoreNotes:
    """Score by accuracy and write each score down at once, because Ctrl-C may come.

    It is the `scoring` of a study. Workers are other processes, so the notes are lines of a file.

    Parameters
    ----------
    path : Path
        The file.
    names : list of str
        Attributes of a fitted classifier that tell what its score is about.
    aloud : bool, default=True
        Whether to say each score.
    """

    def __init__(self, path, names, *, aloud=True):
        self.path = path
        self.names = names
        self.aloud = aloud
        self.__name__ = self.__qualname__ = "accuracy"  # what results call their scores

    def __call__(self, estimator, X, y):
        """Return the accuracy."""
        score = float(estimator.score(X, y))
        about = [as_text(getattr(estimator, name)) for name in self.names]
        try:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps([*about, score]) + "\n")
        except OSError as error:  # the notes are for Ctrl-C alone: no reason to fail
            words = f"{self.path}: {error.strerror}; Ctrl-C would lose this score"
            print(f"skmnist: {words}", file=sys.stderr, flush=True)
        if self.aloud:
            words = ", ".join(map(" ".join, zip(self.names, about, strict=True)))
            print(f"{words}: {score:.1%}", file=sys.stderr, flush=True)
        return score

    def read(self):
        """Return the notes so far, a list for each: the attributes as texts, and the score."""
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.endswith("]")]
