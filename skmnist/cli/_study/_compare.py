"""``skmnist study compare``: compare several models."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from skmnist.cli._arguments import add_examples, add_output_dir, parse_args, suggestion
from skmnist.cli._data import add_data, load_data
from skmnist.cli._model_params import (
    EXCLUDED_STUDY_PARAMS,
    MODELS,
    add_model_params,
    check_classifiers,
    default_params,
    model_class,
    parse_param_name,
    parse_value,
)
from skmnist.cli._output import ensure_writable

from ._results import readable, save_partial_results, write_results

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from pandas import DataFrame

_NOT_GIVEN = object()


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Add the options and return the arguments; ``classifiers`` has the ones to compare."""
    parser.usage = f"{parser.prog} [--model NAME [PARAMETER=VALUE ...]] ... [parameters]"
    add_examples(
        parser,
        "skmnist study compare --random-state 0",
        "skmnist study compare --model mlp --model mlp hidden-layer-sizes=256 --model cnn",
        "skmnist study compare --model mlp lr=0.001 --model mlp lr=0.01 --max-epochs 5",
    )
    models = _parse_models(parser, argv)
    add_data(parser)
    add_output_dir(parser, "skmnist-study")
    shared = _shared_options([model for model, *_ in models])
    add_model_params(parser, "all compared models", shared)
    parser.set_defaults(**dict.fromkeys(shared, _NOT_GIVEN))
    args = parse_args(parser, argv)
    given = {name: getattr(args, name) for name in shared}
    given = {name: value for name, value in given.items() if value is not _NOT_GIVEN}
    args.classifiers = {}
    for model, *settings in models:
        try:
            own_params = dict(_parse_setting(setting, model) for setting in settings)
        except ValueError as error:
            parser.error(str(error))
        name = " ".join([model, *settings])
        if name in args.classifiers:
            parser.error(f"--model {name} is given twice")
        args.classifiers[name] = model_class(model)(**given | own_params)
    return args


def _parse_models(parser: argparse.ArgumentParser, argv: Sequence[str]) -> list[list[str]]:
    """Add --model; return the name and the settings of each model."""
    # The options depend on the models, so --model is parsed first.
    model_parser = argparse.ArgumentParser(
        prog=parser.prog, usage=parser.usage, add_help=False, allow_abbrev=False
    )
    for parser_ in (model_parser, parser):
        parser_.add_argument(
            "--model",
            action="append",
            nargs="+",
            metavar=("NAME", "PARAMETER=VALUE"),
            help=f"a model ({', '.join(MODELS)}) and its own parameter values; repeat the option "
            "for each model (default: all three models)",
        )
    models = model_parser.parse_known_args(argv)[0].model or [[model] for model in MODELS]
    for model, *_ in models:
        if model not in MODELS:
            parser.error(f"argument --model: invalid value {model!r}. {suggestion(model, MODELS)}")
    return models


def _shared_options(models: Sequence[str]) -> dict[str, Any]:
    """Return ``{name: default}`` of the parameters that all models have in common."""
    first, *others = map(default_params, models)
    first["verbose"] = 0
    shared = {}
    for name, default in first.items():
        if name not in EXCLUDED_STUDY_PARAMS and all(name in other for other in others):
            same = name == "verbose" or all(other[name] == default for other in others)
            shared[name] = default if same else "depends on the model"
    return shared


def _parse_setting(text: str, model: str) -> tuple[str, Any]:
    """Return the name and the value of ``PARAMETER=VALUE``."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(
            f"--model {model} {text}: expected PARAMETER=VALUE, for example lr=0.01 or "
            f"hidden-layer-sizes=64,32, got {text!r}"
        )
    return parse_param_name(name, model), parse_value(value)


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
    data = load_data(args.data, args.data_home)
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
