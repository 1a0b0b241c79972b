"""``skmnist demo``: two networks on the digits that come along."""

from ._arguments import add_examples, add_out, check, model_class
from ._data import load
from ._evaluation import evaluate, train
from ._output import prepare, print_paths, write_figure

_EPOCHS = {"mlp": 50, "cnn": 10}  # at most: both stop early


def parse(parser, argv):
    """Add the options and return the arguments; ``classifiers`` are what to train."""
    add_examples(parser, "skmnist demo", "skmnist demo --seed 1 --out another-demo")
    add_out(parser, "skmnist-demo")
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda or mps")
    parser.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")
    args = parser.parse_args(argv)
    shared = {
        "early_stopping": True,
        "device": args.device,
        "random_state": args.seed,
        "verbose": "bar",
    }
    args.classifiers = {
        model: model_class(model)(max_epochs=n, **shared) for model, n in _EPOCHS.items()
    }
    return args


def run(args):
    """Train the networks; print how well they do, write a report on each and their curves."""
    from skmnist.displays import TrainingCurveDisplay

    check(args.classifiers.values())
    prepare(args.out)
    data = load("sample")
    paths = []
    for model, clf in args.classifiers.items():
        train(clf, data)
        paths.append(evaluate(clf, data, args.out / model))
    curves = TrainingCurveDisplay.from_estimator(args.classifiers)
    print_paths([*paths, write_figure(curves.figure_, args.out / "training-curves.png")])
