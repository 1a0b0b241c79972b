"""After an interrupt or an error the weights are those of whole epochs."""

import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skmnist import MLPClassifier
from skmnist._training.net import Net
from skmnist._training.schedules import SCHEDULES
from tests.helpers import (
    EachBatch,
    EachEpoch,
    digits,
    every_classifier,
    has,
    same_network,
    tiny,
)

X, Y = digits(step=50)


def interrupt_training(clf, *, epoch, error=KeyboardInterrupt, batch=3, method="fit"):
    """Return the classifier after an error in a batch of an epoch, both counted from 1."""
    train, left = Net.make_step, batch

    def make_step(net, *rest):
        step = train(net, *rest)
        call = type(step).__call__

        class InterruptedStep(type(step)):
            def __call__(self, *args):
                nonlocal left
                left -= len(net.history) == epoch
                if left == 0:
                    raise error
                return call(self, *args)

        step.__class__ = InterruptedStep
        return step

    with pytest.MonkeyPatch.context() as patches, pytest.raises(BaseException) as caught:
        patches.setattr(Net, "make_step", make_step)
        getattr(clf, method)(X, Y)
    assert caught.value is error or caught.type is error
    return clf


@pytest.mark.parametrize("early_stopping", [False, True])
@every_classifier
def test_interrupt_keeps_the_weights_of_the_last_complete_epoch(cls, early_stopping):
    params = {"batch_norm": True, "momentum": 0.9, "optimizer": "rmsprop"}
    params = {name: value for name, value in params.items() if has(cls, name)}
    clf = tiny(
        cls, max_epochs=5, early_stopping=early_stopping, lr_schedule="exponential", **params
    )
    clf = interrupt_training(clf, epoch=4)
    expected = clone(clf).set_params(max_epochs=3).fit(X, Y)
    assert clf.n_iter_ == len(clf.history_) == 3
    assert same_network(clf, expected)
    assert clf.best_epoch_ == expected.best_epoch_
    assert (clf.predict_proba(X) == expected.predict_proba(X)).all()


@every_classifier
def test_training_continues_after_an_interrupt_with_the_same_bits(cls):
    clf = interrupt_training(tiny(cls, max_epochs=4), epoch=3)
    clf.partial_fit(X, Y).partial_fit(X, Y)
    assert same_network(clf, tiny(cls, max_epochs=4).fit(X, Y))
    clf = interrupt_training(clf, epoch=5, method="partial_fit")
    assert clf.n_iter_ == 4
    assert same_network(clf, tiny(cls, max_epochs=4).fit(X, Y))


@every_classifier
def test_interrupt_in_the_first_epoch_leaves_an_unfitted_estimator(cls):
    clf = interrupt_training(tiny(cls), epoch=1)
    assert not hasattr(clf, "n_iter_")
    with pytest.raises(NotFittedError):
        clf.predict(X)
    assert same_network(clf.fit(X, Y), tiny(cls).fit(X, Y))


@pytest.mark.parametrize("error", [SystemExit, ValueError("other"), OSError("disk")], ids=repr)
def test_other_errors_keep_complete_epochs_too(error):
    clf = interrupt_training(tiny(MLPClassifier, max_epochs=4), epoch=3, error=error)
    assert same_network(clf, tiny(MLPClassifier).fit(X, Y))


def interrupting(epoch, when):
    def interrupt_in(net, *args):
        if net.history[-1, "epoch"] == epoch:
            raise KeyboardInterrupt

    return (EachEpoch if when == "after" else EachBatch)(interrupt_in)


@pytest.mark.parametrize("when, finished", [("after", 2), ("within", 1)])
@pytest.mark.parametrize("early_stopping", [False, True])
@every_classifier
def test_interrupt_is_raised_and_keeps_complete_epochs(cls, early_stopping, when, finished):
    X, y = digits()
    clf = tiny(cls, callbacks=[interrupting(2, when)], max_epochs=5, early_stopping=early_stopping)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y)
    assert clf.n_iter_ == len(clf.history_) == len(clf.loss_curve_) == finished
    assert clf.loss_ == clf.loss_curve_[-1]
    assert clf.fit_time_ > 0
    assert clf.predict(X).shape == (250,)
    if early_stopping:
        assert len(clf.validation_scores_) == finished
        assert clf.best_epoch_ in range(1, finished + 1)


@pytest.mark.parametrize("schedule", [None, *SCHEDULES])
@every_classifier
def test_training_continues_after_an_interrupt(cls, schedule):
    X, y = digits()
    clf = tiny(cls, callbacks=[interrupting(2, "within")], warm_start=True, lr_schedule=schedule)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y)
    clf.net_.callbacks_.clear()
    clf.partial_fit(X, y).partial_fit(X, y)
    assert clf.n_iter_ == 3
    assert clf.history_["epoch"].tolist() == [1, 2, 3]


@every_classifier
def test_interrupt_in_the_first_epoch_leaves_a_consistent_estimator(cls):
    X, y = digits()
    clf = tiny(cls, callbacks=[interrupting(1, "within")], early_stopping=True)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y)
    # No epoch was completed: the estimator is unfitted, or has 0 epochs.
    assert not hasattr(clf, "net_") or (clf.n_iter_, len(clf.history_)) == (0, 0)
    assert clf.set_params(callbacks=None).fit(X, y).n_iter_ == 2
