"""``skmnist study compare``: compare several models."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from skmnist.cli._arguments import add_examples, add_output_dir
from skmnist.cli._data import add_data, load_args
from skmnist.cli._model_params import check_classifiers
from skmnist.cli._output import ensure_writable

from ._compared_models import parse_with_compared_models
from ._results import readable, save_partial_results, write_results

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from pandas import DataFrame


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Add the options and return the arguments; ``classifiers`` has the ones to compare."""
    parser.usage = f"{parser.prog} [--model NAME [PARAMETER=VALUE ...]] ... [parameters]"
    add_examples(
        parser,
        "skmnist study compare --random-state 0",
        "skmnist study compare --model mlp --model mlp hidden-layer-sizes=256 --model cnn",
        "skmnist study compare --model mlp lr=0.001 --model mlp lr=0.01 --max-epochs 5",
    )
    add_data(parser)
    add_output_dir(parser, "skmnist-study")
    return parse_with_compared_models(parser, argv)


def run(args: argparse.Namespace) -> None:
    """Train and evaluate the models one by one; print and write the table."""
    import pandas as pd

    from skmnist.studies._compare_estimators import (
        compare_estimators,
        comparison_provenance,
        differing_params,
    )
    from skmnist.studies._jsonable import to_jsonable

    check_classifiers(args.classifiers.values())
    ensure_writable(args.output_dir)
    data = load_args(args)
    tables: list[DataFrame] = []
    with save_partial_results(args.output_dir, "compare", lambda: tables):
        for name, clf in args.classifiers.items():
            table = compare_estimators({name: clf}, data.X, data.y, data.X_test, data.y_test)
            print(f"{name}: {table['test_accuracy'].item():.1%}", file=sys.stderr, flush=True)
            tables.append(table)
    table = pd.concat([differing_params(args.classifiers), pd.concat(tables)], axis=1)
    results = to_jsonable(table.to_dict(orient="index"))
    values = {"study": "compare_estimators", "data": args.data, "networks": results}
    values |= comparison_provenance(args.classifiers, data.X, data.X_test)
    figure = _plot_accuracies(table)
    printed_table = readable(table).T
    write_results(args.output_dir, "compare", table, values, figure, printed_table=printed_table)


def _plot_accuracies(table: DataFrame) -> Figure:
    """Plot the accuracies, the first model at the top."""
    from matplotlib.figure import Figure

    from skmnist.displays._style import COLORS, WIDTH, shorten

    figure = Figure((WIDTH, 1.2 + 0.4 * len(table)), layout="constrained")
    ax = figure.subplots()
    for subset, marker, color in (("train", "o", COLORS[0]), ("test", "s", COLORS[1])):
        accuracy = 100 * table[f"{subset}_accuracy"]
        label = {"train": "Training", "test": "Test"}[subset]
        ax.plot(accuracy, range(len(table)), marker, color=color, label=label)
    ax.set_yticks(range(len(table)), [shorten(name, 36) for name in table.index])
    ax.invert_yaxis()
    ax.margins(y=0.5 / len(table))
    ax.set_xlabel("Accuracy (%)")
    ax.grid(axis="x", alpha=0.3)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
    return figure
