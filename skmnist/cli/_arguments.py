"""Options and checks that several commands share."""

from __future__ import annotations

import argparse
import difflib
import itertools
import math
import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

MODEL_SUFFIX = ".safetensors"

# What other programs call an option that is not a parameter -> our name.
OTHER_NAMES = {
    "data_dir": "data_home",
    "dataset": "data",
    "folds": "cv",
    "gpu": "device",
    "jobs": "n_jobs",
    "num_workers": "n_jobs",
    "out": "output_dir",
    "output": "output_dir",
    "show": "save_steps",
    "split": "multiple",
    "workers": "n_jobs",
}


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
        hint = f"Write the options of a {metavar.lower()} after its name."
        name = parse_args(parser, argv, default_hint=hint).name
    return name, parsers[name]


def parse_args(
    parser: argparse.ArgumentParser,
    argv: Sequence[str],
    unknown_option_message: Callable[[str], str] | None = None,
    default_hint: str | None = None,
) -> argparse.Namespace:
    """Return the arguments; an unknown option is an error that suggests the closest match.

    Parameters
    ----------
    parser : ArgumentParser
    argv : list of str
        The arguments.
    unknown_option_message : callable, default=None
        Returns the error message for an unknown option, or "" for the usual message.
    default_hint : str, default=None
        The hint for an unknown option that resembles no known one. By default, it tells how to
        list the options.
    """
    known = parser._option_string_actions
    default_hint = default_hint or f"Run '{parser.prog} --help' to list the options."
    # Before the other arguments are parsed: a misspelled option is the reason why one is missing.
    unknown = _unknown_option(argv, known)
    if unknown:
        own_message = unknown_option_message(unknown) if unknown_option_message else ""
        parser.error(
            own_message or f"unknown option {unknown}. {_option_hint(unknown, known, default_hint)}"
        )
    args, words = parser.parse_known_args(argv)
    if words:
        hint = _option_hint(words[0].partition("=")[0], known, "")
        parser.error(f"unexpected arguments: {' '.join(words)}. {hint}".removesuffix(". "))
    return args


def _unknown_option(argv: Sequence[str], known: Collection[str]) -> str | None:
    """Return the first option that is not known, unless the help is asked for."""
    words = [*itertools.takewhile(lambda word: word != "--", argv)]
    options = [word.partition("=")[0] for word in words if re.match(r"--?[A-Za-z]", word)]
    if {"-h", "--help"} & set(options):
        return None
    return next((option for option in options if option not in known), None)


def meant_name(word: str) -> str:
    """Return the name that a word means, with underscores: in our spelling, or what we call it."""
    from skmnist._utils.argument_names import SYNONYMS

    name = word.lstrip("-").replace("-", "_").lower()
    return OTHER_NAMES.get(name) or SYNONYMS.get(name, name)


def _option_hint(word: str, known: Iterable[str], default: str) -> str:
    """Return a hint with the option that is meant or similar, or the default."""
    # The dashes would make all options similar.
    names = [option.removeprefix("--") for option in known if option.startswith("--")]
    closest = difflib.get_close_matches(meant_name(word).replace("_", "-"), names, n=1)
    return f"Did you mean --{closest[0]}?" if closest else default


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return "Did you mean ...?" for a misspelled word, or else the list of the known words."""
    known = list(known)
    closest = difflib.get_close_matches(word.lower(), known, n=1)
    return f"Did you mean {closest[0]!r}?" if closest else f"Choose from {', '.join(known)}."


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


def add_model_file(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    """Add FILE, a saved model."""
    default = ". Default: the model that comes with skmnist" if optional else ""
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        nargs="?" if optional else None,
        help=f"model file, written by 'skmnist train --save FILE' or skmnist.save{default}",
    )


def load_model(path: Path | None, *, abstain: bool = True) -> Any:
    """Load a model; None: print that the model of the package is used, and return it.

    Unless `abstain`, the model of the package predicts a digit for every image.
    """
    if path is None:
        from skmnist._pretrained.load_pretrained import default_reader, load_pretrained

        print(
            'Model: load_pretrained("digits"), trained on MNIST. For another one, name its file '
            f"(*{MODEL_SUFFIX}) first.",
            file=sys.stderr,
        )
        return default_reader() if abstain else load_pretrained("digits", device="cpu")
    from skmnist._persistence.save_load import load

    return load(path)


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


def positive_float(text: str) -> float:
    """Parse a finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return value
