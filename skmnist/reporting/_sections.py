"""Second step of a report: the dict as sections of texts and tables, whatever they become."""

from typing import NamedTuple

import numpy as np

from skmnist.displays._style import shorten

from ._figures import MOST_COUNTS, heading_of_mistakes

_EPOCHS = 12  # rows of the table of epochs; of more epochs some are left out
_NONE = "–"
_COLUMNS = {
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
    header: tuple = ()
    rows: tuple = ()
    picture: str = ""  # name of a picture, see pictures.draw
    alt: str = ""  # what it shows, for those who don't see it


def sections(results):
    """Return all sections; one that the classifier has nothing for says so in its text."""
    return [make(results) for make in _SECTIONS]


def percent(share, digits=1):
    """Return a share as a text."""
    return _NONE if share is None else f"{share:.{digits}%}"


def _number(value):
    """Return a number as a text of at most four significant digits."""
    return _NONE if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _seconds(value):
    return _NONE if value is None else f"{value:.3g} s" if value < 100 else f"{value:,.0f} s"


def _summary(results):
    one, worst = results["accuracy"], results["confused_pairs"]
    text = (
        f"{one['n_correct']:,} of {one['n_samples']:,} test rows are classified correctly: an "
        f"accuracy of {percent(one['value'], 2)}. Its {one['confidence']:.0%} interval "
        f"({one['method']}) is {percent(one['low'], 2)} to {percent(one['high'], 2)}."
    )
    rows = [
        ("Balanced accuracy (mean recall)", percent(one["balanced"], 2)),
        ("Always the most frequent class", percent(one["most_frequent_class"], 2)),
    ]
    if worst:
        true, predicted = (results["names"][worst[0][key]] for key in ("true", "predicted"))
        support = results["per_class"]["support"][worst[0]["true"]]
        share = f"{worst[0]['count']:,} of its {support:,} rows"
        rows.append(("Most frequent mistake", f"{true} taken for {predicted}: {share}"))
    if results["calibration"]:
        rows += [
            ("Log loss", _number(results["calibration"]["log_loss"])),
            ("Expected calibration error", percent(results["calibration"]["ece"])),
        ]
    rows += [
        ("Weights (without biases)", _known(results, "n_weights", _number(results["n_weights"]))),
        ("Training time", _known(results, "fit_seconds", _fit_seconds(results))),
    ]
    return Section("summary", "Summary", " ".join([text, *results["notes"]]), (), tuple(rows))


def _known(results, part, text):
    return results["left_out"].get(part, text)


def _fit_seconds(results):
    return _seconds(results["times"]["fit_seconds"])


def _per_class(results):
    columns = results["per_class"]
    keys = ("precision", "recall", "f1")
    rows = [
        (name, *(percent(columns[key][i]) for key in keys), f"{columns['support'][i]:,}")
        for i, name in enumerate(results["names"])
    ]
    text = (
        "Precision: how many of the rows predicted as this class are of it. Recall: how many "
        "rows of this class are found. F1: their harmonic mean. Support: the number of test "
        f"rows. {_NONE} stands where there are none to count."
    )
    header = ("Class", "Precision", "Recall", "F1", "Support")
    return Section("per-class", "Classes", text, header, tuple(rows))


def _confusion_matrix(results):
    names, one = results["names"], results["accuracy"]
    alt = (
        f"Confusion matrix of {len(names)} classes: {one['n_correct']:,} of "
        f"{one['n_samples']:,} test rows lie on its diagonal."
    )
    text = "True classes down, predicted ones across; the diagonal holds what is right."
    header, rows = (), ()
    if len(names) <= MOST_COUNTS:
        header = ("True \\ predicted", *map(shorten, names))  # long ones would tear it apart
        counts = zip(names, results["confusion"], strict=True)
        rows = tuple((name, *(f"{count:,}" for count in row)) for name, row in counts)
    else:
        text += " The counts of so many classes are in the JSON file, under “confusion”."
    return Section(
        "confusion-matrix", "Confusion matrix", text, header, rows, "confusion-matrix", alt
    )


def _confused_pairs(results):
    names = results["names"]
    rows = tuple(
        (names[p["true"]], names[p["predicted"]], f"{p['count']:,}", percent(p["share"]))
        for p in results["confused_pairs"]
    )
    header = ("True class", "Taken for", "Rows", "Share of the true class")
    text = "Which classes are taken for which, the most frequent first."
    if not rows:
        header, text = (), "No mistakes, so no class was taken for another."
    return Section("confused-pairs", "Most confused pairs", text, header, rows)


def _calibration(results):
    found, title = results["calibration"], "Calibration"
    if found is None:
        return Section("calibration", title, f"Left out: {results['left_out']['calibration']}")
    text = (
        "How far the probabilities can be believed: a row's confidence is the probability of the "
        "class that was predicted, and of rows with a confidence of 80% a calibrated classifier "
        f"gets 80% right. Expected calibration error (ECE, {found['n_bins']} bins): "
        f"{percent(found['ece'])}. Log loss: {_number(found['log_loss'])}. Brier score: "
        f"{_number(found['brier'])}."
    )
    rows = tuple(
        (
            f"{one['low']:.0%} to {one['high']:.0%}",
            f"{one['n']:,}",
            percent(one["confidence"]),
            percent(one["accuracy"]),
        )
        for one in found["bins"]
    )
    alt = (
        "Reliability diagram: accuracy against mean confidence, bin by bin, beside the diagonal "
        f"of perfect calibration. The mean distance is {percent(found['ece'])}."
    )
    header = ("Confidence", "Rows", "Mean confidence", "Accuracy")
    return Section("calibration", title, text, header, rows, "calibration", alt)


def _training_curves(results):
    history, title = results["training"], "Training curves"
    if history is None:
        return Section("training-curves", title, f"Left out: {results['left_out']['training']}")
    n = len(history["epoch"])
    shown = np.unique(np.linspace(0, n - 1, min(n, _EPOCHS)).round().astype(int))
    words = [_COLUMNS.get(column, column) for column in history]
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
    return Section("training-curves", title, text, tuple(words), rows, "training-curves", alt)


def _worst_mistakes(results):
    mistakes, names = results["mistakes"], results["names"]
    text = f"{heading_of_mistakes(mistakes)} among {results['accuracy']['n_samples']:,} test rows."
    if not mistakes["n"]:
        return Section("worst-mistakes", "Worst mistakes", text)
    header = ("Row of X_test", "True class", "Predicted class")
    columns = [
        [f"{row:,}" for row in mistakes["rows"]],
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
    if "pictures" in results["left_out"]:
        text += f" Pictures are left out: {results['left_out']['pictures']}"
    alt = "The misclassified test rows as pictures; the table names their classes."
    rows = tuple(zip(*columns, strict=True))
    return Section("worst-mistakes", "Worst mistakes", text, header, rows, "worst-mistakes", alt)


def _parameters(results):
    rows = tuple((name, str(value)) for name, value in results["parameters"].items())
    text = f"Of {results['name']}"
    text += f", chosen by {results['chosen_by']}." if results["chosen_by"] else "."
    return Section("parameters", "Parameters", text, ("Parameter", "Value"), rows)


def _reproducibility(results):
    times, data = results["times"], results["data"]
    seeds = ", ".join(f"{name}={value}" for name, value in results["seed"].items())
    rows = [
        ("Report made", results["created"].replace("T", " ").replace("+00:00", " UTC")),
        ("Training time", _known(results, "fit_seconds", _fit_seconds(results))),
        ("Time of an epoch, mean", _seconds(times["epoch_seconds_mean"])),
        ("Time of an epoch, median", _seconds(times["epoch_seconds_median"])),
        ("Time to predict all test rows", _seconds(times["predict_seconds"])),
        ("Device", results["device"] or _NONE),
        ("Weights (without biases)", _known(results, "n_weights", _number(results["n_weights"]))),
        ("All trained parameters", _number(results["n_parameters"])),
        ("Seed", _known(results, "seed", seeds)),
        ("Shape of X_test", " × ".join(map(str, data["shape"]))),
        ("Type of X_test", data["dtype"]),
        ("SHA-256 of X_test and y_test", data["sha256"]),
        *((name, str(value)) for name, value in results["versions"].items()),
    ]
    # What has no value here has none for this classifier; where that may surprise, a word says so.
    rows = tuple(row for row in rows if row[1] != _NONE)
    text = "What it takes to get these numbers again."
    return Section("reproducibility", "Times, data, seed and versions", text, (), rows)


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
