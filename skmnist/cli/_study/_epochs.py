"""``skmnist study epochs``: scores, losses and seconds against the number of epochs."""

from pathlib import Path
from tempfile import TemporaryDirectory

from skmnist.cli._arguments import add_cv, add_examples, add_out, check, parse_with_parameters
from skmnist.cli._data import add_data, load
from skmnist.cli._output import prepare

from ._results import finish, keep_what_is_finished, mean_over_parts
from ._score_log import ScoreNotes


def parse(parser, argv):
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
        help="one number: score each epoch from 1 to it; several: score these (default: 10)",
    )
    add_cv(parser, None, "train on all of them and score on the test images")
    parser.add_argument(
        "--retrain",
        action="store_true",
        help="train anew for each number of epochs, which takes longer and, with a "
        "--random-state, gives the same scores",
    )
    add_data(parser)
    add_out(parser, "skmnist-study")
    args = parse_with_parameters(parser, argv, leave_out={"max_epochs"})
    if len(args.epochs) == 1:
        args.epochs = range(1, args.epochs[0] + 1)
    if not args.epochs or min(args.epochs) < 1:
        parser.error("--epochs: give one or more numbers of at least 1, such as 10, or 1 2 5 10")
    return args


def run(args):
    """Measure the curve; print and write it."""
    import pandas as pd

    from skmnist.studies import epoch_curve

    check([args.classifier])
    prepare(args.out)
    data = load(args.data, args.data_home)
    print(f"\n{args.classifier}", flush=True)
    test = {} if args.cv else {"X_test": data.X_test, "y_test": data.y_test}
    with TemporaryDirectory() as folder:
        notes = ScoreNotes(Path(folder, "notes"), ["n_iter_"], aloud=False)

        def finished():
            # Each epoch is scored on the rows trained with, then on others.
            pairs = zip(notes.read()[::2], notes.read()[1::2], strict=False)
            rows = [(epochs, train, test) for (epochs, train), (_, test) in pairs]
            columns = ["epochs", "train_score", "test_score"]
            return [pd.DataFrame(rows, columns=columns).set_index("epochs")] if rows else []

        with keep_what_is_finished(args.out, "epochs", finished):
            curve = epoch_curve(
                args.classifier,
                data.X,
                data.y,
                epochs=args.epochs,
                cv=args.cv,
                retrain=args.retrain,
                scoring=notes,
                **test,
            )
    table = curve.to_frame().set_index("epochs")
    figure = curve.plot().figure_
    finish(args.out, "epochs", table, curve.to_dict(), figure, shown=mean_over_parts(table))
