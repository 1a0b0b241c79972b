"""Hooks of scikit-learn's callbacks: order and arguments."""

import multiprocessing.connection
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import skmnist
from skmnist import MLPClassifier
from skmnist.exceptions import CallbackConnectionWarning
from skmnist.studies import EpochGridSearchCV, EpochHalvingSearchCV

try:
    from sklearn import callback as sklearn_callback
except ImportError:
    sklearn_callback = None
from tests.helpers import digits, every_classifier, same_network, tiny

needs_callbacks = pytest.mark.skipif(
    sklearn_callback is None, reason="callbacks need scikit-learn 1.9 or later"
)


pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Recorder:
    """Record the calls of the hooks, with their tasks."""

    def __init__(self):
        self.events = []

    def _record(self, event, context):
        names = []
        while context is not None:
            names.insert(0, f"{context.task_name} {context.task_id}")
            context = context.parent
        self.events.append((event, *names))

    def setup(self, estimator, context):
        self._record("setup", context)

    def teardown(self, estimator, context):
        self._record("teardown", context)

    def on_fit_task_begin(self, estimator, context):
        self._record("begin", context)

    def on_fit_task_end(self, estimator, context):
        self._record("end", context)


class PropagatedRecorder(Recorder):
    max_propagation_depth = None


class Collector(Recorder):
    """Collect the fitted estimators and the data that the hooks receive."""

    def __init__(self):
        super().__init__()
        self.estimators, self.data = [], []

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        super().on_fit_task_end(estimator, context)
        self.estimators.append(fitted_estimator)
        self.data.append((X, y, metadata))


class Stopper(Recorder):
    def on_fit_task_end(self, estimator, context):
        return context.task_name == "epoch" and context.task_id == 1


class Failing(Recorder):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def on_fit_task_end(self, estimator, context):
        raise self.error


class Unreachable(PropagatedRecorder):
    """A callback that reports to a process that cannot be reached."""

    def on_fit_task_begin(self, estimator, context):
        super().on_fit_task_begin(estimator, context)
        multiprocessing.connection.Client("/nowhere/listener", authkey=b"")


def test_set_callbacks_exists_only_if_scikit_learn_has_callbacks():
    assert hasattr(MLPClassifier(), "set_callbacks") is (sklearn_callback is not None)


@needs_callbacks
@every_classifier
def test_callback_is_called_for_the_fit_and_for_each_epoch(cls):
    X, y = digits()
    recorder = Recorder()
    clf = tiny(cls).set_callbacks(recorder).fit(X, y)
    assert recorder.events == [
        ("setup", "fit 0"),
        ("begin", "fit 0"),
        ("begin", "fit 0", "epoch 0"),
        ("end", "fit 0", "epoch 0"),
        ("begin", "fit 0", "epoch 1"),
        ("end", "fit 0", "epoch 1"),
        ("end", "fit 0"),
        ("teardown", "fit 0"),
    ]
    # Callbacks do not change the result.
    expected = tiny(cls).fit(X, y)
    assert same_network(clf, expected)
    assert clf.get_params() == expected.get_params()
    assert vars(clf).keys() - vars(expected).keys() == {"_skl_callbacks"}


@needs_callbacks
@pytest.mark.parametrize("early_stopping", [False, True])
@every_classifier
def test_fitted_estimator_of_each_epoch_equals_a_shorter_fit(cls, early_stopping):
    X, y = digits()
    params = {"early_stopping": early_stopping, "lr": 0.1, "validation_fraction": 0.3}
    collector = Collector()
    clf = tiny(cls, max_epochs=4, **params).set_callbacks(collector).fit(X, y)
    assert len(collector.estimators) == 5
    for n, then in zip([1, 2, 3, 4, 4], collector.estimators, strict=True):
        shorter = tiny(cls, max_epochs=n, **params).fit(X, y)
        assert same_network(then, shorter)
        assert np.array_equal(then.predict_proba(X), shorter.predict_proba(X))
        assert then.loss_curve_ == shorter.loss_curve_
    # It is a copy: training it does not change the classifier.
    before = clf.predict_proba(X)
    collector.estimators[-1].set_params(early_stopping=False).partial_fit(X, y)
    assert np.array_equal(clf.predict_proba(X), before)


@needs_callbacks
def test_callback_gets_the_original_data():
    X, y = digits()
    weights = np.ones(len(y))
    collector = Collector()
    clf = MLPClassifier((4,), max_epochs=1).set_callbacks(collector)
    clf.fit(X, y)
    clf.fit(X, y, sample_weight=weights)
    assert all(data[0] is X and data[1] is y for data in collector.data)
    assert [data[2] for data in collector.data[:2]] == [None, None]
    assert all(data[2]["sample_weight"] is weights for data in collector.data[2:])


@needs_callbacks
@every_classifier
def test_scoring_monitor_logs_the_score_of_each_epoch(cls):
    X, y = digits()
    monitor = sklearn_callback.ScoringMonitor(scoring="accuracy")
    tiny(cls, max_epochs=3).set_callbacks(monitor).fit(X, y)
    log = monitor.get_logs().data_as_pandas
    scores = [tiny(cls, max_epochs=n).fit(X, y).score(X, y) for n in (1, 2, 3)]
    assert log.loc[log["task_name"] == "epoch", "accuracy"].tolist() == scores
    assert log.loc[log["task_name"] == "fit", "accuracy"].tolist() == scores[-1:]


@needs_callbacks
@every_classifier
def test_callback_can_stop_the_training(cls):
    X, y = digits()
    stopped = tiny(cls, max_epochs=5).set_callbacks(Recorder(), Stopper()).fit(X, y)
    assert stopped.n_iter_ == 2
    assert same_network(stopped, tiny(cls, max_epochs=2).fit(X, y))


@needs_callbacks
@pytest.mark.parametrize("error", [ValueError("mine"), OSError("disk full"), KeyboardInterrupt()])
def test_error_in_a_callback_is_raised_after_teardown(error):
    failing = Failing(error)
    clf = MLPClassifier((4,), max_epochs=3).set_callbacks(failing)
    with pytest.raises(type(error)) as raised:
        clf.fit(*digits())
    assert raised.value is error
    assert failing.events[-1] == ("teardown", "fit 0")
    assert "_callback_fit_ctx" not in vars(clf)


@needs_callbacks
def test_invalid_parameters_and_data_are_rejected_as_without_callbacks():
    X, y = digits()
    recorder = Recorder()
    with pytest.raises(ValueError, match="max_epochs"):
        MLPClassifier(max_epochs=0).set_callbacks(recorder).fit(X, y)
    with pytest.raises(ValueError, match="only one class"):
        MLPClassifier().set_callbacks(recorder).fit(X, y * 0)
    assert recorder.events[-1][0] == "teardown"


@needs_callbacks
def test_partial_fit_calls_no_callbacks():
    recorder = Recorder()
    MLPClassifier((4,)).set_callbacks(recorder).partial_fit(*digits())
    assert recorder.events == []


@needs_callbacks
def test_clones_and_pickles_keep_callbacks_and_model_files_do_not(tmp_path):
    X, y = digits()
    recorder = Recorder()
    clf = MLPClassifier((4,), max_epochs=1, random_state=0).set_callbacks(recorder).fit(X, y)
    assert clone(clf)._skl_callbacks == [recorder]
    copied = pickle.loads(pickle.dumps(clf))
    assert copied._skl_callbacks[0].events == recorder.events
    clf.save(tmp_path / "clf.safetensors")
    loaded = skmnist.load(tmp_path / "clf.safetensors")
    assert not hasattr(loaded, "_skl_callbacks")
    assert same_network(loaded, clf)
    assert not hasattr(clf.set_callbacks(), "_skl_callbacks")


@needs_callbacks
@every_classifier
def test_tasks_nest_from_the_search_down_to_the_epochs(cls):
    X, y = digits()
    recorder = PropagatedRecorder()
    search = GridSearchCV(tiny(cls), {"max_epochs": [1, 2]}, cv=2, refit=False)
    search.set_callbacks(recorder).fit(X, y)
    epochs = [event[1:] for event in recorder.events if event[0] == "end" and "epoch" in event[-1]]
    assert epochs == [
        ("fit 0", "search 0", f"fit {number}", f"epoch {epoch}")
        for number, n_epochs in enumerate([1, 1, 2, 2])
        for epoch in range(n_epochs)
    ]
    assert [event[0] for event in recorder.events].count("setup") == 1


@needs_callbacks
def test_tasks_nest_in_pipelines_and_in_a_staged_search():
    X, y = digits()
    recorder = PropagatedRecorder()
    pipeline = make_pipeline(FunctionTransformer(), tiny(MLPClassifier))
    with pytest.warns(UserWarning, match="FunctionTransformer does not support callbacks"):
        pipeline.set_callbacks(recorder).fit(X, y)
    assert ("end", "fit 0", "fit 1", "epoch 1") in recorder.events

    recorder = PropagatedRecorder()
    search = EpochGridSearchCV(tiny(MLPClassifier), {"max_epochs": [1, 3]}, cv=2, refit=False)
    search.set_callbacks(recorder).fit(X, y)
    assert [event[-1] for event in recorder.events if event[0] == "end"].count("epoch 2") == 2

    # In a halving search, the tasks are the epochs that an iteration trains.
    recorder = PropagatedRecorder()
    search = EpochHalvingSearchCV(tiny(MLPClassifier), {"lr": [1e-3, 1e-2]}, cv=2, refit=False)
    search.set_params(max_resources=2, factor=2).set_callbacks(recorder).fit(X, y)
    ended = [event[-1] for event in recorder.events if event[0] == "end"]
    assert search.n_resources_ == [1, 2]
    assert len([name for name in ended if name.startswith("epoch")]) == 4 * 1 + 2 * 1


@needs_callbacks
@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_progress_bars_nest_from_the_search_down_to_the_epochs(n_jobs, capsys):
    pytest.importorskip("rich", reason="scikit-learn's ProgressBar needs rich")
    search = GridSearchCV(tiny(MLPClassifier), {"lr": [1e-3, 1e-2]}, cv=2, n_jobs=n_jobs)
    search.set_callbacks(sklearn_callback.ProgressBar()).fit(*digits())
    out = capsys.readouterr().out
    assert out.count("GridSearchCV - fit") == 1
    # Two candidates times two folds, and the refit.
    assert out.count("MLPClassifier") == 5
    assert not hasattr(search.best_estimator_, "_skl_callbacks")


@needs_callbacks
@every_classifier
def test_unreachable_callback_does_not_break_the_fit(cls):
    X, y = digits()
    unreachable = Unreachable()
    clf = tiny(cls).set_callbacks(unreachable)
    with pytest.warns(
        CallbackConnectionWarning, match=f"{cls.__name__}.*FileNotFoundError"
    ) as caught:
        clf.fit(X, y)
    assert len(caught) == 1
    assert same_network(clf, tiny(cls).fit(X, y))
    assert [event[0] for event in unreachable.events] == ["setup", "begin", "teardown"]


@needs_callbacks
def test_search_scores_are_unchanged_if_its_progress_bar_is_unreachable(monkeypatch, capsys):
    pytest.importorskip("rich", reason="scikit-learn's ProgressBar needs rich")
    X, y = digits()
    search = GridSearchCV(tiny(MLPClassifier), {"lr": [1e-3, 1e-2]}, cv=2, error_score="raise")
    expected = clone(search).fit(X, y)
    bar = sklearn_callback.ProgressBar()

    class RemoteClassifier(MLPClassifier):
        """A classifier on another machine, where the socket does not exist."""

        def fit(self, X, y):
            with monkeypatch.context() as patch:
                patch.setattr("sklearn.callback._transport._message_consumers", {})
                patch.setattr("sklearn.callback._transport.Client", _connect_to_missing_socket)
                return super().fit(X, y)

    search.set_params(estimator=RemoteClassifier(**tiny(MLPClassifier).get_params()))
    with pytest.warns(CallbackConnectionWarning):
        search.set_callbacks(bar).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert np.array_equal(scores, expected.cv_results_["mean_test_score"])


def _connect_to_missing_socket(address, authkey):
    return multiprocessing.connection.Client("/nowhere/listener", authkey=authkey)
