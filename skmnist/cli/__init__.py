"""The command line: read the arguments, call the library, print and write what it finds.

A command is a module of this package, imported when it is wanted, so that ``skmnist --help``
answers at once. It holds two functions: ``parse(parser, argv)`` adds the options to its parser and
returns the arguments, ``run(args)`` does what they say.
"""

import argparse
import signal
import sys
from importlib import import_module
from importlib.metadata import version

from ._arguments import choose

# Name and module of each command -> what it does.
COMMANDS = {
    "demo": "Train two networks on the digits that come along; see how well they do.",
    "train": "Train one network on a data set; see how well it does on the test images.",
    "study": "Ask how many epochs, how many images, which network or which parameters it takes.",
    "evaluate": "See how well a saved network does on the test images of a data set.",
    "export": "Write a saved network as an ONNX model, for programs without Python.",
    "predict": "Read the digit in a photo, or all digits in it.",
    "serve": "Open a page on this computer on which to draw digits.",
}


def main(argv=None):
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

    def interrupt(*_):
        interrupts.append(True)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        _run(*_parse(sys.argv[1:] if argv is None else argv))
        return 0
    except (KeyboardInterrupt, Exception) as error:
        # Libraries that are interrupted while they are imported raise all kinds of errors.
        if interrupts or isinstance(error, KeyboardInterrupt):
            # The line break ends the line of a progress bar.
            print(f"\nskmnist: interrupted{_saved(error)}", file=sys.stderr)
            return 130
        # A ValueError is how the estimators refuse data and a loss that became infinite, an
        # OSError how the data sets and files fail, an ImportError a broken torchvision.
        if isinstance(error, (ValueError, OSError, ImportError)):
            print(f"skmnist: {_message(error)}", file=sys.stderr)
            return 1
        raise
    finally:
        signal.signal(signal.SIGINT, before)


def _parse(argv):
    """Return the module of the command that `argv` names, its parser and its arguments."""
    parser = argparse.ArgumentParser(
        prog="skmnist",
        description="Neural networks for small images that are scikit-learn estimators.",
        epilog="'skmnist COMMAND --help' describes a command. Start with 'skmnist demo'.",
    )
    parser.add_argument("--version", action="version", version=f"skmnist {version('skmnist')}")
    # Only the command that is wanted is imported.
    name, parser = choose(parser, "COMMAND", COMMANDS, argv)
    command = import_module(f"skmnist.cli._{name}")
    return command, parser, command.parse(parser, argv[1:])


def _run(command, parser, args):
    """Run a command; what an estimator finds wrong with its parameters are bad arguments."""
    try:
        command.run(args)
    except ValueError as error:
        from skmnist.exceptions import InvalidParameterError

        if isinstance(error, InvalidParameterError):
            parser.error(str(error))
        raise


def _saved(error):
    """Return what an interrupted study has to say."""
    return f": {error}" if isinstance(error, KeyboardInterrupt) and str(error) else ""


def _message(error):
    """Return an error's text in one line, without the number that the system has for it."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(text.split())
