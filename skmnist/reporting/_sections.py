"""Turn the results of a report into sections of text and tables, without markup."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from skmnist.displays._style import shorten

from ._figures import MAX_COUNTS, mistakes_title

if TYPE_CHECKING:
    from ._compute import Results

_MAX_EPOCHS = 12  # rows of the table of epochs
_UNDEFINED = "–"
_HISTORY_COLUMNS = {
    "epoch": "Epoch",
    "train_loss": "Training loss",
    "validation_loss": "Validation loss",
    "validation_score": "Validation accuracy",
    "lr": "Learning rate",
    "seconds": "Seconds",
}


class Section(NamedTuple):
    """A part of a report; every string of it is text, not markup."""

    id: str
    title: str
    text: str
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    figure: str = ""  # name of a figure, see _figures.FIGURES
    alt: str = ""  # its alternative text


def sections(results: Results) -> list[Section]:
    """Return all sections; the text of one without results says why."""
    return [make(results) for make in _SECTIONS]


def percent(fraction: float | None, digits: int = 1) -> str:
    """Return a fraction as text in percent."""
    return _UNDEFINED if fraction is None else f"{fraction:.{digits}%}"


def _number(value: float | None) -> str:
    """Return a number as a text of at most four significant digits."""
    if value is None:
        return _UNDEFINED
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _seconds(value: float | None) -> str:
    return _UNDEFINED if value is None else f"{value:.3g} s" if value < 100 else f"{value:,.0f} s"


def _summary(results: Results) -> Section:
    accuracy, pairs = results["accuracy"], results["confused_pairs"]
    low, high = percent(accuracy["low"], 2), percent(accuracy["high"], 2)
    text = (
        f"{accuracy['n_correct']:,} of {accuracy['n_samples']:,} test rows are classified "
        f"correctly: an accuracy of {percent(accuracy['value'], 2)}. Its "
        f"{accuracy['confidence']:.0%} interval ({accuracy['method']}) is {low} to {high}."
    )
    rows = [
        ("Balanced accuracy (mean recall)", percent(accuracy["balanced"], 2)),
        ("Always the most frequent class", percent(accuracy["most_frequent_class"], 2)),
    ]
    if pairs:
        labels = results["display_labels"]
        true, predicted = (labels[pairs[0][key]] for key in ("true", "predicted"))
        support = results["per_class"]["support"][pairs[0]["true"]]
        count = f"{pairs[0]['count']:,} of its {support:,} rows"
        rows.append(("Most frequent mistake", f"{true} taken for {predicted}: {count}"))
    if results["calibration"]:
        rows += [
            ("Log loss", _number(results["calibration"]["log_loss"])),
            ("Expected calibration error", percent(results["calibration"]["ece"])),
        ]
    rows += [
        ("Weights (without biases)", _n_weights(results)),
        ("Training time", _fit_time(results)),
    ]
    return Section("summary", "Summary", " ".join([text, *results["notes"]]), (), tuple(rows))


def _n_weights(results: Results) -> str:
    """Return the number of weights, or why it is unavailable."""
    return results["unavailable"].get("n_weights", _number(results["n_weights"]))


def _fit_time(results: Results) -> str:
    """Return the training time, or why it is unavailable."""
    return results["unavailable"].get("fit_time", _seconds(results["times"]["fit_time"]))


def _per_class(results: Results) -> Section:
    columns = results["per_class"]
    keys = ("precision", "recall", "f1")
    rows = [
        (name, *(percent(columns[key][i]) for key in keys), f"{columns['support'][i]:,}")
        for i, name in enumerate(results["display_labels"])
    ]
    text = (
        "Precision: how many of the rows predicted as this class are of it. Recall: how many "
        "rows of this class are found. F1: their harmonic mean. Support: the number of test "
        f"rows. {_UNDEFINED} stands where there are none to count."
    )
    header = ("Class", "Precision", "Recall", "F1", "Support")
    return Section("per-class", "Classes", text, header, tuple(rows))


def _confusion_matrix(results: Results) -> Section:
    names, accuracy = results["display_labels"], results["accuracy"]
    alt = (
        f"Confusion matrix of {len(names)} classes: {accuracy['n_correct']:,} of "
        f"{accuracy['n_samples']:,} test rows lie on its diagonal."
    )
    text = "True classes down, predicted ones across; the diagonal holds what is right."
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    if len(names) <= MAX_COUNTS:
        header = ("True \\ predicted", *map(shorten, names))
        counts = zip(names, results["confusion_matrix"], strict=True)
        rows = tuple((name, *(f"{count:,}" for count in row)) for name, row in counts)
    else:
        text += " The counts of so many classes are in the JSON file, under “confusion_matrix”."
    return Section(
        "confusion-matrix", "Confusion matrix", text, header, rows, "confusion-matrix", alt
    )


def _confused_pairs(results: Results) -> Section:
    names = results["display_labels"]
    rows = tuple(
        (names[p["true"]], names[p["predicted"]], f"{p['count']:,}", percent(p["fraction"]))
        for p in results["confused_pairs"]
    )
    header: tuple[str, ...] = ("True class", "Taken for", "Rows", "Share of the true class")
    text = "Which classes are taken for which, the most frequent first."
    if not rows:
        header, text = (), "No mistakes, so no class was taken for another."
    return Section("confused-pairs", "Most confused pairs", text, header, rows)


def _calibration(results: Results) -> Section:
    calibration, title = results["calibration"], "Calibration"
    if calibration is None:
        return Section("calibration", title, f"Left out: {results['unavailable']['calibration']}")
    text = (
        "How far the probabilities can be believed: a row's confidence is the probability of the "
        "class that was predicted, and of rows with a confidence of 80% a calibrated classifier "
        f"gets 80% right. Expected calibration error (ECE, {calibration['n_bins']} bins): "
        f"{percent(calibration['ece'])}. Log loss: {_number(calibration['log_loss'])}. "
        f"Brier score: {_number(calibration['brier'])}."
    )
    rows = tuple(
        (
            f"{b['low']:.0%} to {b['high']:.0%}",
            f"{b['n']:,}",
            percent(b["confidence"]),
            percent(b["accuracy"]),
        )
        for b in calibration["bins"]
    )
    alt = (
        "Reliability diagram: accuracy against mean confidence, bin by bin, beside the diagonal "
        f"of perfect calibration. The mean distance is {percent(calibration['ece'])}."
    )
    header = ("Confidence", "Rows", "Mean confidence", "Accuracy")
    return Section("calibration", title, text, header, rows, "calibration", alt)


def _training_curves(results: Results) -> Section:
    history, title = results["training"], "Training curves"
    if history is None:
        return Section("training-curves", title, f"Left out: {results['unavailable']['training']}")
    n = len(history["epoch"])
    shown = np.unique(np.linspace(0, n - 1, min(n, _MAX_EPOCHS)).round().astype(int))
    header = tuple(_HISTORY_COLUMNS.get(column, column) for column in history)
    rows = tuple(tuple(_number(column[i]) for column in history.values()) for i in shown)
    loss = history["train_loss"]
    text = "The training loss is a mean over the epoch, taken while the weights change."
    if len(shown) < n:
        text += f" The table shows {len(shown)} of {n:,} epochs."
    if results["best_epoch"]:
        text += f" The weights of epoch {results['best_epoch']:,} were kept."
    alt = (
        f"Line chart of {n:,} epochs: the training loss goes from {_number(loss[0])} to "
        f"{_number(loss[-1])}."
    )
    scores = history.get("validation_score")
    if scores:
        alt += f" The validation accuracy ends at {percent(scores[-1])}."
    return Section("training-curves", title, text, header, rows, "training-curves", alt)


def _worst_mistakes(results: Results) -> Section:
    mistakes, names = results["mistakes"], results["display_labels"]
    text = f"{mistakes_title(mistakes)} among {results['accuracy']['n_samples']:,} test rows."
    if not mistakes["n"]:
        return Section("worst-mistakes", "Worst mistakes", text)
    header: tuple[str, ...] = ("Row of X_test", "True class", "Predicted class")
    columns = [
        [f"{row:,}" for row in mistakes["indices"]],
        [names[i] for i in mistakes["true"]],
        [names[i] for i in mistakes["predicted"]],
    ]
    if mistakes["proba_true"] is None:
        text += " Without probabilities none is worse than another: they come as the rows do."
    else:
        text += " First come those where the wrong class was given most above the true one."
        header += ("Probability of the true class", "Of the predicted one")
        columns += [
            [percent(p) for p in mistakes[key]] for key in ("proba_true", "proba_predicted")
        ]
    if "images" in results["unavailable"]:
        text += f" Pictures are left out: {results['unavailable']['images']}"
    alt = "The misclassified test rows as pictures; the table names their classes."
    rows = tuple(zip(*columns, strict=True))
    return Section("worst-mistakes", "Worst mistakes", text, header, rows, "worst-mistakes", alt)


def _parameters(results: Results) -> Section:
    rows = tuple((name, str(value)) for name, value in results["parameters"].items())
    text = f"Of {results['name']}"
    text += f", chosen by {results['chosen_by']}." if results["chosen_by"] else "."
    return Section("parameters", "Parameters", text, ("Parameter", "Value"), rows)


def _reproducibility(results: Results) -> Section:
    times, data = results["times"], results["data"]
    seeds = ", ".join(f"{name}={value}" for name, value in results["seed"].items())
    rows = [
        ("Report made", results["created"].replace("T", " ").replace("+00:00", " UTC")),
        ("Training time", _fit_time(results)),
        ("Time of an epoch, mean", _seconds(times["epoch_time_mean"])),
        ("Time of an epoch, median", _seconds(times["epoch_time_median"])),
        ("Time to predict all test rows", _seconds(times["predict_time"])),
        ("Device", results["device"] or _UNDEFINED),
        ("Weights (without biases)", _n_weights(results)),
        ("All trained parameters", _number(results["n_parameters"])),
        ("Seed", results["unavailable"].get("seed", seeds)),
        ("Shape of X_test", " × ".join(map(str, data["shape"]))),
        ("Type of X_test", data["dtype"]),
        ("SHA-256 of X_test and y_test", data["sha256"]),
        *((name, str(value)) for name, value in results["versions"].items()),
    ]
    # Rows without a value and without a reason are left out.
    known = tuple(row for row in rows if row[1] != _UNDEFINED)
    text = "What it takes to get these numbers again."
    return Section("reproducibility", "Times, data, seed and versions", text, (), known)


_SECTIONS = (
    _summary,
    _per_class,
    _confusion_matrix,
    _confused_pairs,
    _calibration,
    _training_curves,
    _worst_mistakes,
    _parameters,
    _reproducibility,
)
