"""``skmnist train``: one network on a data set."""

from pathlib import Path

from ._arguments import add_examples, add_out, check, parse_with_parameters
from ._data import add_data, load
from ._evaluation import evaluate, train
from ._output import prepare, print_paths


def parse(parser, argv):
    """Add the options and return the arguments; ``classifiers`` are what to train."""
    parser.usage = (
        f"{parser.prog} [--data NAME] [--model NAME] [--out DIR] [--save FILE] [parameters]"
    )
    add_examples(
        parser,
        "skmnist train --model cnn --max-epochs 5 --save digits.skm",
        "skmnist train --data fashion-mnist --hidden-layer-sizes 256,128 --out fashion",
    )
    add_data(parser)
    add_out(parser, "skmnist-train")
    parser.add_argument(
        "--save",
        metavar="FILE",
        type=Path,
        help="also write the trained network to this file, such as digits.skm, for "
        "'skmnist evaluate' and skmnist.load",
    )
    args = parse_with_parameters(parser, argv)
    args.classifiers = {args.model: args.classifier}
    return args


def run(args):
    """Train the network; print how well it does, write a report on it and, if wanted, itself."""
    check([args.classifier])
    prepare(args.out)
    if args.save:
        prepare(args.save.parent)
    data = load(args.data, args.data_home)
    train(args.classifier, data)
    paths = []
    if args.save:
        from skmnist._persistence.save_load import save

        save(args.classifier, args.save)
        paths.append(args.save)
    print_paths([*paths, evaluate(args.classifier, data, args.out)])
