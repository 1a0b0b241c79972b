"""skorch's callbacks."""

import copy

import joblib
import numpy as np
import pytest
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    EpochTimer,
    Freezer,
    GradientNormClipping,
    LRScheduler,
    ProgressBar,
)

from skmnist import CNNClassifier, MLPClassifier
from tests.helpers import EachBatch, EachEpoch, digits, every_classifier, has, same_network, tiny


@every_classifier
def test_batch_history_is_kept_only_for_batch_callbacks(cls):
    X, y = digits()
    clf = tiny(cls, callbacks=[EpochTimer(), EachEpoch(id)]).fit(X, y)
    # At most one entry an epoch, instead of one for each batch.
    assert max(len(row["batches"]) for row in clf.net_.history) <= 1
    with_batches = tiny(cls, callbacks=[EachBatch(lambda net, batch: None)]).fit(X, y)
    assert [len(row["batches"]) for row in with_batches.net_.history] == [8, 8]
    # The notifications change nothing.
    assert same_network(with_batches, clf)
    assert with_batches.loss_curve_ == pytest.approx(clf.loss_curve_)


class RecordEvents(Callback):
    """Record every event."""

    def __init__(self, record):
        self.record = record

    def on_train_begin(self, net, X, y, **kwargs):
        self.record("train begins", len(X), len(y))

    def on_train_end(self, net, **kwargs):
        self.record("train ends")

    def on_epoch_begin(self, net, dataset_train, **kwargs):
        self.record("epoch begins", len(dataset_train))

    def on_epoch_end(self, net, dataset_valid, **kwargs):
        self.record("epoch ends", len(dataset_valid))

    def on_batch_begin(self, net, batch, training, **kwargs):
        self.record("batch begins", *(tuple(part.shape) for part in batch), training)

    def on_grad_computed(self, net, named_parameters, **kwargs):
        names, params = zip(*named_parameters, strict=True)
        self.record("gradients", len(names), all(p.grad.any() for p in params))

    def on_batch_end(self, net, batch, training, loss, y_pred, **kwargs):
        self.record("batch ends", loss.numel(), tuple(y_pred.shape), training)


@every_classifier
def test_every_event_of_skorch_reaches_the_callbacks(cls):
    X, y = digits()
    events = []
    callback = RecordEvents(lambda *event: events.append(event))
    clf = tiny(cls, callbacks=[callback], max_epochs=1, batch_size=125)
    clf.fit(X, y, X_val=X[:50], y_val=y[:50])
    pixels = (125, 1, 28, 28) if cls is CNNClassifier else (125, 784)
    batch = [
        ("batch begins", pixels, (125,), True),
        ("gradients", len(list(clf.module_.parameters())), True),
        ("batch ends", 1, (125, 10), True),
    ]
    while_training = [event for event in events if event[-1] is True]
    assert while_training == 2 * batch
    assert events[:2] == [("train begins", 250, 250), ("epoch begins", 250)]
    assert events[-2:] == [("epoch ends", 50), ("train ends",)]


@pytest.mark.parametrize("on_train", [True, False])
@pytest.mark.parametrize("caching", [True, False])
@every_classifier
def test_epoch_scoring_works(cls, caching, on_train):
    X, y = digits()
    X_val, y_val = digits(33)
    scoring = EpochScoring(
        "accuracy", name="share", on_train=on_train, use_caching=caching, lower_is_better=False
    )
    clf = tiny(cls, callbacks=[scoring]).fit(X, y, X_val=X_val, y_val=y_val)
    shares = clf.net_.history[:, "share"]
    assert len(shares) == 2
    if not on_train:
        assert shares == pytest.approx(clf.validation_scores_)
    elif not caching:
        assert shares[-1] == pytest.approx(clf.score(X, y))
    else:  # taken while the weights changed
        assert 0 < shares[-1] < 1


@every_classifier
def test_batch_scoring_works(cls):
    X, y = digits()
    scoring = BatchScoring("accuracy", name="share", on_train=True, lower_is_better=False)
    clf = tiny(cls, callbacks=[scoring]).fit(X, y)
    assert len(clf.net_.history[:, "share"]) == 2


@every_classifier
def test_lr_scheduler_sets_the_learning_rate(cls):
    X, y = digits()
    scheduler = LRScheduler(policy="StepLR", step_size=1, gamma=0.5)
    clf = tiny(cls, callbacks=[scheduler], lr=0.02, max_epochs=3).fit(X, y)
    assert clf.history_["lr"].tolist() == pytest.approx([0.02, 0.01, 0.005])
    assert not same_network(clf, tiny(cls, lr=0.02, max_epochs=3).fit(X, y))


@every_classifier
def test_checkpoint_saves_and_restores_the_best_epoch(cls, tmp_path):
    X, y = digits()
    checkpoint = Checkpoint(dirname=tmp_path, monitor="valid_acc_best", load_best=True)
    clf = tiny(cls, callbacks=[checkpoint], lr=0.02, max_epochs=6)
    clf.fit(X, y, X_val=X, y_val=y)
    assert (tmp_path / "params.pt").is_file()
    assert clf.score(X, y) == pytest.approx(max(clf.validation_scores_))


@every_classifier
def test_early_stopping_of_skorch_works(cls):
    X, y = digits()
    stop = EarlyStopping(monitor="train_loss", patience=2, threshold=10.0, threshold_mode="abs")
    clf = tiny(cls, callbacks=[stop], max_epochs=20).fit(X, y)
    assert clf.n_iter_ == 3
    assert clf.predict(X).shape == (250,)


@every_classifier
def test_gradient_clipping_works(cls):
    X, y = digits()
    unclipped = tiny(cls, max_epochs=1).fit(X, y)
    clf = tiny(cls, callbacks=[GradientNormClipping(1e-9)], max_epochs=1)
    if has(cls, "optimizer"):
        clf.set_params(optimizer="sgd")
    start = copy.deepcopy(clf).set_params(lr=1e-30).fit(X, y)
    moved = [np.abs(a - b).max() for a, b in zip(clf.fit(X, y).coefs_, start.coefs_, strict=True)]
    assert max(moved) < 1e-6
    assert (
        max(np.abs(a - b).max() for a, b in zip(unclipped.coefs_, start.coefs_, strict=True)) > 1e-3
    )


def test_freezer_works():
    X, y = digits()
    clf = tiny(MLPClassifier, warm_start=True, callbacks=[Freezer("layers.0.*")]).fit(X, y)
    before = clf.coefs_
    clf.fit(X, y)
    assert np.array_equal(clf.coefs_[0], before[0])
    assert not np.array_equal(clf.coefs_[1], before[1])


@every_classifier
def test_progress_bar_of_skorch_works(cls, capsys):
    X, y = digits()
    clf = tiny(cls, callbacks=[ProgressBar()]).fit(X, y)
    assert clf.n_iter_ == 2
    assert "/8 [" in capsys.readouterr().err


@every_classifier
def test_callbacks_are_not_modified(cls):
    X, y = digits()
    callbacks = [("stop", EarlyStopping(monitor="train_loss")), EpochTimer()]
    before = joblib.hash(callbacks)
    clf = tiny(cls, callbacks=callbacks).fit(X, y, X_val=X, y_val=y)
    assert joblib.hash(callbacks) == before
    assert clf.callbacks is callbacks
