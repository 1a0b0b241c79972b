"""``skmnist study``: questions about training, each a module of this package.

A study holds the same two functions as a command: ``parse(parser, argv)`` and ``run(args)``.
"""

from importlib import import_module

from skmnist.cli._arguments import choose

# Name and module of each study -> the question.
STUDIES = {
    "epochs": "How many epochs? Accuracy, loss and seconds against the number of epochs.",
    "learning-curve": "How many images? Accuracy and seconds against their number.",
    "compare": "Which network? Several side by side: weights, losses, accuracies, seconds.",
    "grid": "Which parameters? Every combination of some values, cross-validated.",
}


def parse(parser, argv):
    """Read which study it is, and let it read its own arguments."""
    parser.epilog = (
        "Each prints a table and writes it as CSV and JSON, with a picture. Ctrl-C ends a\n"
        "study at once and writes what was finished.\n\n"
        "'skmnist study STUDY --help' describes one. Start with 'skmnist study epochs'."
    )
    name, parser = choose(parser, "STUDY", STUDIES, argv)
    study = import_module(f"skmnist.cli._study._{name.replace('-', '_')}")
    args = study.parse(parser, argv[1:])
    args.study = study
    return args


def run(args):
    """Do the study."""
    args.study.run(args)
