"""``skmnist study diagnose``: find out what is wrong with a training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skmnist.cli._arguments import add_examples, add_output_dir
from skmnist.cli._data import add_data, load_args
from skmnist.cli._model_params import (
    EXCLUDED_STUDY_PARAMS,
    check_classifiers,
    parse_with_model_params,
)
from skmnist.cli._output import ensure_writable

from ._results import save_partial_results, write_results

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Add the options and return the arguments."""
    parser.usage = f"{parser.prog} [--data NAME] [--model NAME] [parameters]"
    add_examples(
        parser,
        "skmnist study diagnose --lr 0.3 --random-state 0",
        "skmnist study diagnose --model cnn --max-epochs 2 --data mnist",
    )
    add_data(parser)
    add_output_dir(parser, "skmnist-study")
    return parse_with_model_params(parser, argv, verbose=0, exclude=EXCLUDED_STUDY_PARAMS)


def run(args: argparse.Namespace) -> None:
    """Diagnose the training, with the test set as validation set; print and write the findings."""
    from skmnist.studies import diagnose

    check_classifiers([args.classifier])
    ensure_writable(args.output_dir)
    data = load_args(args, args.classifier)
    print(f"\n{args.classifier}", flush=True)
    with save_partial_results(args.output_dir, "diagnose", list):
        diagnosis = diagnose(args.classifier, data.X, data.y, X_val=data.X_test, y_val=data.y_test)
    print(f"\n{diagnosis}", flush=True)
    table = diagnosis.to_frame().set_index("check")
    write_results(
        args.output_dir,
        "diagnose",
        table,
        diagnosis.to_dict(),
        diagnosis.plot().figure_,
        printed_table=table[["severity"]],
    )
