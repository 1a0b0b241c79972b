"""``skmnist study grid``: grid search."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from skmnist.cli._arguments import (
    add_cv,
    add_examples,
    add_n_jobs,
    add_output_dir,
    positive_float,
)
from skmnist.cli._data import add_data, load_args
from skmnist.cli._model_params import (
    EXCLUDED_STUDY_PARAMS,
    check_classifiers,
    format_value,
    parse_param_name,
    parse_value,
    parse_with_model_params,
)
from skmnist.cli._output import ensure_writable

from ._results import readable, save_partial_results, write_results
from ._score_log import ScoreLog

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from pandas import DataFrame

    from skmnist.cli._data import Data


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Add the options and return the arguments."""
    parser.usage = (
        f"{parser.prog} --grid PARAMETER VALUE ... [--grid PARAMETER VALUE ...]\n"
        "                          [--data NAME] [--model NAME] [parameters]"
    )
    add_examples(
        parser,
        "skmnist study grid --grid lr 0.001 0.01 --grid optimizer adam sgd",
        "skmnist study grid --grid hidden-layer-sizes 64 256 64,32 --n-jobs 2",
        "skmnist study grid --grid max-epochs 1 2 5 10 20 --grid lr 0.001 0.01",
        "skmnist study grid --grid lr 1e-4 3e-4 1e-3 3e-3 1e-2 --max-epochs 18 --halving",
    )
    parser.add_argument(
        "--grid",
        metavar=("PARAMETER", "VALUE"),
        nargs="+",
        action="append",
        required=True,
        help="a parameter and its values, separated by spaces; repeat the option for each "
        "parameter. Values of max-epochs are scored during one training run of the largest value",
    )
    parser.add_argument(
        "--halving",
        action="store_true",
        help="successive halving: train all candidates for a few epochs, and only the best third "
        "for three times as many, up to --max-epochs",
    )
    add_cv(parser)
    add_n_jobs(parser)
    parser.add_argument(
        "--time-limit",
        metavar="SECONDS",
        type=positive_float,
        help="start no fit after this time; candidates that are not fitted have no score",
    )
    add_data(parser)
    add_output_dir(parser, "skmnist-study")
    args = parse_with_model_params(parser, argv, verbose=0, exclude=EXCLUDED_STUDY_PARAMS)
    try:
        pairs = [_parse_grid(words, args.model) for words in args.grid]
    except ValueError as error:
        parser.error(f"--grid: {error}")
    args.grid = dict(pairs)
    for name in args.grid:
        if [other for other, _ in pairs].count(name) > 1:
            parser.error(f"--grid {name} is given twice; write all its values after one --grid")
    if args.halving and "max_epochs" in args.grid:
        parser.error("--halving chooses the numbers of epochs; remove max-epochs from --grid")
    return args


def _parse_grid(words: Sequence[str], model: str) -> tuple[str, list[Any]]:
    """Return the name and the values of a parameter from ``PARAMETER VALUE ...``."""
    name, *values = words
    if "=" in name or not values:
        raise ValueError(
            "expected a parameter and its values, separated by spaces, for example --grid lr "
            f"0.001 0.01, got {' '.join(words)!r}"
        )
    return parse_param_name(name, model), [parse_value(value.strip(",")) for value in values]


def run(args: argparse.Namespace) -> None:
    """Run the grid search; print and write its results and the test accuracy of the best model."""
    from sklearn.base import clone
    from sklearn.model_selection import ParameterGrid

    from skmnist.displays._search import SearchDisplay
    from skmnist.studies import EpochGridSearchCV, EpochHalvingSearchCV
    from skmnist.studies._jsonable import to_jsonable
    from skmnist.studies._provenance import provenance

    check_classifiers(
        clone(args.classifier).set_params(**params) for params in ParameterGrid(args.grid)
    )
    ensure_writable(args.output_dir)
    data = load_args(args, args.classifier)
    print(f"\n{args.classifier}", flush=True)
    # Halving scores a candidate after several numbers of epochs.
    names = [*sorted(args.grid), *(["max_epochs"] if args.halving else [])]
    make_search = EpochHalvingSearchCV if args.halving else EpochGridSearchCV
    with TemporaryDirectory() as folder:
        score_log = ScoreLog(Path(folder, "scores"), names, n_folds=args.cv)
        search = make_search(
            args.classifier,
            args.grid,
            cv=args.cv,
            n_jobs=args.n_jobs,
            scoring=score_log,
            time_limit=args.time_limit,
            return_train_score=False,  # the log would contain the scores on the training set
        )
        with save_partial_results(args.output_dir, "grid", lambda: _partial_tables(score_log)):
            _fit(search, data)
    results, best_params = search.cv_results_, search.best_params_
    test_accuracy = search.best_estimator_.score(data.X_test, data.y_test)
    table = _results_table(results, names)
    settings = {"study": "grid", "data": args.data, "grid": args.grid, "cv": args.cv}
    settings["halving"] = args.halving
    values = {
        "study": "grid",
        **provenance(args.classifier, data.X, **settings),
        "best_params": to_jsonable(best_params),
        "best_cv_accuracy": float(search.best_score_),
        "test_accuracy": float(test_accuracy),
        "cv_results": to_jsonable(results),
    }
    display = SearchDisplay.from_estimator(search)
    means = readable(table.filter(regex="^(?!split)"))
    write_results(args.output_dir, "grid", table, values, display.figure_, printed_table=means)
    best = ", ".join(f"{name}={format_value(value)}" for name, value in best_params.items())
    print(
        f"\nBest parameters: {best}\n"
        f"Cross-validation accuracy: {search.best_score_:.1%}\n"
        f"Test accuracy after training on all {len(data.X):,} training images: {test_accuracy:.1%}"
    )


def _partial_tables(score_log: ScoreLog) -> list[DataFrame]:
    """Return the scores so far as a table, in a list, or an empty list."""
    import pandas as pd

    table = pd.DataFrame(score_log.read(), columns=[*score_log.names, "test_score"])
    return [table.set_index(score_log.names)] if len(table) else []


def _fit(search: Any, data: Data) -> None:
    """Fit the search; report failed and unfinished fits in one line each."""
    from sklearn.exceptions import FitFailedWarning

    from skmnist.exceptions import TimeLimitWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")  # the table shows missing scores
        warnings.simplefilter("always", FitFailedWarning)
        warnings.simplefilter("always", TimeLimitWarning)
        try:
            search.fit(data.X, data.y)
        except ValueError as error:
            raise ValueError(_first_and_last_line(error)) from error
    for warning in caught:
        print(f"skmnist: {_first_and_last_line(warning.message)}", file=sys.stderr, flush=True)


def _first_and_last_line(message: object) -> str:
    """Return the first line of a message, the number of failed fits, and the last, the reason."""
    lines = str(message).strip().splitlines()
    return " ".join(dict.fromkeys([lines[0], lines[-1]]))


def _results_table(results: Mapping[str, Any], names: Sequence[str]) -> DataFrame:
    """Return a table of the results, the best first."""
    import pandas as pd

    scores = [name for name in results if name.startswith("split")]
    columns = ["rank_test_score", "mean_test_score", "std_test_score", "mean_fit_time", *scores]
    table = pd.DataFrame({name: results[name] for name in columns})
    for i, name in enumerate(names):
        values = (
            results["n_resources"]  # of halving
            if name == "max_epochs" and "n_resources" in results
            else [format_value(params[name]) for params in results["params"]]
        )
        table.insert(i, name, values)
    return table.sort_values("rank_test_score").set_index(names)
