"""``skmnist study``: studies of training, each a module of this package.

A study has the same two functions as a command: ``parse(parser, argv)`` and ``run(args)``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from skmnist.cli._arguments import add_subcommands

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

# Name of each study -> its description.
STUDIES = {
    "epochs": "How many epochs? Accuracy, loss and seconds against the number of epochs.",
    "learning-curve": "How many images? Accuracy and seconds against the training set size.",
    "compare": "Which network? Several side by side: weights, losses, accuracies, seconds.",
    "grid": "Which parameters? Every combination of some values, cross-validated.",
}


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Parse the name of the study, and let the study parse its own arguments."""
    parser.epilog = (
        "Each prints a table and writes it as CSV and JSON, with a figure. Ctrl-C ends a\n"
        "study at once and writes what was finished.\n\n"
        "'skmnist study STUDY --help' describes one. Start with 'skmnist study epochs'."
    )
    name, parser = add_subcommands(parser, "STUDY", STUDIES, argv)
    study = import_module(f"skmnist.cli._study._{name.replace('-', '_')}")
    args = study.parse(parser, argv[1:])
    args.study = study
    return args


def run(args: argparse.Namespace) -> None:
    """Run the study."""
    args.study.run(args)
