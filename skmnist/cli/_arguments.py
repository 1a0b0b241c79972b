"""Options and checks that several commands share."""

from __future__ import annotations

import argparse
import difflib
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


def add_subcommands(
    parser: argparse.ArgumentParser,
    metavar: str,
    descriptions: Mapping[str, str],
    argv: Sequence[str],
) -> tuple[str, argparse.ArgumentParser]:
    """Add subcommands; return the name and the parser of the one that `argv` starts with.

    Parameters
    ----------
    parser : ArgumentParser
        It exits if the subcommand is unknown, or after printing the help.
    metavar : str
        What a subcommand is called in the help and in messages.
    descriptions : dict of str to str
        ``{name of the subcommand: its description}``.
    argv : list of str
        The arguments.
    """
    subparsers = parser.add_subparsers(dest="name", metavar=metavar, required=True)
    parsers = {
        name: subparsers.add_parser(
            name,
            help=text,
            description=textwrap.fill(text, 78),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            # Otherwise --lr could be read as an abbreviation of --lr-schedule.
            allow_abbrev=False,
        )
        for name, text in descriptions.items()
    }
    name = argv[0] if argv else ""
    if name and name not in descriptions and not name.startswith("-"):
        parser.error(f"unknown {metavar.lower()} {name!r}. {suggestion(name, descriptions)}")
    if name not in descriptions:
        name = parser.parse_args(argv).name
    return name, parsers[name]


def parse_args(
    parser: argparse.ArgumentParser,
    argv: Sequence[str],
    unknown_option_message: Callable[[str], str] | None = None,
) -> argparse.Namespace:
    """Return the arguments; an unknown option is an error that suggests the closest match.

    Parameters
    ----------
    parser : ArgumentParser
    argv : list of str
        The arguments.
    unknown_option_message : callable, default=None
        Returns the error message for an unknown option, or "" for the usual message.
    """
    args, unknown = parser.parse_known_args(argv)
    options = [word.split("=")[0] for word in unknown if word.startswith("--")]
    if options:
        own_message = unknown_option_message(options[0]) if unknown_option_message else ""
        known = parser._option_string_actions
        default_hint = f"Run '{parser.prog} --help' to list the options."
        hint = suggestion(options[0], known, default_hint, quote=False)
        parser.error(own_message or f"unknown option {options[0]}. {hint}")
    if unknown:
        parser.error(f"unexpected arguments: {' '.join(unknown)}")
    return args


def suggestion(
    word: str, known: Iterable[str], default: str | None = None, *, quote: bool = True
) -> str:
    """Return "Did you mean ...?" for a misspelled word.

    If no known word is similar, return `default`, or the list of known words if that is None.
    """
    known = list(known)
    closest = difflib.get_close_matches(word.lower(), known, n=1)
    if closest:
        return f"Did you mean {closest[0]!r}?" if quote else f"Did you mean {closest[0]}?"
    return f"Choose from {', '.join(known)}." if default is None else default


def one_of(choices: Iterable[str]) -> Callable[[str], str]:
    """Return a function that accepts one of `choices` and suggests the closest match."""
    names = list(choices)

    def parse(text: str) -> str:
        if text not in names:
            raise argparse.ArgumentTypeError(f"invalid value {text!r}. {suggestion(text, names)}")
        return text

    return parse


def choices_metavar(choices: Iterable[str]) -> str:
    """Return choices as the help shows them, such as ``{mlp,cnn}``."""
    return f"{{{','.join(choices)}}}"


def add_examples(parser: argparse.ArgumentParser, *lines: str) -> None:
    """Add examples at the end of the help."""
    parser.epilog = "\n  ".join([f"Example{'s' * (len(lines) > 1)}:", *lines])


def add_model_file(parser: argparse.ArgumentParser) -> None:
    """Add FILE, a saved model."""
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="model file, written by 'skmnist train --save FILE' or skmnist.save",
    )


def add_output_dir(parser: argparse.ArgumentParser, default: str) -> None:
    """Add --output-dir."""
    parser.add_argument(
        "--output-dir",
        metavar="DIR",
        type=Path,
        default=Path(default),
        help="output directory, created if it does not exist (default: %(default)s)",
    )


def add_cv(
    parser: argparse.ArgumentParser, default: int | None = 3, default_text: str = ""
) -> None:
    """Add --cv; `default_text` describes the default if `default` is None."""
    parser.add_argument(
        "--cv",
        metavar="N",
        type=int_at_least(2),
        default=default,
        help=f"number of cross-validation folds (default: {default_text or default})",
    )


def add_n_jobs(parser: argparse.ArgumentParser) -> None:
    """Add --n-jobs."""
    parser.add_argument(
        "--n-jobs",
        metavar="N",
        type=int_at_least(1),
        default=1,
        help="number of parallel worker processes (default: %(default)s)",
    )


def int_at_least(minimum: int) -> Callable[[str], int]:
    """Return a function that parses an integer of at least `minimum`."""

    def parse(text: str) -> int:
        try:
            value: int | None = int(text)
        except ValueError:
            value = None
        if value is None or value < minimum:
            raise argparse.ArgumentTypeError(
                f"expected an integer of at least {minimum}, got {text!r}"
            )
        return value

    return parse
