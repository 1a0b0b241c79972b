"""``skmnist evaluate``: how good a saved network is."""

from ._arguments import add_examples, add_model_file, add_out
from ._data import add_data, load
from ._evaluation import evaluate
from ._output import prepare, print_paths


def parse(parser, argv):
    """Add the options and return the arguments."""
    add_examples(
        parser,
        "skmnist train --save digits.skm",
        "skmnist evaluate digits.skm",
        "skmnist evaluate digits.skm --data mnist --out on-all-digits",
    )
    add_model_file(parser)
    add_data(parser)
    add_out(parser, "skmnist-report")
    return parser.parse_args(argv)


def run(args):
    """Load the network; print how well it does and write a report on it."""
    from skmnist._persistence import save_load as persistence

    clf = persistence.load(args.file)
    prepare(args.out)
    data = load(args.data, args.data_home, only_test=True)
    print(f"\n{clf}", flush=True)
    print_paths([evaluate(clf, data, args.out)])
