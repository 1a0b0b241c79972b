"""``skmnist study``: run an experiment.

Each study is a module of this package with the two functions of a command, ``parse(parser, argv)``
and ``run(args)``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from skmnist.cli._arguments import add_subcommands

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

# Study -> its description.
STUDIES = {
    "epochs": "Epoch curve: accuracy, loss and training time against the number of epochs.",
    "learning-curve": "Learning curve: accuracy and time against the training set size.",
    "compare": "Compare models: number of weights, losses, accuracies and training times.",
    "seeds": "Compare models over several seeds: means, intervals and paired differences.",
    "lr": "Learning rate range test: loss against the learning rate, and a suggestion.",
    "grid": "Grid search: cross-validate every combination of parameter values.",
    "diagnose": "Diagnosis: check the data and the training, and name what is wrong.",
}


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Parse the name of the study and the arguments of the study."""
    parser.epilog = (
        "Each study prints a table, writes it as CSV and JSON and plots it. Ctrl+C stops a\n"
        "study and saves its partial results.\n\n"
        "Run 'skmnist study STUDY --help' for the options of a study."
    )
    name, parser = add_subcommands(parser, "STUDY", STUDIES, argv)
    study = import_module(f"skmnist.cli._study._{name.replace('-', '_')}")
    args = study.parse(parser, argv[1:])
    args.study = study
    return args


def run(args: argparse.Namespace) -> None:
    """Run the study."""
    args.study.run(args)
