"""The command line: read the arguments, call the library, print and write the results.

Each command is a module of this package. It is imported only when it runs, so that
``skmnist --help`` answers quickly. It holds two functions: ``parse(parser, argv)`` adds the options
to its parser and returns the arguments, ``run(args)`` executes the command.
"""

from __future__ import annotations

import argparse
import signal
import sys
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

from ._arguments import add_subcommands

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

__all__ = ["main"]

# Name and module of each command -> its description.
_COMMANDS = {
    "demo": "Train two networks on the bundled digits; see how well they do.",
    "train": "Train one network on a data set; see how well it does on the test images.",
    "study": "Ask how many epochs, how many images, which network or which parameters it takes.",
    "evaluate": "See how well a saved network does on the test images of a data set.",
    "export": "Write a saved network as an ONNX model, for programs without Python.",
    "predict": "Read the digit in a photo, or all digits in it.",
    "serve": "Open a page on this computer on which to draw digits.",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command of ``skmnist``.

    Parameters
    ----------
    argv : list of str, default=None
        The arguments, by default those of the process.

    Returns
    -------
    int
        The exit code: 0, 1 if the command failed, 130 if it was interrupted. Bad arguments end
        in ``SystemExit`` with 2.

    Examples
    --------
    >>> from skmnist.cli import main
    >>> main(["--version"])
    Traceback (most recent call last):
    SystemExit: 0
    """
    interrupts = []

    def interrupt(*_: object) -> None:
        interrupts.append(True)
        raise KeyboardInterrupt

    previous_handler = signal.signal(signal.SIGINT, interrupt)
    try:
        _run(*_parse(sys.argv[1:] if argv is None else argv))
        return 0
    except (KeyboardInterrupt, Exception) as error:
        # Libraries that are interrupted while they are imported raise all kinds of errors.
        if interrupts or isinstance(error, KeyboardInterrupt):
            # The line break ends the line of a progress bar.
            print(f"\nskmnist: interrupted{_interrupt_message(error)}", file=sys.stderr)
            return 130
        # Estimators raise ValueError for invalid data and an infinite loss, data sets and files
        # raise OSError, and a broken torchvision raises ImportError.
        if isinstance(error, (ValueError, OSError, ImportError)):
            print(f"skmnist: {_error_message(error)}", file=sys.stderr)
            return 1
        raise
    finally:
        signal.signal(signal.SIGINT, previous_handler)


def _parse(
    argv: Sequence[str],
) -> tuple[ModuleType, argparse.ArgumentParser, argparse.Namespace]:
    """Return the module of the command that `argv` names, its parser and its arguments."""
    parser = argparse.ArgumentParser(
        prog="skmnist",
        description="Neural networks for small images that are scikit-learn estimators.",
        epilog="'skmnist COMMAND --help' describes a command. Start with 'skmnist demo'.",
    )
    parser.add_argument("--version", action="version", version=f"skmnist {version('skmnist')}")
    # Only the requested command is imported.
    name, parser = add_subcommands(parser, "COMMAND", _COMMANDS, argv)
    command = import_module(f"skmnist.cli._{name}")
    return command, parser, command.parse(parser, argv[1:])


def _run(command: ModuleType, parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Run a command; report invalid parameters of an estimator as bad arguments."""
    try:
        command.run(args)
    except ValueError as error:
        from skmnist.exceptions import InvalidParameterError

        if isinstance(error, InvalidParameterError):
            parser.error(str(error))
        raise


def _interrupt_message(error: BaseException) -> str:
    """Return the message of an interrupted study, or nothing."""
    return f": {error}" if isinstance(error, KeyboardInterrupt) and str(error) else ""


def _error_message(error: Exception) -> str:
    """Return an error's text in one line, without the system's error number."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(text.split())
