"""Command-line interface.

Each command is a module of this package. A module is imported only when its command runs, so that
``skmnist --help`` is fast. It has two functions: ``parse(parser, argv)`` adds the options to the
parser and returns the arguments, and ``run(args)`` executes the command.
"""

from __future__ import annotations

import argparse
import signal
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from skmnist._utils.own_version import own_version

from ._arguments import add_subcommands
from ._process import draw_without_backend, escape_unprintable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

__all__ = ["main"]

# Command -> its description. The name of its module is the command with a leading underscore.
_COMMANDS = {
    "demo": "Train an MLP and a CNN on the bundled digits and compare them.",
    "train": "Train a classifier on a data set and evaluate it on the test set.",
    "study": "Run an experiment: curves, comparisons of models, learning rate or grid search.",
    "evaluate": "Evaluate a saved model on a test set and write a report.",
    "export": "Export a saved model to ONNX or to a web page.",
    "predict": "Predict the digit or the digits in images.",
    "serve": "Start a local web page for drawing digits and predicting them.",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command of ``skmnist``.

    Parameters
    ----------
    argv : list of str, default=None
        The arguments. If None, ``sys.argv[1:]``.

    Returns
    -------
    int
        The exit code: 0 on success, 1 if the command failed, 130 if it was interrupted.

    Raises
    ------
    SystemExit
        If the arguments are invalid (code 2), or after ``--help`` or ``--version`` (code 0).

    Examples
    --------
    >>> from skmnist.cli import main
    >>> main(["--version"])
    Traceback (most recent call last):
    SystemExit: 0
    """
    if argv is None:
        draw_without_backend()
        argv = sys.argv[1:]
    with escape_unprintable():
        return _main(argv)


def _main(argv: Sequence[str]) -> int:
    """Run a command; return the exit code."""
    interrupts = []

    def interrupt(*_: object) -> None:
        interrupts.append(True)
        raise KeyboardInterrupt

    previous_handler = signal.signal(signal.SIGINT, interrupt)
    try:
        _run(*_parse(argv))
        return 0
    except (KeyboardInterrupt, Exception) as error:
        # A library that is interrupted while it is imported can raise any error.
        if interrupts or isinstance(error, KeyboardInterrupt):
            # The newline ends the line of a progress bar.
            print(f"\nskmnist: interrupted{_interrupt_message(error)}", file=sys.stderr)
            return 130
        # Expected errors: ValueError (invalid data, a loss that is not finite), OSError (files and
        # downloads), ImportError (a missing optional package).
        if isinstance(error, (ValueError, OSError, ImportError)):
            print(f"skmnist: {_error_message(error)}", file=sys.stderr)
            return 1
        raise
    finally:
        signal.signal(signal.SIGINT, previous_handler)


def _parse(
    argv: Sequence[str],
) -> tuple[ModuleType, argparse.ArgumentParser, argparse.Namespace]:
    """Return the module of the command, its parser and its arguments."""
    parser = argparse.ArgumentParser(
        prog="skmnist",
        description="Train and evaluate neural networks for small images such as MNIST's digits.",
        epilog="Run 'skmnist COMMAND --help' for the options of a command. New here? Start with "
        "'skmnist demo'.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"skmnist {own_version()}")
    name, parser = add_subcommands(parser, "COMMAND", _COMMANDS, argv)
    command = import_module(f"skmnist.cli._{name}")
    return command, parser, command.parse(parser, argv[1:])


def _run(command: ModuleType, parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Run a command; report invalid parameters of an estimator as invalid arguments."""
    try:
        command.run(args)
    except ValueError as error:
        from skmnist.exceptions import InvalidParameterError

        if isinstance(error, InvalidParameterError):
            parser.error(str(error))
        raise


def _interrupt_message(error: BaseException) -> str:
    """Return the details of an interruption, such as the file with the partial results."""
    return f": {error}" if isinstance(error, KeyboardInterrupt) and str(error) else ""


def _error_message(error: Exception) -> str:
    """Return the message of an error in one line, without the number of a system error."""
    text = str(error)
    if isinstance(error, FileNotFoundError) and error.filename:
        text = f"{error.filename}: No such file or directory. Check the path."
    elif isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(text.split())
