"""``skmnist study lr``: learning rate range test."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING

from skmnist.cli._arguments import add_examples, add_output_dir, int_at_least
from skmnist.cli._data import add_data, load_args
from skmnist.cli._model_params import (
    EXCLUDED_STUDY_PARAMS,
    check_classifiers,
    parse_with_model_params,
)
from skmnist.cli._output import ensure_writable

from ._results import save_partial_results, write_results

if TYPE_CHECKING:
    from collections.abc import Sequence

# The range test sets the learning rate, and has no epochs.
_EXCLUDED = {"average", "early_stopping", "lr", "lr_schedule", "max_epochs", "n_iter_no_change"}
_EXCLUDED |= {"tol", "validation_fraction", *EXCLUDED_STUDY_PARAMS}

_N_PRINTED = 20  # rates in the printed table


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Add the options and return the arguments."""
    parser.usage = f"{parser.prog} [--start-lr LR] [--end-lr LR] [--model NAME] [parameters]"
    add_examples(
        parser,
        "skmnist study lr --random-state 0",
        "skmnist study lr --model cnn --optimizer sgd --data mnist --n-iter 1000",
    )
    for option, default, text in (
        ("--start-lr", 1e-7, "smallest learning rate"),
        ("--end-lr", 10.0, "largest learning rate"),
    ):
        parser.add_argument(
            option,
            metavar="LR",
            type=_parse_lr,
            default=default,
            help=f"{text} (default: %(default)s)",
        )
    parser.add_argument(
        "--n-iter",
        metavar="N",
        type=int_at_least(20),
        default=400,
        help="number of mini-batches and learning rates (default: %(default)s)",
    )
    add_data(parser)
    add_output_dir(parser, "skmnist-study")
    args = parse_with_model_params(parser, argv, verbose=0, exclude=_EXCLUDED)
    if args.start_lr >= args.end_lr:
        parser.error(
            f"--end-lr: expected more than --start-lr {args.start_lr:g}, got {args.end_lr:g}"
        )
    return args


def _parse_lr(text: str) -> float:
    try:
        lr = float(text)
    except ValueError:
        lr = 0.0
    if not 0 < lr < float("inf"):
        raise argparse.ArgumentTypeError(
            f"expected a number greater than 0, for example 1e-5, got {text!r}"
        )
    return lr


def run(args: argparse.Namespace) -> None:
    """Compute the losses; print and write them and the suggested learning rate."""
    from skmnist.studies import lr_range_test

    check_classifiers([args.classifier])
    ensure_writable(args.output_dir)
    data = load_args(args, args.classifier)
    print(f"\n{args.classifier}", flush=True)
    with save_partial_results(args.output_dir, "lr", list):  # it takes only a few seconds
        test = lr_range_test(
            args.classifier,
            data.X,
            data.y,
            start_lr=args.start_lr,
            end_lr=args.end_lr,
            n_iter=args.n_iter,
        )
    table = test.to_frame().set_index("lr")
    printed = table[:: -(-len(table) // _N_PRINTED)].map("{:.3f}".format)
    printed.index = printed.index.map("{:.2g}".format).set_names("learning rate")
    values = test.to_dict() | {"data": args.data}
    write_results(args.output_dir, "lr", table, values, test.plot().figure_, printed_table=printed)
    is_missing = math.isnan(test.suggestion_)
    suggestion = "none, because the loss never fell" if is_missing else f"{test.suggestion_:.2g}"
    print(f"\nSuggested learning rate: {suggestion}", flush=True)
