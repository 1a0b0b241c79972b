"""Convert the results of a report to sections of texts and tables, without markup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skmnist.displays._style import shorten

from ._figures import MAX_COUNTS, mistakes_title

if TYPE_CHECKING:
    from ._compute import Results

_MAX_EPOCHS = 12  # in the table of the training history
_UNDEFINED = "–"
# The header and the format of each column of the training history.
_HISTORY_COLUMNS = {
    "epoch": ("Epoch", ",.0f"),
    "train_loss": ("Training loss", ".4f"),
    "validation_loss": ("Validation loss", ".4f"),
    "validation_score": ("Validation accuracy", ".2%"),
    "lr": ("Learning rate", ".3g"),
    "seconds": ("Time (s)", ".2f"),
}


class Section(NamedTuple):
    """Section of a report. All strings are plain text without markup."""

    id: str
    title: str
    text: str
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    figure: str = ""  # name of a figure in _figures.FIGURES
    alt: str = ""  # alternative text of the figure
    headline: str = ""  # most important result, shown above the text


def sections(results: Results) -> list[Section]:
    """Return all sections. The text of a section without results contains the reason."""
    return [make(results) for make in _SECTIONS]


def percent(fraction: float | None, digits: int = 1) -> str:
    """Format a fraction in percent."""
    return _UNDEFINED if fraction is None else f"{fraction:.{digits}%}"


def _number(value: float | None) -> str:
    """Format a number with at most four significant digits."""
    if value is None:
        return _UNDEFINED
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _seconds(value: float | None) -> str:
    return _UNDEFINED if value is None else f"{value:.3g} s" if value < 100 else f"{value:,.0f} s"


def _summary(results: Results) -> Section:
    accuracy, pairs = results["accuracy"], results["confused_pairs"]
    low, high = percent(accuracy["low"], 2), percent(accuracy["high"], 2)
    text = (
        f"{accuracy['n_correct']:,} of {accuracy['n_samples']:,} test samples are classified "
        f"correctly. The {accuracy['confidence']:.0%} confidence interval ({accuracy['method']}) "
        f"of the accuracy is {low} to {high}."
    )
    rows = [
        ("Baseline (most frequent class)", percent(accuracy["most_frequent_class"], 2)),
        ("Balanced accuracy (mean recall)", percent(accuracy["balanced"], 2)),
    ]
    if pairs:
        labels = results["display_labels"]
        true, predicted = (labels[pairs[0][key]] for key in ("true", "predicted"))
        support = results["per_class"]["support"][pairs[0]["true"]]
        count = f"{pairs[0]['count']:,} of {support:,} samples"
        rows.append(("Most frequent mistake", f"{true} predicted as {predicted} ({count})"))
    if results["calibration"]:
        rows += [
            ("Log loss", _number(results["calibration"]["log_loss"])),
            ("Expected calibration error", percent(results["calibration"]["ece"])),
        ]
    rows += [
        ("Weights (without biases)", _n_weights(results)),
        ("Training time", _fit_time(results)),
    ]
    headline = f"{percent(accuracy['value'], 2)} accuracy"
    text = " ".join([text, *results["notes"]])
    return Section("summary", "Summary", text, rows=tuple(rows), headline=headline)


def _n_weights(results: Results) -> str:
    """Format the number of weights, or return the reason why it is unavailable."""
    return results["unavailable"].get("n_weights", _number(results["n_weights"]))


def _fit_time(results: Results) -> str:
    """Format the training time, or return the reason why it is unavailable."""
    return results["unavailable"].get("fit_time", _seconds(results["times"]["fit_time"]))


def _per_class(results: Results) -> Section:
    columns = results["per_class"]
    keys = ("precision", "recall", "f1")
    rows = [
        (name, *(percent(columns[key][i]) for key in keys), f"{columns['support'][i]:,}")
        for i, name in enumerate(results["display_labels"])
    ]
    text = (
        "Precision: fraction of the samples predicted as this class that belong to it. Recall: "
        "fraction of the samples of this class that are predicted correctly. F1: harmonic mean of "
        f"precision and recall. Support: number of test samples. “{_UNDEFINED}” means undefined."
    )
    header = ("Class", "Precision", "Recall", "F1", "Support")
    return Section("per-class", "Metrics per class", text, header, tuple(rows))


def _confusion_matrix(results: Results) -> Section:
    names, accuracy = results["display_labels"], results["accuracy"]
    alt = (
        f"Confusion matrix of {len(names)} classes: {accuracy['n_correct']:,} of "
        f"{accuracy['n_samples']:,} test samples are on the diagonal."
    )
    text = (
        "Number of test samples of each true class (rows) and predicted class (columns). Correct "
        "predictions are on the diagonal."
    )
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    if len(names) <= MAX_COUNTS:
        header = ("True \\ predicted", *map(shorten, names))
        counts = zip(names, results["confusion_matrix"], strict=True)
        # Without thousands separators, so that ten classes fit on a phone.
        rows = tuple((name, *map(str, row)) for name, row in counts)
    else:
        text += " The counts are in the JSON file, in “confusion_matrix”."
    return Section(
        "confusion-matrix", "Confusion matrix", text, header, rows, "confusion-matrix", alt
    )


def _confused_pairs(results: Results) -> Section:
    names = results["display_labels"]
    rows = tuple(
        (names[p["true"]], names[p["predicted"]], f"{p['count']:,}", percent(p["fraction"]))
        for p in results["confused_pairs"]
    )
    header: tuple[str, ...] = ("True class", "Predicted class", "Samples", "Of true class")
    text = "Pairs of true and wrongly predicted classes, most frequent first."
    if not rows:
        header, text = (), "There are no mistakes."
    return Section("confused-pairs", "Most confused pairs", text, header, rows)


def _calibration(results: Results) -> Section:
    calibration, title = results["calibration"], "Calibration"
    if calibration is None:
        return Section(
            "calibration", title, f"Not available: {results['unavailable']['calibration']}"
        )
    text = (
        "The confidence is the probability of the predicted class. If the classifier is "
        "calibrated, 80% of the predictions with a confidence of 80% are correct. "
        f"Expected calibration error (ECE, {calibration['n_bins']} bins): "
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
        "Reliability diagram: accuracy against mean confidence for each bin, with the diagonal of "
        f"perfect calibration. The expected calibration error is {percent(calibration['ece'])}."
    )
    header = ("Confidence", "Samples", "Mean confidence", "Accuracy")
    return Section("calibration", title, text, header, rows, "calibration", alt)


def _training_curves(results: Results) -> Section:
    history, title = results["training"], "Training curves"
    if history is None:
        reason = results["unavailable"]["training"]
        return Section("training-curves", title, f"Not available: {reason}")
    n, best = len(history["epoch"]), results["best_epoch"]
    shown = {*np.linspace(0, n - 1, min(n, _MAX_EPOCHS)).round().astype(int).tolist()}
    shown |= {i for i, epoch in enumerate(history["epoch"]) if epoch == best}
    text = (
        "The training loss is the mean over the mini-batches of an epoch, while the weights change."
    )
    constant_lr = len({*history.get("lr", ())}) == 1
    if constant_lr:
        text += f" The learning rate is constant ({_number(history['lr'][0])})."
    if len(shown) < n:
        text += f" The table shows {len(shown)} of {n:,} epochs."
    if best:
        text += f" Epoch {best:,} has the best validation accuracy."
    columns = {
        name: column for name, column in history.items() if not (name == "lr" and constant_lr)
    }
    header = tuple(_HISTORY_COLUMNS.get(name, (name, ""))[0] for name in columns)
    rows = tuple(_epoch_row(columns, i, best) for i in sorted(shown))
    loss, scores = history["train_loss"], history.get("validation_score")
    alt = (
        f"Line chart of {n:,} epochs. The training loss changes from {_number(loss[0])} to "
        f"{_number(loss[-1])}."
    )
    if scores:
        alt += f" The validation accuracy of the last epoch is {percent(scores[-1])}."
    return Section("training-curves", title, text, header, rows, "training-curves", alt)


def _epoch_row(columns: dict[str, list[Any]], i: int, best: int | None) -> tuple[str, ...]:
    """Return a row of the training history; the best epoch is marked."""
    cells = [
        _UNDEFINED
        if column[i] is None
        else format(column[i], _HISTORY_COLUMNS.get(name, ("", ""))[1])
        for name, column in columns.items()
    ]
    if columns["epoch"][i] == best:
        cells[0] += " (best)"
    return tuple(cells)


def _worst_mistakes(results: Results) -> Section:
    mistakes, names = results["mistakes"], results["display_labels"]
    text = f"{mistakes_title(mistakes)} among {results['accuracy']['n_samples']:,} test samples."
    if not mistakes["n"]:
        return Section("worst-mistakes", "Worst mistakes", text)
    header: tuple[str, ...] = ("Test sample", "True class", "Predicted class")
    columns = [
        [f"{index:,}" for index in mistakes["indices"]],
        [names[i] for i in mistakes["true"]],
        [names[i] for i in mistakes["predicted"]],
    ]
    if mistakes["proba_true"] is None:
        text += " They are in the order of the test samples, because there are no probabilities."
    else:
        text += " They are sorted by the margin between the probabilities of the two classes."
        header += ("Probability (true)", "Probability (predicted)")
        columns += [
            [percent(p) for p in mistakes[key]] for key in ("proba_true", "proba_predicted")
        ]
    if mistakes.get("explanations") is not None:
        text += (
            " In the HTML report, two small images show what speaks for the true class (left) and "
            "for the predicted class (right): hiding a red part lowers its probability, hiding a "
            "blue part raises it."
        )
    if "images" in results["unavailable"]:
        text += f" Images are not available: {results['unavailable']['images']}"
    alt = "Images of the misclassified test samples. The table lists their classes."
    rows = tuple(zip(*columns, strict=True))
    return Section("worst-mistakes", "Worst mistakes", text, header, rows, "worst-mistakes", alt)


def _parameters(results: Results) -> Section:
    rows = tuple((name, str(value)) for name, value in results["parameters"].items())
    text = f"Parameters of {results['name']}"
    text += f", selected by {results['chosen_by']}." if results["chosen_by"] else "."
    return Section("parameters", "Parameters", text, ("Parameter", "Value"), rows)


def _reproducibility(results: Results) -> Section:
    times, data = results["times"], results["data"]
    seeds = ", ".join(f"{name}={value}" for name, value in results["seed"].items())
    rows = [
        ("Date of the report", results["created"].replace("T", " ").replace("+00:00", " UTC")),
        ("Training time", _fit_time(results)),
        ("Time per epoch (mean)", _seconds(times["epoch_time_mean"])),
        ("Time per epoch (median)", _seconds(times["epoch_time_median"])),
        ("Prediction time (test set)", _seconds(times["predict_time"])),
        ("Device", results["device"] or _UNDEFINED),
        ("Weights (without biases)", _n_weights(results)),
        ("Trained parameters", _number(results["n_parameters"])),
        ("Seed", results["unavailable"].get("seed", seeds)),
        ("Shape of X_test", " × ".join(map(str, data["shape"]))),
        ("Data type of X_test", data["dtype"]),
        ("SHA-256 of X_test and y_test", data["sha256"]),
        *((name, str(value)) for name, value in results["versions"].items()),
    ]
    # Omit rows that have neither a value nor a reason.
    known = tuple(row for row in rows if row[1] != _UNDEFINED)
    text = "Information for reproducing these results."
    return Section("reproducibility", "Reproducibility", text, (), known)


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
