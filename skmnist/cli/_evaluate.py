"""``skmnist evaluate``: evaluate a saved model on a test set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._arguments import add_examples, add_model_file, add_output_dir, parse_args
from ._data import add_data, load_args
from ._output import ensure_writable, print_paths
from ._train_and_evaluate import evaluate_classifier

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Add the options and return the arguments."""
    add_examples(
        parser,
        "skmnist train --save digits.safetensors",
        "skmnist evaluate digits.safetensors",
        "skmnist evaluate digits.safetensors --data mnist --output-dir full-mnist",
    )
    add_model_file(parser)
    add_data(parser, only_test=True)
    add_output_dir(parser, "skmnist-report")
    return parse_args(parser, argv)


def run(args: argparse.Namespace) -> None:
    """Load the model, print its scores and write a report."""
    from skmnist._persistence.save_load import load

    clf = load(args.file)
    ensure_writable(args.output_dir)
    data = load_args(args, clf, only_test=True)
    print(f"\n{clf}", flush=True)
    print_paths([evaluate_classifier(clf, data, args.output_dir)])
