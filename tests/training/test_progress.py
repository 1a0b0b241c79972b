"""What `verbose` prints during training, and that it costs nothing by default."""

import re

import pytest
import torch
import tqdm.auto

from skmnist import MLPClassifier
from skmnist._training import progress
from tests.helpers import CLASSIFIERS, digits, every_classifier, same_network, tiny

BATCH_LINE = re.compile(r"epoch (\d+), batch (\d+) of (\d+): loss (\d+\.\d{4})")
EPOCH_LINE = re.compile(r"epoch (\d+): train_loss \S+, dur \S+")


# With few samples and epochs the networks need not converge.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def first_digits(n):
    X, y = digits()
    return X[:n], y[:n]


@every_classifier
def test_verbose_2_prints_the_running_loss_every_100_batches(cls, capsys):
    clf = tiny(cls, batch_size=1, verbose=2).fit(*first_digits(200))
    lines = capsys.readouterr().out.splitlines()
    matches = [BATCH_LINE.fullmatch(line) for line in lines]
    printed = [match.groups() for match in matches if match]
    assert [line[:3] for line in printed] == [
        (epoch, batch, "200") for epoch in "12" for batch in ("100", "200")
    ]
    # After the last batch it is the loss of the epoch.
    assert [line[3] for line in printed[1::2]] == [f"{loss:.4f}" for loss in clf.loss_curve_]
    assert printed[0][3] != printed[1][3]
    # The line of an epoch follows those of its batches, without a header.
    assert [EPOCH_LINE.fullmatch(lines[i]).group(1) for i in (2, 5)] == ["1", "2"]
    assert len(lines) == 6


def test_running_loss_weights_batches_like_the_epoch_loss(capsys):
    X, y = first_digits(200)
    weights = 0.5 + y / 10  # not whole, so that they weigh the loss
    clf = MLPClassifier((16,), batch_size=2, max_epochs=1, random_state=0, verbose=2)
    clf.fit(X, y, sample_weight=weights)
    assert f"batch 100 of 100: loss {clf.loss_:.4f}" in capsys.readouterr().out


def test_every_100th_batch_is_shown_for_any_chunk_size(capsys, monkeypatch):
    printed = []
    for chunk_size in (1, 70, 10_000):
        monkeypatch.setattr("skmnist._training.image_dataset._CHUNK_SIZE", chunk_size)
        clf = MLPClassifier((4,), batch_size=1, max_epochs=1, random_state=0, verbose=2)
        clf.fit(*digits())
        printed.append(BATCH_LINE.findall(capsys.readouterr().out))
    assert [line[1] for line in printed[0]] == ["100", "200"]
    assert printed[0] == printed[1] == printed[2]


@every_classifier
def test_verbose_changes_no_bit(cls, capsys):
    X, y = first_digits(100)
    silent = tiny(cls, batch_size=1, max_epochs=1).fit(X, y)
    for verbose in (1, 2, 3, True, "bar"):
        printed = tiny(cls, batch_size=1, max_epochs=1, verbose=verbose).fit(X, y)
        assert same_network(printed, silent)


def test_verbose_2_works_with_partial_fit_and_can_be_switched_off(capsys):
    X, y = first_digits(200)
    clf = MLPClassifier((4,), batch_size=2, random_state=0, verbose=2).partial_fit(X, y)
    clf.partial_fit(X, y)
    assert len(BATCH_LINE.findall(capsys.readouterr().out)) == 2
    clf.set_params(verbose=0).partial_fit(X, y)
    assert capsys.readouterr().out == ""


def _count_syncs(monkeypatch, fit):
    """Return how often `fit` waited for a value from the device."""
    syncs = []
    with monkeypatch.context() as patch:
        for name in ("item", "cpu", "tolist", "numpy", "__bool__", "__float__"):
            original = getattr(torch.Tensor, name)

            def counted(tensor, *args, original=original, **kwargs):
                syncs.append(1)
                return original(tensor, *args, **kwargs)

            patch.setattr(torch.Tensor, name, counted)
        fit()
    return len(syncs)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("cls", [c for c in CLASSIFIERS if hasattr(c(), "optimizer")])
def test_number_of_synchronizations_does_not_grow_with_batches(cls, optimizer, monkeypatch, capsys):
    X, y = first_digits(100)

    def syncs(verbose, batch_size):
        clf = tiny(cls, optimizer=optimizer, max_epochs=1, verbose=verbose, batch_size=batch_size)
        return _count_syncs(monkeypatch, lambda: clf.fit(X, y))

    silent = syncs(0, 1)
    assert silent < syncs(0, 4) + 10  # though there are 75 batches more
    assert syncs(1, 1) == silent
    assert syncs(2, 1) > silent


def test_progress_bar_is_tqdm_auto():
    assert progress.tqdm is tqdm.auto.tqdm


class _Widget(progress.tqdm_notebook):
    """tqdm's bar in a notebook, without the widgets."""

    def __init__(self, **settings):
        self.settings = settings
        self.n = 0
        _Widget.last = self

    def set_postfix(self, figures, refresh):
        pass

    def update(self):
        self.n += 1

    def close(self):
        pass


def test_progress_bar_is_updated_at_once_in_notebooks_and_rarely_in_files(monkeypatch, capsys):
    monkeypatch.setattr(progress, "tqdm", _Widget)
    MLPClassifier((4,), max_epochs=3, verbose="bar").fit(*first_digits(100))
    assert (_Widget.last.n, _Widget.last.settings["total"]) == (3, 3)
    assert _Widget.last.settings["mininterval"] < 1
    monkeypatch.undo()
    MLPClassifier((4,), max_epochs=50, verbose="bar").fit(*first_digits(100))
    assert capsys.readouterr().err.count("epoch/s") < 5


@every_classifier
def test_progress_bar_is_full_after_early_stopping(cls, capsys):
    X, y = first_digits(200)
    clf = tiny(cls, max_epochs=50, early_stopping=True, n_iter_no_change=1, tol=1, verbose="bar")
    clf.fit(X, y)
    assert clf.n_iter_ < 50
    assert f"{clf.n_iter_}/{clf.n_iter_}" in capsys.readouterr().err


@every_classifier
def test_verbose_prints_a_line_for_each_epoch_and_nothing_by_default(cls, capsys):
    X, y = digits()
    tiny(cls).fit(X, y, X_val=X, y_val=y).predict(X)
    assert capsys.readouterr() == ("", "")
    tiny(cls, verbose=1, max_epochs=3).fit(X, y, X_val=X, y_val=y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.split()] == ["epoch", "-------", *"123"]
    tiny(cls, verbose="bar").fit(X, y)
    out, err = capsys.readouterr()
    assert not out
    assert "2/2" in err
    assert re.search(r"loss=\d\.\d{3}", err)
    tiny(cls, verbose="bar").fit(X, y, X_val=X, y_val=y)
    assert re.search(
        r"loss=\d\.\d{3}, val_loss=\d\.\d{3}, val_acc=\d\.\d{3}", capsys.readouterr().err
    )
