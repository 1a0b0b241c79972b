"""``skmnist study grid``: every combination of some values of parameters."""

import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

from skmnist.cli._arguments import (
    add_cv,
    add_examples,
    add_jobs,
    add_out,
    as_text,
    check,
    parse_with_parameters,
    read_name,
    read_value,
)
from skmnist.cli._data import add_data, load
from skmnist.cli._output import prepare

from ._results import finish, keep_what_is_finished
from ._score_log import ScoreNotes


def parse(parser, argv):
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
    )
    parser.add_argument(
        "--grid",
        metavar=("PARAMETER", "VALUE"),
        nargs="+",
        action="append",
        required=True,
        help="a parameter and the values to try, one a word; once for each parameter. Numbers of "
        "epochs cost no more than the largest of them.",
    )
    add_cv(parser)
    add_jobs(parser)
    add_data(parser)
    add_out(parser, "skmnist-study")
    args = parse_with_parameters(parser, argv, verbose=0)
    try:
        pairs = [_read_grid(words, args.model) for words in args.grid]
    except ValueError as error:
        parser.error(f"--grid: {error}")
    args.grid = dict(pairs)
    for name in args.grid:
        if [other for other, _ in pairs].count(name) > 1:
            parser.error(f"--grid: {name} is there twice; write all its values after one --grid")
    return args


def _read_grid(words, model):
    name, *values = words
    if "=" in name or not values:
        raise ValueError(
            f"{' '.join(words)!r}: write the parameter and the values as words, such as "
            "--grid lr 0.001 0.01"
        )
    return read_name(name, model), [read_value(value.strip(",")) for value in values]


def run(args):
    """Search; print and write how good each combination is, and the best on the test images."""
    import pandas as pd
    from sklearn.base import clone
    from sklearn.model_selection import ParameterGrid

    from skmnist.displays._search import SearchDisplay
    from skmnist.studies import EpochGridSearchCV
    from skmnist.studies._result import plain, provenance

    check(clone(args.classifier).set_params(**one) for one in ParameterGrid(args.grid))
    prepare(args.out)
    data = load(args.data, args.data_home)
    print(f"\n{args.classifier}", flush=True)
    names = sorted(args.grid)
    with TemporaryDirectory() as folder:
        notes = ScoreNotes(Path(folder, "notes"), names)

        def finished():
            table = pd.DataFrame(notes.read(), columns=[*names, "test_score"])
            return [table.set_index(names)] if len(table) else []

        search = EpochGridSearchCV(
            args.classifier, args.grid, cv=args.cv, n_jobs=args.n_jobs, scoring=notes
        )
        with keep_what_is_finished(args.out, "grid", finished):
            _fit(search, data)
    results, best = search.cv_results_, search.best_params_
    test = search.best_estimator_.score(data.X_test, data.y_test)
    table = _table(results, names)
    how = {"study": "grid", "data": args.data, "grid": args.grid, "cv": args.cv}
    values = {
        "study": "grid",
        **provenance(args.classifier, data.X, **how),
        "best_params": plain(best),
        "best_cv_accuracy": float(search.best_score_),
        "test_accuracy": float(test),
        "cv_results": plain(results),
    }
    columns = {name: [one[name] for one in results["params"]] for name in args.grid}
    display = SearchDisplay(
        columns, results["mean_test_score"], results["std_test_score"], "accuracy"
    ).plot()
    shown = table.filter(regex="^(?!split)")
    finish(args.out, "grid", table, values, display.figure_, shown=shown)
    words = ", ".join(f"{name} {as_text(value)}" for name, value in best.items())
    print(
        f"\nBest: {words}, with {search.best_score_:.1%} in cross-validation. Trained with them on "
        f"all {len(data.X):,} images: {test:.1%} of the test images."
    )


def _fit(search, data):
    """Search; say in a line why trainings failed, where scikit-learn takes a page."""
    from sklearn.exceptions import FitFailedWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")  # the scores that aren't there are seen in the table
        warnings.simplefilter("always", FitFailedWarning)
        try:
            search.fit(data.X, data.y)
        except ValueError as error:
            raise ValueError(_shorten(error)) from error
    for warning in caught:
        print(f"skmnist: {_shorten(warning.message)}", file=sys.stderr, flush=True)


def _shorten(text):
    """Return the first line, that trainings failed, and the last one, why."""
    lines = str(text).strip().splitlines()
    return " ".join(dict.fromkeys([lines[0], lines[-1]]))


def _table(results, names):
    """Return what was found of each combination, the best first."""
    import pandas as pd

    scores = [name for name in results if name.startswith("split")]
    columns = ["rank_test_score", "mean_test_score", "std_test_score", "mean_fit_time", *scores]
    table = pd.DataFrame({name: results[name] for name in columns})
    for i, name in enumerate(names):
        table.insert(i, name, [as_text(one[name]) for one in results["params"]])
    return table.sort_values("rank_test_score").set_index(names)
