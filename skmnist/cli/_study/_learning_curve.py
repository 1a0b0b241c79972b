"""``skmnist study learning-curve``: scores and seconds against the number of training images."""

import argparse
import sys
from dataclasses import fields, replace

from skmnist.cli._arguments import (
    add_cv,
    add_examples,
    add_jobs,
    add_out,
    check,
    parse_with_parameters,
)
from skmnist.cli._data import add_data, load
from skmnist.cli._output import prepare

from ._results import finish, keep_what_is_finished, mean_over_parts


def parse(parser, argv):
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
        type=_size,
        default=[0.1, 0.25, 0.5, 0.75, 1.0],
        help="numbers of images to train on, or shares of those there are, written with a point "
        "(default: 0.1 0.25 0.5 0.75 1.0)",
    )
    add_cv(parser)
    add_jobs(parser)
    add_data(parser)
    add_out(parser, "skmnist-study")
    return parse_with_parameters(parser, argv, verbose=0)


def _size(text):
    """Read a number of images, or a share where it has a point or an exponent."""
    try:
        size = float(text)
    except ValueError:
        size = -1.0
    if text.strip().isdecimal() and size >= 1:
        return int(text)
    if not text.strip().isdecimal() and 0 < size <= 1:
        return size
    raise argparse.ArgumentTypeError(
        f"give numbers of at least 1, such as 500, or shares of at most 1.0, such as 0.5, "
        f"not {text!r}"
    )


def run(args):
    """Measure the curve, size by size; print and write it."""
    from skmnist.studies import learning_curve

    check([args.classifier])
    prepare(args.out)
    data = load(args.data, args.data_home)
    print(f"\n{args.classifier}", flush=True)
    _check_sizes(args.train_sizes, args.cv, data)
    points = []
    with keep_what_is_finished(args.out, "learning-curve", lambda: list(map(_table, points))):
        for size in args.train_sizes:
            point = learning_curve(
                args.classifier,
                data.X,
                data.y,
                train_sizes=[size],
                cv=args.cv,
                n_jobs=args.n_jobs,
                # The same images for all sizes, the fewer among the more; a file may be sorted.
                shuffle=True,
                random_state=0,
                error_score="raise",
            )
            score = f"{point.test_scores.mean():.1%}"
            print(f"{point.train_sizes[0]:,} images: {score}", file=sys.stderr, flush=True)
            points.append(point)
    curve = _join(points, args.train_sizes)
    table = _table(curve)
    figure = curve.plot().figure_
    finish(args.out, "learning-curve", table, curve.to_dict(), figure, shown=mean_over_parts(table))


def _check_sizes(sizes, cv, data):
    """Refuse sizes that the images don't suffice for, before anything takes time."""
    from sklearn.model_selection import StratifiedKFold

    n_rows = len(next(StratifiedKFold(cv).split(data.X, data.y))[0])
    for size in sizes:
        n = int(size * n_rows) if isinstance(size, float) else size
        if not 1 <= n <= n_rows:
            raise ValueError(
                f"--train-sizes {size}: with --cv {cv} there are from 1 to {n_rows:,} images of "
                f"{len(data.X):,} to train on."
            )


def _table(curve):
    return curve.to_frame().set_index("train_size")


def _join(curves, sizes):
    """Return curves of one point each as one."""
    import numpy as np

    arrays = {
        one.name: np.concatenate([getattr(curve, one.name) for curve in curves])
        for one in fields(curves[0])
        if isinstance(getattr(curves[0], one.name), np.ndarray)
    }
    settings = curves[0].settings | {"train_sizes": sizes}
    return replace(curves[0], **arrays, settings=settings)
