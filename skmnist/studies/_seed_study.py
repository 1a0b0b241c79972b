"""Scores of classifiers over several seeds, and whether their differences are luck."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state
from sklearn.utils.validation import _num_samples

from skmnist._utils.messages import invalid_parameter_message
from skmnist._utils.validation import check_int, check_real

from ._jsonable import to_jsonable
from ._metrics import check_one_metric, scoring_name
from ._provenance import provenance
from ._resampled_statistics import corrected_t_test, mean_interval, n_runs_to_resolve
from ._result import StudyResult
from ._seeded_runs import SeededRun, fit_and_score
from ._seeding import clone_with_seed, random_state_params
from ._staged import last_step
from ._test_set import has_test_set

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from sklearn.model_selection import BaseCrossValidator

    from skmnist.displays import SeedStudyDisplay

    from ._stack_choice import Stack

    Split = tuple[Any, Any]  # the indices of the training and of the test samples


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SeedStudy(StudyResult):
    """Result of :func:`seed_study`.

    Parameters
    ----------
    names : tuple of str
        Names of the estimators.
    seeds : ndarray of shape (n_seeds,)
        Values of `random_state`.
    scores : ndarray of shape (n_estimators, n_seeds, n_splits)
        Scores on the test sets. Without cross-validation there is one split, the test set.
    fit_times : ndarray of shape (n_estimators, n_seeds, n_splits)
        Training times in seconds.
    deterministic : tuple of bool
        For each estimator, whether it has no parameter `random_state`. All of its scores on a fixed
        test set are then the same.
    test_train_ratio : float
        Number of test samples divided by the number of training samples of a split, which corrects
        the intervals and tests for overlapping training sets. 0 for a fixed test set.
    score_name : str
        Name of the metric.
    settings : dict
        The estimators, their parameters, the number of samples and the arguments of the study.
    seed : int or None
        The argument `random_state` of the study, if it is an integer.
    versions : dict of str to str
        Versions of Python and of the libraries.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.studies import seed_study
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = MLPClassifier((16,), max_epochs=2)
    >>> study = seed_study(clf, X[::10], y[::10], n_seeds=3, X_test=X[5::10], y_test=y[5::10])
    >>> study.summary().columns.tolist()
    ['mean', 'std', 'ci_low', 'ci_high', 'n_scores', 'fit_time', 'deterministic']
    """

    names: tuple[str, ...]
    seeds: NDArray[np.int_]
    scores: NDArray[np.float64]
    fit_times: NDArray[np.float64]
    deterministic: tuple[bool, ...]
    test_train_ratio: float
    score_name: str

    def __repr__(self) -> str:
        n_estimators, n_seeds, n_splits = self.scores.shape
        return (
            f"SeedStudy({n_estimators} estimators, {n_seeds} seeds, {n_splits} splits, "
            f"seed={self.seed})"
        )

    def to_frame(self) -> pd.DataFrame:
        """Convert the scores and times to a DataFrame.

        Returns
        -------
        DataFrame
            One row for each estimator, seed and split.
        """
        n_estimators, n_seeds, n_splits = self.scores.shape
        return pd.DataFrame(
            {
                "estimator": np.repeat(np.array(self.names, dtype=object), n_seeds * n_splits),
                "seed": np.tile(self.seeds.repeat(n_splits), n_estimators),
                "split": np.tile(np.arange(n_splits), n_estimators * n_seeds),
                "score": self.scores.ravel(),
                "fit_time": self.fit_times.ravel(),
            }
        )

    def summary(self, *, confidence: float = 0.95) -> pd.DataFrame:
        """Compute the mean score of each estimator and its confidence interval.

        Parameters
        ----------
        confidence : float, default=0.95
            Confidence level of the interval, which is that of the t distribution. For
            cross-validation its variance is corrected, see :func:`seed_study`.

        Returns
        -------
        DataFrame
            One row for each estimator. "std" is the standard deviation over all seeds and splits,
            "n_scores" their number, and "fit_time" the mean training time in seconds. If the splits
            are the same for all seeds, the scores of a deterministic estimator count only once.

        Raises
        ------
        ValueError
            If `confidence` is not in (0, 1).
        """
        check_real("SeedStudy.summary", "confidence", confidence, low=0, high=1)
        rows = [self._summarize(scores, confidence) for scores in self.scores]
        table = pd.DataFrame(rows, index=pd.Index(self.names, name="estimator"))
        table["fit_time"] = self.fit_times.mean(axis=(1, 2))
        table["deterministic"] = self.deterministic
        return table

    def differences(self, *, resolution: float = 0.001, confidence: float = 0.95) -> pd.DataFrame:
        """Compare each pair of estimators by their scores with the same seeds and splits.

        Parameters
        ----------
        resolution : float, default=0.001
            The difference for which "n_more_seeds" is computed: 0.1 percentage points of accuracy.
        confidence : float, default=0.95
            Confidence level of the intervals.

        Returns
        -------
        DataFrame
            One row for each pair. The columns are:

            - "difference": mean score of the first minus that of the second estimator
            - "std": standard deviation of the paired differences
            - "ci_low", "ci_high": confidence interval of the difference
            - "p_value": two-sided p-value of the paired t-test, or of the corrected resampled
              t-test for cross-validation; not corrected for the number of pairs. NaN if all
              differences are the same, such as those of two deterministic estimators.
            - "n_more_seeds": number of seeds to add so that the test finds a true difference of
              `resolution` with a probability of 80%, if the standard deviation stays the same. 0 if
              the seeds are enough. Infinity if no number is enough, because the training sets
              overlap, or because both estimators are deterministic.

        Raises
        ------
        ValueError
            If `resolution` is not positive or `confidence` is not in (0, 1).
        """
        check_real("SeedStudy.differences", "resolution", resolution, low=0)
        check_real("SeedStudy.differences", "confidence", confidence, low=0, high=1)
        rows, pairs = [], []
        for i, j in combinations(range(len(self.names)), 2):
            paired = self.scores[i] - self.scores[j]
            row = self._summarize(paired, confidence)
            n_runs = n_runs_to_resolve(row["std"], resolution, self.test_train_ratio, confidence)
            values = _distinct(paired)
            _, p_value = corrected_t_test(values, self.test_train_ratio)
            if len(values) == paired.size:
                n_more = max(np.ceil(n_runs / paired.shape[1]) - len(self.seeds), 0)
            else:
                n_more = 0 if n_runs <= len(values) else np.inf
            row = {"difference": row.pop("mean")} | row | {"p_value": p_value}
            rows.append(row | {"n_more_seeds": n_more})
            pairs.append((self.names[i], self.names[j]))
        index = pd.MultiIndex.from_tuples(pairs, names=["estimator", "other"])
        columns = ["difference", "std", "ci_low", "ci_high", "p_value", "n_more_seeds"]
        return pd.DataFrame(rows, index=index, columns=columns)

    def plot(self, *, ax: Axes | None = None, **kwargs: Any) -> SeedStudyDisplay:
        """Plot the scores of each estimator, their mean and its interval.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. If None, a new figure is created.
        **kwargs
            Passed to :meth:`skmnist.displays.SeedStudyDisplay.plot`.

        Returns
        -------
        display : skmnist.displays.SeedStudyDisplay
        """
        from skmnist.displays import SeedStudyDisplay

        return SeedStudyDisplay.from_study(self, ax=ax, **kwargs)

    def _summarize(self, scores: np.ndarray, confidence: float) -> dict[str, float]:
        values = _distinct(scores)
        low, high = mean_interval(values, self.test_train_ratio, confidence)
        return {
            "mean": values.mean(),
            "std": values.std(ddof=1),
            "ci_low": low,
            "ci_high": high,
            "n_scores": len(values),
        }


def _distinct(scores: np.ndarray) -> np.ndarray:
    """Return the scores of shape (n_seeds, n_splits) in one row, without repetitions.

    Those of deterministic estimators on the same splits are the same for each seed, and count once.
    """
    is_repeated = scores.shape[1] > 1 and (scores == scores[0]).all()
    return scores[0] if is_repeated else scores.ravel()


def seed_study(
    estimators: BaseEstimator | Mapping[str, BaseEstimator] | Sequence[BaseEstimator],
    X: ArrayLike,
    y: ArrayLike,
    *,
    n_seeds: int = 10,
    cv: int | BaseCrossValidator | Iterable[Any] | None = None,
    X_test: ArrayLike | None = None,
    y_test: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    scoring: str | Callable[..., float] | None = None,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = 0,
    stack: Stack = "auto",
) -> SeedStudy:
    """Train classifiers with several seeds, to tell whether a difference is more than luck.

    A network's accuracy depends on its random weights and on the order of the samples. Each
    estimator is trained with each seed, on the same splits as the others. The result has the mean
    score of each estimator with its confidence interval, and the paired differences with a t-test.

    Parameters
    ----------
    estimators : estimator, dict of str to estimator, or list of estimators
        The classifiers. They are cloned, and every parameter `random_state` is set to the seed,
        also inside pipelines and meta-estimators. An estimator without such a parameter is
        deterministic: it is trained once for each split, and its score counts for each seed.
    X : array-like of shape (n_samples, ...)
        Images, in a format that the estimators accept.
    y : array-like of shape (n_samples,)
        Labels.
    n_seeds : int, default=10
        Number of seeds, at least 2.
    cv : int, splitter or iterable, default=None
        The cross-validation splitter. If None, stratified 5-fold cross-validation, or the test
        set if `X_test` is passed. With an int or None, the samples are shuffled again for each
        seed; the splits of a splitter or an iterable are the same for all seeds.
    X_test, y_test : array-like, default=None
        Test set. If passed, all samples of `X` are used for training.
    groups : array-like of shape (n_samples,), default=None
        Group labels, passed to the splitter. They need a splitter that uses them, such as
        :class:`~sklearn.model_selection.GroupKFold`.
    scoring : str or callable, default=None
        The metric, which returns one number. If None, the ``score`` method of the estimators,
        which is the accuracy.
    n_jobs : int, default=None
        Number of fits that run in parallel. It does not affect the scores.
    random_state : int, RandomState instance or None, default=0
        Seed from which the seeds are drawn. More seeds keep the first ones.
    stack : "auto" or bool, default="auto"
        Whether to train MLPs of different seeds and on different splits at once, as one batched
        network, see :class:`EpochGridSearchCV`. The scores are the same. True raises an error if
        an estimator can't be trained so. "auto" does it for four or more MLPs with the same seed,
        split and layers. MLPs of different seeds train on different mini-batches. For these, a
        stack takes 0.8 to 1.1 of the time on the CPU.

    Returns
    -------
    study : SeedStudy

    Raises
    ------
    ValueError
        If `estimators` is empty, if `n_seeds` is less than 2, if both `cv` and `X_test` are
        passed, if `groups` are passed without a splitter, or if a fit fails.
    InvalidParameterError
        If `stack` is True and an estimator can't be trained in a stack.
    TypeError
        If an estimator has no method ``fit``.

    See Also
    --------
    compare_estimators : Losses, times and numbers of weights of several classifiers, for one seed.

    Notes
    -----
    With a fixed test set, the differences between seeds are independent, and the test is the
    paired t-test. It tells which estimator is better for this training and test set; it doesn't
    know how much other samples would change the scores. In cross-validation the training sets
    overlap, so that a t-test finds differences where there are none. The variance of the mean is
    therefore not ``std**2 / n`` but ``std**2 * (1 / n + n_test / n_train)`` (corrected resampled
    t-test), for the intervals as well.

    References
    ----------
    C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine Learning 52, 239-281
    (2003).

    R. R. Bouckaert, E. Frank, "Evaluating the replicability of significance tests for comparing
    learning algorithms", PAKDD (2004).

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.studies import seed_study
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> estimators = {
    ...     "narrow": MLPClassifier((8,), max_epochs=3),
    ...     "wide": MLPClassifier((64,), max_epochs=3),
    ... }
    >>> study = seed_study(
    ...     estimators, X[::5], y[::5], n_seeds=4, X_test=X[1::5], y_test=y[1::5]
    ... )
    >>> row = study.differences().loc[("narrow", "wide")]
    >>> bool(row["ci_high"] < 0), bool(row["p_value"] < 0.05)
    (True, True)
    """
    named = _name_estimators(estimators)
    classifiers = list(named.values())
    check_int("seed_study", "n_seeds", n_seeds, minimum=2)
    seeds = check_random_state(random_state).randint(np.iinfo(np.int32).max, size=n_seeds)
    settings = {"study": "seed_study", "n_seeds": n_seeds, "cv": cv, "scoring": scoring}
    test: tuple[Any, Any] = (X, y)
    if groups is not None and not hasattr(cv, "split"):
        expected = "a splitter that uses the groups, such as GroupKFold(5)"
        raise ValueError(invalid_parameter_message("cv", "seed_study", expected, cv))
    if has_test_set("seed_study", cv, X_test, y_test):
        test = (X_test, y_test)
        settings["n_test_samples"] = _num_samples(y_test)
        splits: list[list[Split]] = [[(None, None)]] * n_seeds
    else:
        splits = _choose_splits(cv, X, y, groups, seeds, is_classifier(classifiers[0]))
    deterministic = [not random_state_params(one) for one in classifiers]
    # A deterministic estimator is fitted once for each split.
    once = [is_deterministic and splits[0] is splits[1] for is_deterministic in deterministic]
    runs = [
        (i, s, j)
        for i in range(len(classifiers))
        for s in range(1 if once[i] else n_seeds)
        for j in range(len(splits[0]))
    ]
    seeded = [
        SeededRun(clone_with_seed(classifiers[i], int(seeds[s])), i, splits[s][j])
        for i, s, j in runs
    ]
    scorers = [check_one_metric("seed_study", one, scoring) for one in classifiers]
    results = fit_and_score(seeded, scorers, (X, y), test, n_jobs=n_jobs, stack=stack)
    values = np.empty((len(classifiers), n_seeds, len(splits[0]), 2))
    for (i, s, j), result in zip(runs, results, strict=True):
        values[i, slice(None) if once[i] else s, j] = result
    return SeedStudy(
        names=tuple(named),
        seeds=seeds,
        scores=values[..., 0],
        fit_times=values[..., 1],
        deterministic=tuple(deterministic),
        test_train_ratio=_test_train_ratio(splits[0], _num_samples(X)),
        score_name=scoring_name(scoring, classifiers[0]),
        **_provenance(named, X, random_state, settings),
    )


def _name_estimators(estimators: Any) -> dict[str, BaseEstimator]:
    """Return the estimators by their names."""
    if isinstance(estimators, Mapping):
        named = {str(name): one for name, one in estimators.items()}
    else:
        several = estimators if isinstance(estimators, (list, tuple)) else [estimators]
        classes = [type(last_step(one)[0]).__name__ for one in several]
        named = {
            name if classes.count(name) == 1 else f"{name} {classes[: i + 1].count(name)}": one
            for i, (name, one) in enumerate(zip(classes, several, strict=True))
        }
    expected = "a classifier, or a dict or list of classifiers"
    message = invalid_parameter_message("estimators", "seed_study", expected, estimators)
    if not named:
        raise ValueError(message)
    if not all(hasattr(one, "fit") and hasattr(one, "get_params") for one in named.values()):
        raise TypeError(message)
    return named


def _choose_splits(
    cv: Any, X: Any, y: Any, groups: Any, seeds: np.ndarray, classifier: bool
) -> list[list[Split]]:
    """Return the splits of each seed, shuffled with the seed unless `cv` defines the splits."""
    if cv is not None and not isinstance(cv, Integral):
        return [list(check_cv(cv).split(X, y, groups))] * len(seeds)
    k_fold: Any = check_cv(cv, y, classifier=classifier)
    k_fold.shuffle = True
    splits = []
    for seed in seeds.tolist():
        k_fold.random_state = seed
        splits.append(list(k_fold.split(X, y)))
    return splits


def _test_train_ratio(splits: list[Split], n_samples: int) -> float:
    """Return the number of test samples per training sample, or 0 for a single test set."""
    if len(splits) == 1:
        return 0.0
    indices = np.arange(n_samples)  # a split may also be a mask
    n_train, n_test = (
        sum(len(indices[part]) for part in parts) for parts in zip(*splits, strict=True)
    )
    return n_test / n_train


def _provenance(
    named: Mapping[str, BaseEstimator], X: ArrayLike, random_state: Any, settings: dict[str, Any]
) -> dict[str, Any]:
    """Return the settings, the seed of the study and the versions."""
    each = {name: provenance(one, X) for name, one in named.items()}
    first = next(iter(each.values()))
    estimators = {
        name: {key: one["settings"][key] for key in ("estimator", "parameters")}
        for name, one in each.items()
    }
    settings = to_jsonable({"estimators": estimators, "n_samples": _num_samples(X), **settings})
    seed = int(random_state) if isinstance(random_state, Integral) else None
    return {"settings": settings, "seed": seed, "versions": first["versions"]}
