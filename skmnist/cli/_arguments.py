"""Options that several commands share: files, folders, cross-validation, integers."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def add_subcommands(
    parser: argparse.ArgumentParser,
    metavar: str,
    descriptions: Mapping[str, str],
    argv: Sequence[str],
) -> tuple[str, argparse.ArgumentParser]:
    """Add subcommands; return the name of the one that `argv` starts with, and its parser.

    Parameters
    ----------
    parser : ArgumentParser
        It ends the process if there is no such subcommand, or if help was requested.
    metavar : str
        Name of the subcommands in the help.
    descriptions : dict of str to str
        ``{name of the subcommand: its description}``.
    argv : list of str
    """
    subparsers = parser.add_subparsers(dest="name", metavar=metavar, required=True)
    parsers = {
        name: subparsers.add_parser(
            name,
            help=text,
            description=textwrap.fill(text, 78),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            # --lr must not stand for --lr-schedule.
            allow_abbrev=False,
        )
        for name, text in descriptions.items()
    }
    name = argv[0] if argv and argv[0] in descriptions else parser.parse_args(argv).name
    return name, parsers[name]


def add_examples(parser: argparse.ArgumentParser, *lines: str) -> None:
    """End the help with examples."""
    parser.epilog = "\n  ".join([f"Example{'s' * (len(lines) > 1)}:", *lines])


def add_model_file(parser: argparse.ArgumentParser) -> None:
    """Add FILE, a saved network."""
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="the network, a file that 'skmnist train --save FILE' or skmnist.save wrote",
    )


def add_output_dir(parser: argparse.ArgumentParser, default: str) -> None:
    """Add --output-dir, the folder to write to."""
    parser.add_argument(
        "--output-dir",
        metavar="DIR",
        type=Path,
        default=Path(default),
        help="folder for what is written, made if needed (default: %(default)s)",
    )


def add_cv(
    parser: argparse.ArgumentParser, default: int | None = 3, default_text: str = ""
) -> None:
    """Add --cv; `default_text` says what happens without it if `default` is None."""
    parser.add_argument(
        "--cv",
        metavar="N",
        type=int_at_least(2),
        default=default,
        help="number of folds that the training images are split into; each is tested on once, "
        f"by a network trained on the others (default: {default_text or default})",
    )


def add_n_jobs(parser: argparse.ArgumentParser) -> None:
    """Add --n-jobs."""
    parser.add_argument(
        "--n-jobs",
        metavar="N",
        type=int_at_least(1),
        default=1,
        help="number of trainings at the same time (default: %(default)s)",
    )


def int_at_least(low: int) -> Callable[[str], int]:
    """Return a function that parses an integer of at least `low`."""

    def parse(text: str) -> int:
        try:
            value: int | None = int(text)
        except ValueError:
            value = None
        if value is None or value < low:
            raise argparse.ArgumentTypeError(f"give an integer of at least {low}, not {text!r}")
        return value

    return parse
