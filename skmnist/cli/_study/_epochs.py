"""``skmnist study epochs``: epoch curve."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from skmnist.cli._arguments import add_cv, add_examples, add_output_dir
from skmnist.cli._data import add_data, load_args
from skmnist.cli._model_params import (
    EXCLUDED_STUDY_PARAMS,
    check_classifiers,
    parse_with_model_params,
)
from skmnist.cli._output import ensure_writable

from ._results import mean_over_folds, readable, save_partial_results, write_results
from ._score_log import ScoreLog

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pandas import DataFrame


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Add the options and return the arguments."""
    parser.usage = f"{parser.prog} [--epochs N ...] [--data NAME] [--model NAME] [parameters]"
    add_examples(
        parser,
        "skmnist study epochs --epochs 20 --random-state 0",
        "skmnist study epochs --epochs 1 2 5 10 20 --model cnn --data mnist",
    )
    parser.add_argument(
        "--epochs",
        metavar="N",
        nargs="+",
        type=int,
        default=[10],
        help="numbers of epochs to evaluate; a single N means 1, 2, ..., N (default: 10)",
    )
    add_cv(parser, None, "no cross-validation; evaluate on the test set")
    parser.add_argument(
        "--retrain",
        action="store_true",
        help="train a separate model for each number of epochs; slower, with the same scores if "
        "--random-state is set",
    )
    add_data(parser)
    add_output_dir(parser, "skmnist-study")
    args = parse_with_model_params(parser, argv, exclude={"max_epochs", *EXCLUDED_STUDY_PARAMS})
    if len(args.epochs) == 1:
        args.epochs = range(1, args.epochs[0] + 1)
    if not args.epochs or min(args.epochs) < 1:
        parser.error("--epochs: expected integers of at least 1, for example 10 or 1 2 5 10")
    return args


def run(args: argparse.Namespace) -> None:
    """Compute the curve, print and write it."""
    from skmnist.studies import epoch_curve

    check_classifiers([args.classifier])
    ensure_writable(args.output_dir)
    data = load_args(args, args.classifier)
    print(f"\n{args.classifier}", flush=True)
    test = {} if args.cv else {"X_test": data.X_test, "y_test": data.y_test}
    with TemporaryDirectory() as folder:
        score_log = ScoreLog(Path(folder, "scores"), ["n_iter_"])
        with save_partial_results(args.output_dir, "epochs", lambda: _partial_tables(score_log)):
            curve = epoch_curve(
                args.classifier,
                data.X,
                data.y,
                epochs=args.epochs,
                cv=args.cv,
                retrain=args.retrain,
                scoring=score_log,
                **test,
            )
    table = curve.to_frame().set_index("epochs")
    figure = curve.plot().figure_
    means = readable(mean_over_folds(table))
    write_results(args.output_dir, "epochs", table, curve.to_dict(), figure, printed_table=means)


def _partial_tables(score_log: ScoreLog) -> list[DataFrame]:
    """Return the scores so far as a table, in a list, or an empty list."""
    import pandas as pd

    # Each epoch is scored on the training set and then on the test set.
    scores = score_log.read()
    pairs = zip(scores[::2], scores[1::2], strict=False)
    rows = [(epochs, train, test) for (epochs, train), (_, test) in pairs]
    columns = ["epochs", "train_score", "test_score"]
    return [pd.DataFrame(rows, columns=columns).set_index("epochs")] if rows else []
