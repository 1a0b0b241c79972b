"""What stands in for an estimator and a scorer while a search trains once for many candidates."""

import time
import traceback

from sklearn.base import clone

# Private: what scikit-learn's searches do with a scorer that fails or returns no number.
from sklearn.model_selection._validation import _score

from ._staged import as_it_is_now, read_on_the_way


class Epochs(tuple):
    """The numbers of epochs of several candidates, which are alike otherwise."""


class Trainer:
    """Stands in for an estimator: trains it once, and keeps what it is on the way.

    In everything else it is the estimator; where there is just one number of epochs,
    ``set_params`` hands the estimator itself over.

    Parameters
    ----------
    estimator : estimator
    name : str
        The parameter that says for how many epochs to train.
    error_score : "raise" or float
        What to do where the training fails after some of the epochs.

    Attributes
    ----------
    states : dict of int to (estimator, float)
        For each number of epochs the estimator as it was, and the seconds until then.
    failure : str or None
        The traceback, where the training failed before the last.
    """

    def __init__(self, estimator, name, error_score):
        self.estimator = estimator
        self.name = name
        self.error_score = error_score

    def __getattr__(self, name):
        # Python's own protocols (copying, pickling) are about this object.
        if name == "estimator" or (name.startswith("__") and not name.startswith("__sklearn")):
            raise AttributeError(name)
        return getattr(self.estimator, name)

    def __sklearn_clone__(self):
        return Trainer(clone(self.estimator), self.name, self.error_score)

    def set_params(self, **params):
        """Set the parameters; return what is to be fitted."""
        epochs = params.get(self.name)
        if not isinstance(epochs, Epochs):
            return self.estimator.set_params(**params)
        self.epochs = epochs
        self.estimator.set_params(**{**params, self.name: max(epochs)})
        return self

    def fit(self, X, y=None, **params):
        """Train, and keep what the estimator is after each of the epochs."""
        self.states, self.failure = {}, None
        if "_parent_callback_ctx" in vars(self):  # scikit-learn's callbacks, from 1.9 on
            self.estimator._parent_callback_ctx = self._parent_callback_ctx

        def keep(n, seconds):
            self.states[n] = as_it_is_now(self.estimator, n), seconds

        try:
            read_on_the_way(self.estimator, self.epochs, keep, X, y, **params)
        except Exception:
            if self.error_score == "raise" or not self.states:
                raise
            self.failure = traceback.format_exc()
        return self


class Scores(dict):
    """The scores after the last epoch, for the eyes of scikit-learn, and those on the way.

    Attributes
    ----------
    on_the_way : dict of int to dict
        For each number of epochs "score" (a number, or a dict with several metrics),
        "fit_time" and "score_time".
    failure : str or None
        The traceback, where the training failed before the last.
    """


class Scorer:
    """Stands in for a scorer: scores all that a :class:`Trainer` kept.

    Parameters
    ----------
    scorer : callable
        scikit-learn's scorer of one or of several metrics, or a function.
    error_score : "raise" or float
    """

    def __init__(self, scorer, error_score):
        # The name by which inspect.signature finds the function.
        self.__wrapped__ = scorer
        self.error_score = error_score

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.__wrapped__, name)

    def __repr__(self):
        return repr(self.__wrapped__)

    def __call__(self, estimator, X, y=None, **params):
        """Score an estimator, or what a Trainer kept."""
        if not isinstance(estimator, Trainer):
            return self._score(estimator, X, y, params)
        on_the_way = {}
        for n, (state, seconds) in estimator.states.items():
            start = time.perf_counter()
            score = self._score(state, X, y, params)
            spent = time.perf_counter() - start
            on_the_way[n] = {"score": score, "fit_time": seconds, "score_time": spent}
        scores = Scores(score if isinstance(score, dict) else {"score": score})
        scores.on_the_way, scores.failure = on_the_way, estimator.failure
        return scores

    def _score(self, estimator, X, y, params):
        return _score(estimator, X, y, self.__wrapped__, params, self.error_score)


def take_apart(fit, epochs):
    """Return the results of the candidates in what scikit-learn keeps of a Trainer's fit.

    Parameters
    ----------
    fit : dict
        "test_scores", "fit_error" and so on.
    epochs : Epochs
        Those of the candidates.

    Returns
    -------
    list of dict
        One such dict for each candidate. The scores of those that failed are None.
    """
    kinds = fit.keys() & {"test_scores", "train_scores"}
    failed = fit | dict.fromkeys(kinds)
    if fit["fit_error"] is not None:
        return [failed] * len(epochs)
    on_the_way, failure = fit["test_scores"].on_the_way, fit["test_scores"].failure
    return [
        fit
        | {name: on_the_way[n][name] for name in ("fit_time", "score_time")}
        | {kind: fit[kind].on_the_way[n]["score"] for kind in kinds}
        if n in on_the_way
        else failed | {"fit_error": failure}
        for n in epochs
    ]
