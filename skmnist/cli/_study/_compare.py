"""``skmnist study compare``: several networks side by side."""

import argparse
import sys

from skmnist.cli._arguments import (
    MODELS,
    add_examples,
    add_out,
    add_parameters,
    check,
    defaults,
    model_class,
    read_name,
    read_value,
)
from skmnist.cli._data import add_data, load
from skmnist.cli._output import prepare

from ._results import finish, keep_what_is_finished


def parse(parser, argv):
    """Add the options and return the arguments; ``classifiers`` are what to compare."""
    parser.usage = f"{parser.prog} [--model NAME [PARAMETER=VALUE ...]] ... [parameters of all]"
    add_examples(
        parser,
        "skmnist study compare --random-state 0",
        "skmnist study compare --model mlp --model mlp hidden-layer-sizes=256 --model cnn",
        "skmnist study compare --model mlp lr=0.001 --model mlp lr=0.01 --max-epochs 5",
    )
    first = argparse.ArgumentParser(
        prog=parser.prog, usage=parser.usage, add_help=False, allow_abbrev=False
    )
    for one in (first, parser):
        one.add_argument(
            "--model",
            action="append",
            nargs="+",
            metavar=("NAME", "PARAMETER=VALUE"),
            help=f"a network ({', '.join(MODELS)}) and what is special about it; once for each "
            "(default: all three)",
        )
    models = first.parse_known_args(argv)[0].model or [[model] for model in MODELS]
    for model, *_ in models:
        if model not in MODELS:
            parser.error(f"--model: {model!r} is none of {', '.join(MODELS)}")
    add_data(parser)
    add_out(parser, "skmnist-study")
    shared = _shared_options([model for model, *_ in models])
    add_parameters(parser, "all of them", shared)
    parser.set_defaults(**dict.fromkeys(shared, _NOT_GIVEN))
    args = parser.parse_args(argv)
    given = {name: getattr(args, name) for name in shared}
    given = {name: value for name, value in given.items() if value is not _NOT_GIVEN}
    args.classifiers = {}
    for model, *words in models:
        try:
            special = dict(_read_word(word, model) for word in words)
        except ValueError as error:
            parser.error(str(error))
        name = " ".join([model, *words])
        if name in args.classifiers:
            parser.error(f"--model {name} is there twice")
        args.classifiers[name] = model_class(model)(**given | special)
    return args


_NOT_GIVEN = object()


def _shared_options(models):
    """Return ``{name: default}`` of the parameters that all models have."""
    first, *others = map(defaults, models)
    first["verbose"] = 0
    shared = {}
    for name, default in first.items():
        if all(name in other for other in others):
            same = name == "verbose" or all(other[name] == default for other in others)
            shared[name] = default if same else "each network's own"
    return shared


def _read_word(word, model):
    name, equals, value = word.partition("=")
    if not equals:
        raise ValueError(
            f"--model {model} {word}: write what is special about it as PARAMETER=VALUE, such as "
            "lr=0.01 or hidden-layer-sizes=64,32"
        )
    return read_name(name, model), read_value(value)


def run(args):
    """Train and measure one after the other; print and write the table."""
    import pandas as pd

    from skmnist.studies._compare_estimators import compare_estimators, describe, differences
    from skmnist.studies._result import plain

    check(args.classifiers.values())
    prepare(args.out)
    data = load(args.data, args.data_home)
    rows = []
    with keep_what_is_finished(args.out, "compare", lambda: rows):
        for name, clf in args.classifiers.items():
            row = compare_estimators({name: clf}, data.X, data.y, data.X_test, data.y_test)
            print(f"{name}: {row['test_accuracy'].item():.1%}", file=sys.stderr, flush=True)
            rows.append(row)
    table = pd.concat([differences(args.classifiers), pd.concat(rows)], axis=1)
    networks = plain(table.to_dict(orient="index"))
    values = {"study": "compare_estimators", "data": args.data, "networks": networks}
    values |= describe(args.classifiers, data.X, data.X_test)
    finish(args.out, "compare", table, values, _draw(table), shown=table.T)


def _draw(table):
    """Draw the accuracies, the first network on top."""
    from matplotlib.figure import Figure

    from skmnist.displays._style import COLORS, WIDTH, shorten

    figure = Figure((WIDTH, 1.2 + 0.4 * len(table)), layout="constrained")
    ax = figure.subplots()
    for part, marker, color in (("train", "o", COLORS[0]), ("test", "s", COLORS[1])):
        accuracy = 100 * table[f"{part}_accuracy"]
        label = f"{part.capitalize()} images"
        ax.plot(accuracy, range(len(table)), marker, color=color, label=label)
    ax.set_yticks(range(len(table)), [shorten(name, 36) for name in table.index])
    ax.invert_yaxis()
    ax.margins(y=0.5 / len(table))
    ax.set_xlabel("Accuracy (%)")
    ax.grid(axis="x", alpha=0.3)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
    return figure
