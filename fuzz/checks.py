"""scikit-learn's checks, many times and at many seeds: ``python -m fuzz.checks``.

C1: every check, at 1 and 2 threads, none skipped, none expected to fail. C2: the accuracy floor of
check_classifiers_train. C3: whole weights equal repeated rows, in float64.
"""

import argparse
import os

os.environ["SCIPY_ARRAY_API"] = "1"  # SciPy reads it when it is imported

import warnings  # noqa: E402
from collections import Counter  # noqa: E402
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

from fuzz.bars import CLASSIFIERS, Bars  # noqa: E402

# Those that the generator yields for scikit-learn's own classes only. The third of them,
# check_param_validation, reads a private attribute of theirs; X3 in fuzz.inputs asks for more.
NOT_YIELDED = [check_dataframe_column_names_consistency, check_inplace_ensure_writeable]


def _outcome(call):
    try:
        call()
    except SkipTest as skip:
        return f"skipped: {skip}"
    except Exception as error:  # whatever it is that a check raises
        return f"{type(error).__name__}: {str(error)[:100]}"
    return "passed"


def all_checks(bars, runs):
    """C1."""
    outcomes, wrong = Counter(), []
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
                outcomes[outcome == "passed"] += 1
                if outcome != "passed":
                    wrong.append(f"{cls.__name__}, {name}: {outcome}")
    torch.set_num_threads(before)
    words = f"scikit-learn's checks, {len(CLASSIFIERS)} classes, {runs} runs"
    bars.report("C1", words, outcomes[True], outcomes.total(), wrong)


def accuracy_floor(bars, seeds):
    """C2: the data and the floor of check_classifiers_train."""
    X, y = make_blobs(n_samples=300, random_state=0)
    X = StandardScaler().fit_transform(X)
    wrong, worst = [], 1.0
    for cls in CLASSIFIERS:
        for seed in range(seeds):
            score = cls(random_state=seed).fit(X, y).score(X, y)
            worst = min(worst, score)
            if not score > 0.83:
                wrong.append(f"{cls.__name__}, seed {seed}: {score:.3f}")
    tried = seeds * len(CLASSIFIERS)
    words = f"accuracy on two features (worst {worst:.3f})"
    bars.report("C2", words, tried - len(wrong), tried, wrong)


def weights_and_repeats(bars, seeds):
    """C3: the sizes and tolerances of check_sample_weight_equivalence_on_dense_data."""
    wrong = []
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
                wrong.append(f"{cls.__name__}, seed {seed}: {np.abs(a - b).max():.1e}")
    tried = seeds * len(CLASSIFIERS)
    bars.report("C3", "whole weights equal repeated rows", tried - len(wrong), tried, wrong)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m fuzz.checks", description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="of all checks")
    parser.add_argument("--seeds", type=int, default=30)
    options = parser.parse_args(argv)
    warnings.simplefilter("ignore", ConvergenceWarning)
    bars = Bars()
    accuracy_floor(bars, min(20, options.seeds))
    weights_and_repeats(bars, options.seeds)
    all_checks(bars, options.runs)
    bars.finish()


if __name__ == "__main__":
    main()
