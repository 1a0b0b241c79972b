"""``skmnist study seeds``: compare models over several seeds."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from skmnist.cli._arguments import (
    add_cv,
    add_examples,
    add_n_jobs,
    add_output_dir,
    int_at_least,
)
from skmnist.cli._data import add_data, load_args
from skmnist.cli._model_params import EXCLUDED_STUDY_PARAMS, check_classifiers
from skmnist.cli._output import ensure_writable

from ._compared_models import parse_with_compared_models
from ._results import readable, save_partial_results, write_results

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pandas import DataFrame

    from skmnist.studies import SeedStudy


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Add the options and return the arguments; ``classifiers`` has the ones to compare."""
    parser.usage = (
        f"{parser.prog} [--model NAME [PARAMETER=VALUE ...]] ... [--n-seeds N] [parameters]"
    )
    add_examples(
        parser,
        "skmnist study seeds --model mlp --model mlp dropout=0.2 --n-seeds 20",
        "skmnist study seeds --model mlp --model cnn --cv 5 --n-seeds 3 --n-jobs 2",
    )
    parser.add_argument(
        "--n-seeds",
        metavar="N",
        type=int_at_least(2),
        default=10,
        help="number of seeds (default: %(default)s)",
    )
    parser.add_argument(
        "--random-state",
        metavar="N",
        type=int_at_least(0),
        default=0,
        help="seed from which the seeds are drawn (default: %(default)s)",
    )
    add_cv(parser, None, "no cross-validation; evaluate on the test set")
    add_n_jobs(parser)
    add_data(parser)
    add_output_dir(parser, "skmnist-study")
    return parse_with_compared_models(
        parser, argv, exclude={*EXCLUDED_STUDY_PARAMS, "random_state"}
    )


def run(args: argparse.Namespace) -> None:
    """Train each model with each seed; print and write the scores and the differences."""
    import numpy as np

    from skmnist.studies import seed_study

    check_classifiers(args.classifiers.values())
    ensure_writable(args.output_dir)
    data = load_args(args)
    test = {} if args.cv else {"X_test": data.X_test, "y_test": data.y_test}
    studies: list[SeedStudy] = []
    with save_partial_results(args.output_dir, "seeds", lambda: list(map(_table, studies))):
        for name, clf in args.classifiers.items():
            study = seed_study(
                {name: clf},
                data.X,
                data.y,
                n_seeds=args.n_seeds,
                cv=args.cv,
                n_jobs=args.n_jobs,
                random_state=args.random_state,
                **test,
            )
            scores = study.scores
            message = f"{name}: {scores.mean():.2%}, std {scores.std(ddof=1):.2%}"
            print(message, file=sys.stderr, flush=True)
            studies.append(study)
    first = studies[0]
    study = replace(
        first,
        names=tuple(args.classifiers),
        scores=np.concatenate([one.scores for one in studies]),
        fit_times=np.concatenate([one.fit_times for one in studies]),
        deterministic=tuple(one.deterministic[0] for one in studies),
        settings=first.settings
        | {"estimators": {n: v for one in studies for n, v in one.settings["estimators"].items()}},
    )
    table = readable(study.summary().drop(columns=["n_scores", "deterministic"]))
    table.index.name = "model"
    values = study.to_dict() | {"data": args.data}
    figure = study.plot().figure_
    write_results(args.output_dir, "seeds", _table(study), values, figure, printed_table=table)
    for line in _describe_differences(study):
        print(line, flush=True)


def _table(study: SeedStudy) -> DataFrame:
    return study.to_frame().set_index("estimator")


def _describe_differences(study: SeedStudy) -> list[str]:
    """Return a line for each pair of models."""
    lines: list[str] = []
    for (one, other), row in study.differences().iterrows():
        percent = (100 * row[["difference", "ci_low", "ci_high"]]).tolist()
        line = "{} - {}: {:+.2f} points (95% interval {:+.2f} to {:+.2f})".format(
            one, other, *percent
        )
        more = row["n_more_seeds"]
        if row["p_value"] == row["p_value"]:
            line += f", p = {row['p_value']:.2g}"
        if more == float("inf"):
            line += "; no number of seeds resolves 0.1 points, because the training sets overlap"
        elif more == more:
            line += f"; {more:,.0f} more seeds resolve 0.1 points"
        lines.append(f"{'' if lines else chr(10)}{line}")
    return lines
