"""``skmnist study learning``: scores and seconds against the number of training images."""

import sys
from dataclasses import fields, replace

from skmnist.cli.arguments import add_cv, add_examples, add_out, check, parse_with_parameters
from skmnist.cli.data import add_data, load
from skmnist.cli.output import prepare

from .results import finish, keep_what_is_finished


def parse(parser, argv):
    """Add the options and return the arguments."""
    parser.usage = f"{parser.prog} [--train-sizes N ...] [--data NAME] [--model NAME] [parameters]"
    add_examples(
        parser,
        "skmnist study learning --random-state 0",
        "skmnist study learning --train-sizes 100 1000 10000 --data mnist --model cnn",
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
    add_data(parser)
    add_out(parser, "skmnist-study")
    return parse_with_parameters(parser, argv, verbose=0)


def _size(text):
    return float(text) if "." in text else int(text)


def run(args):
    """Measure the curve, size by size; print and write it."""
    from skmnist.studies import learning_curve

    check([args.classifier])
    prepare(args.out)
    data = load(args.data, args.data_home)
    print(f"\n{args.classifier}", flush=True)
    points = []
    with keep_what_is_finished(args.out, "learning", lambda: [p.to_frame() for p in points]):
        for size in args.train_sizes:
            point = learning_curve(
                args.classifier,
                data.X,
                data.y,
                train_sizes=[size],
                cv=args.cv,
                n_jobs=args.n_jobs,
                error_score="raise",
            )
            score = f"{point.test_scores.mean():.1%}"
            print(f"{point.train_sizes[0]:,} images: {score}", file=sys.stderr, flush=True)
            points.append(point)
    curve = _join(points, args.train_sizes)
    table = curve.to_frame().set_index("train_size")
    finish(args.out, "learning", table, curve.to_dict(), curve.plot().figure_)


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
