"""``skmnist study learning-curve``: learning curve."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from skmnist.cli._arguments import add_cv, add_examples, add_n_jobs, add_output_dir
from skmnist.cli._data import add_data, load_args
from skmnist.cli._model_params import (
    EXCLUDED_STUDY_PARAMS,
    check_classifiers,
    parse_with_model_params,
)
from skmnist.cli._output import ensure_writable

from ._results import mean_over_folds, readable, save_partial_results, write_results

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from skmnist.cli._data import Data
    from skmnist.studies import LearningCurve


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Add the options and return the arguments."""
    parser.usage = f"{parser.prog} [--train-sizes N ...] [--data NAME] [--model NAME] [parameters]"
    add_examples(
        parser,
        "skmnist study learning-curve --random-state 0",
        "skmnist study learning-curve --train-sizes 100 1000 10000 --data mnist --model cnn",
    )
    parser.add_argument(
        "--train-sizes",
        metavar="N",
        nargs="+",
        type=_parse_size,
        default=[0.1, 0.25, 0.5, 0.75, 1.0],
        help="numbers of training images, or fractions of the training set with a decimal point "
        "(default: 0.1 0.25 0.5 0.75 1.0)",
    )
    add_cv(parser)
    add_n_jobs(parser)
    add_data(parser)
    add_output_dir(parser, "skmnist-study")
    return parse_with_model_params(parser, argv, verbose=0, exclude=EXCLUDED_STUDY_PARAMS)


def _parse_size(text: str) -> int | float:
    """Parse a number of images, or a fraction if it has a decimal point or an exponent."""
    try:
        size = float(text)
    except ValueError:
        size = -1.0
    if text.strip().isdecimal() and size >= 1:
        return int(text)
    if not text.strip().isdecimal() and 0 < size <= 1:
        return size
    raise argparse.ArgumentTypeError(
        "expected an integer of at least 1, for example 500, or a fraction of at most 1.0, for "
        f"example 0.5, got {text!r}"
    )


def run(args: argparse.Namespace) -> None:
    """Compute the curve size by size, print and write it."""
    from skmnist.studies import learning_curve

    check_classifiers([args.classifier])
    ensure_writable(args.output_dir)
    data = load_args(args, args.classifier)
    print(f"\n{args.classifier}", flush=True)
    _check_sizes(args.train_sizes, args.cv, data)
    points: list[LearningCurve] = []
    with save_partial_results(args.output_dir, "learning-curve", lambda: list(map(_table, points))):
        for size in args.train_sizes:
            point = learning_curve(
                args.classifier,
                data.X,
                data.y,
                train_sizes=[size],
                cv=args.cv,
                n_jobs=args.n_jobs,
                # Shuffled, because the data may be sorted. Larger training sets contain the
                # smaller ones.
                shuffle=True,
                random_state=0,
                error_score="raise",
            )
            score = f"{point.test_scores.mean():.1%}"
            print(f"{point.train_sizes[0]:,} training images: {score}", file=sys.stderr, flush=True)
            points.append(point)
    curve = _concatenate(points, args.train_sizes)
    table = _table(curve)
    figure = curve.plot().figure_
    means = readable(mean_over_folds(table))
    write_results(
        args.output_dir, "learning-curve", table, curve.to_dict(), figure, printed_table=means
    )


def _check_sizes(sizes: Sequence[int | float], cv: int, data: Data) -> None:
    """Check before training that the training folds have enough images."""
    from sklearn.model_selection import StratifiedKFold

    n_samples = len(next(StratifiedKFold(cv).split(data.X, data.y))[0])
    for size in sizes:
        n = int(size * n_samples) if isinstance(size, float) else size
        if not 1 <= n <= n_samples:
            raise ValueError(
                f"--train-sizes {size}: expected 1 to {n_samples:,} training images with --cv {cv} "
                f"({len(data.X):,} images in total), got {n:,}."
            )


def _table(curve: LearningCurve) -> DataFrame:
    return curve.to_frame().set_index("train_size")


def _concatenate(points: Sequence[LearningCurve], sizes: Sequence[int | float]) -> LearningCurve:
    """Join curves of one point each into one curve."""
    import numpy as np

    changes: dict[str, Any] = {
        field.name: np.concatenate([getattr(point, field.name) for point in points])
        for field in fields(points[0])
        if isinstance(getattr(points[0], field.name), np.ndarray)
    }
    changes["settings"] = points[0].settings | {"train_sizes": sizes}
    return replace(points[0], **changes)
