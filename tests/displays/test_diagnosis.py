"""DiagnosisDisplay."""

import numpy as np
from sklearn.linear_model import LogisticRegression

from skmnist import MLPClassifier
from skmnist.displays import DiagnosisDisplay
from skmnist.studies import diagnose
from tests.displays.helpers import assert_readable


def texts_of(display):
    return "\n".join(text.get_text() for text in display.ax_.texts)


def test_problems_are_shown_with_evidence_and_remedy(data, boxes_of):
    diagnosis = diagnose(MLPClassifier((16,), lr=3.0, max_epochs=3, random_state=0), *data)
    display = diagnosis.plot()
    first = diagnosis.problems[0]
    text = " ".join(texts_of(display).split())
    assert (
        f"{first.severity.upper()}: {first.check} {first.evidence} Remedy: {first.remedy}" in text
    )
    assert "Not checked: leakage" in text
    assert_readable(display.figure_, boxes_of)


def test_losses_and_updates_are_drawn_against_the_mini_batches(diagnosis):
    loss, updates = DiagnosisDisplay.from_diagnosis(diagnosis).axes_
    assert (loss.get_xlabel(), updates.get_xlabel()) == ("Mini-batch", "Mini-batch")
    batches, training, validation, untrained = loss.get_lines()
    np.testing.assert_array_equal(batches.get_ydata(), diagnosis.history["batch_loss"])
    np.testing.assert_array_equal(training.get_ydata(), diagnosis.history["train_loss"])
    assert training.get_xdata()[-1] == batches.get_xdata()[-1]
    assert len(validation.get_ydata()) == 3
    assert untrained.get_ydata()[0] == diagnosis.history["initial_loss"][0]
    assert [line.get_label() for line in updates.get_lines()] == ["layer 1", "layer 2", "usual"]
    assert updates.get_yscale() == "log"


def test_without_losses_only_the_findings_are_shown(data, boxes_of):
    X, y = data
    display = diagnose(LogisticRegression(max_iter=300), X / 255, y).plot()
    assert len(display.axes_) == 0
    assert "LogisticRegression" not in texts_of(display)
    assert "Not checked: " in texts_of(display)
    assert_readable(display.figure_, boxes_of)


def test_many_layers_are_told_apart_by_their_brightness(diagnosis):
    names = [f"layers.{i}.weight" for i in range(9)]
    layers = {"step": [0] * 9, "layer": names, "update_ratio": [1e-3] * 9}
    display = DiagnosisDisplay(diagnosis.findings, diagnosis.history, layers).plot()
    *lines, usual = display.axes_[1].get_lines()
    assert len({tuple(line.get_color()) for line in lines}) == 9
    assert [text.get_text() for text in display.axes_[1].get_legend().get_texts()] == [
        "layer 1",
        "layer 9",
        "usual",
    ]
    assert usual.get_linestyle() == ":"
