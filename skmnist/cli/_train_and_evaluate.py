"""Train and evaluate a classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ._data import Data


def train_classifier(clf: Any, data: Data, *, resume: bool = False) -> None:
    """Train a classifier and print the number of epochs and the time."""
    print(f"\n{clf}", flush=True)
    clf.fit(data.X, data.y, resume=resume)
    best = f"; best epoch: {clf.best_epoch_}" if clf.early_stopping else ""
    epochs = f"{clf.n_iter_} epoch{'s' * (clf.n_iter_ != 1)}"
    print(f"Trained for {epochs} in {clf.fit_time_:.1f} s on {clf.device_}{best}")


def evaluate_classifier(clf: Any, data: Data, output_dir: Path) -> Path:
    """Print the scores of a fitted classifier and write its report; return the HTML file's path."""
    from skmnist.reporting import EvaluationReport

    report = EvaluationReport.from_estimator(
        clf, data.X_test, data.y_test, display_labels=class_names(clf.classes_, data.target_names)
    )
    accuracy = report.results["accuracy"]
    print(
        f"Test accuracy: {accuracy['value']:.1%} "
        f"({accuracy['confidence']:.0%} interval {accuracy['low']:.1%} to {accuracy['high']:.1%})\n"
    )
    print(report.per_class.rename_axis(None).to_string(float_format="{:.1%}".format, na_rep="-"))
    print("\nConfusion matrix (rows: true class, columns: predicted class, in the same order):")
    # Long column names would make the table too wide for a terminal.
    matrix = report.confusion_matrix.rename_axis(index=None, columns=None)
    header = all(len(str(name)) == 1 for name in matrix.columns)
    print(matrix.to_string(header=header), flush=True)
    return report.save(output_dir)[-1]


def class_names(classes: Iterable[Any], target_names: Iterable[str]) -> list[str] | None:
    """Return the names of the classes, or None if the data set does not name all of them."""
    names = dict(enumerate(target_names))
    return [names[c] for c in classes] if set(classes) <= set(names) else None
