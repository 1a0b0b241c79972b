"""``skmnist train``: train a classifier on a data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ._arguments import add_examples, add_output_dir
from ._data import add_data, load_args
from ._model_params import check_classifiers, parse_with_model_params
from ._output import ensure_writable, print_paths
from ._train_and_evaluate import evaluate_classifier, train_classifier

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Add the options and return the arguments; ``classifiers`` has the one to train."""
    parser.usage = (
        f"{parser.prog} [--data NAME] [--model NAME] [--preset NAME] [--output-dir DIR]\n"
        "                     [--save FILE] [--resume] [parameters]"
    )
    add_examples(
        parser,
        "skmnist train --model cnn --max-epochs 5 --save digits.safetensors",
        "skmnist train --data mnist --preset fast --save digits.safetensors",
        "skmnist train --data fashion-mnist --hidden-layer-sizes 256,128 --output-dir fashion",
        "skmnist train --model cnn --checkpoint-dir checkpoints --resume",
    )
    add_data(parser)
    add_output_dir(parser, "skmnist-train")
    parser.add_argument(
        "--save",
        metavar="FILE",
        type=Path,
        help="save the trained model to this file, for example digits.safetensors",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue from the latest checkpoint in --checkpoint-dir, if there is one",
    )
    args = parse_with_model_params(parser, argv)
    if args.resume and args.checkpoint_dir is None:
        parser.error("--resume requires --checkpoint-dir, the directory with the checkpoints")
    args.classifiers = {args.model: args.classifier}
    return args


def run(args: argparse.Namespace) -> None:
    """Train the classifier, print its scores, write a report and, if requested, save the model."""
    check_classifiers([args.classifier])
    ensure_writable(args.output_dir)
    if args.save:
        ensure_writable(args.save.parent)
    data = load_args(args, args.classifier)
    try:
        train_classifier(args.classifier, data, resume=args.resume)
    except KeyboardInterrupt:
        if args.checkpoint_dir is None:
            raise
        message = "run the same command with --resume to continue from the latest checkpoint"
        raise KeyboardInterrupt(message) from None
    paths = []
    if args.save:
        from skmnist._persistence.save_load import save

        save(args.classifier, args.save)
        paths.append(args.save)
    print_paths([*paths, evaluate_classifier(args.classifier, data, args.output_dir)])
