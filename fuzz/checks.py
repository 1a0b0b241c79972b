"""Run scikit-learn's estimator checks many times and with many seeds: ``python -m fuzz.checks``.

- C1: Every check passes with 1 and 2 threads. None is skipped or expected to fail.
- C2: The accuracy exceeds the minimum of check_classifiers_train.
- C3: Integer sample weights are equivalent to repeated samples, in float64.
"""

import argparse
import os

os.environ["SCIPY_ARRAY_API"] = "1"  # SciPy reads it when it is imported

import warnings  # noqa: E402
from unittest import SkipTest  # noqa: E402

import numpy as np  # noqa: E402
import torch  # noqa: E402
from sklearn.datasets import make_blobs  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import (  # noqa: E402
    check_dataframe_column_names_consistency,
    check_inplace_ensure_writeable,
    estimator_checks_generator,
)

from fuzz.common import CLASSIFIERS, Report  # noqa: E402

# Checks that the generator yields only for scikit-learn's own classes. A third such check,
# check_param_validation, needs a private attribute of these classes. X3 in fuzz.inputs covers it.
NOT_YIELDED = [check_dataframe_column_names_consistency, check_inplace_ensure_writeable]


def _outcome(call):
    try:
        call()
    except SkipTest as skip:
        return f"skipped: {skip}"
    except Exception as error:  # checks raise exceptions of many types
        return f"{type(error).__name__}: {str(error)[:100]}"
    return "passed"


def all_checks(report, runs):
    """C1: every check passes with 1 and 2 threads."""
    n_checks, failures = 0, []
    before = torch.get_num_threads()
    for run in range(runs):
        torch.set_num_threads(1 + run % 2)
        for cls in CLASSIFIERS:
            named = [(check, cls()) for check in NOT_YIELDED]
            calls = [
                (check.__name__, lambda check=check, clf=clf: check(type(clf).__name__, clf))
                for check, clf in named
            ]
            calls += [
                (
                    getattr(check, "func", check).__name__,
                    lambda check=check, clf=clf: check(clf),
                )
                for clf, check in estimator_checks_generator(cls())
            ]
            for name, call in calls:
                outcome = _outcome(call)
                n_checks += 1
                if outcome != "passed":
                    failures.append(f"{cls.__name__}, {name}: {outcome}")
    torch.set_num_threads(before)
    description = f"scikit-learn's checks, {len(CLASSIFIERS)} classes, {runs} runs"
    report.add("C1", description, n_checks, failures)


def accuracy_floor(report, seeds):
    """C2: the accuracy exceeds the minimum of check_classifiers_train, on its data."""
    X, y = make_blobs(n_samples=300, random_state=0)
    X = StandardScaler().fit_transform(X)
    failures, lowest = [], 1.0
    for cls in CLASSIFIERS:
        for seed in range(seeds):
            score = cls(random_state=seed).fit(X, y).score(X, y)
            lowest = min(lowest, score)
            if not score > 0.83:
                failures.append(f"{cls.__name__}, seed {seed}: {score:.3f}")
    tried = seeds * len(CLASSIFIERS)
    description = f"accuracy on two features (lowest: {lowest:.3f})"
    report.add("C2", description, tried, failures)


def weights_and_repeats(report, seeds):
    """C3: integer weights are equivalent to repeats.

    The sizes and tolerances are those of check_sample_weight_equivalence_on_dense_data.
    """
    failures = []
    for cls in CLASSIFIERS:
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            X, order = rng.random((15, 30)), rng.permutation(15)
            y = np.r_[0, 1, 2, rng.integers(0, 3, 12)]
            weights = np.r_[1, 1, 1, rng.integers(0, 5, 12)]
            repeated = cls(random_state=seed).fit(X.repeat(weights, axis=0), y.repeat(weights))
            weighted = cls(random_state=seed).fit(X[order], y[order], weights[order])
            a, b = weighted.predict_proba(X), repeated.predict_proba(X)
            if not np.allclose(a, b, rtol=1e-7, atol=1e-9):
                failures.append(f"{cls.__name__}, seed {seed}: {np.abs(a - b).max():.1e}")
    tried = seeds * len(CLASSIFIERS)
    report.add("C3", "integer weights and repeated samples", tried, failures)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m fuzz.checks", description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="runs of all checks")
    parser.add_argument("--seeds", type=int, default=30, help="seeds for C2 and C3")
    options = parser.parse_args(argv)
    warnings.simplefilter("ignore", ConvergenceWarning)
    report = Report()
    accuracy_floor(report, min(20, options.seeds))
    weights_and_repeats(report, options.seeds)
    all_checks(report, options.runs)
    report.finish()


if __name__ == "__main__":
    main()
