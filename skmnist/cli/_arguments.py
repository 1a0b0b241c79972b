"""Options that commands share: the network, its parameters, the folder to write to."""

import argparse
import ast
import difflib
import inspect
import textwrap
from importlib import import_module
from pathlib import Path

# Values of --model: the classes that they stand for, and their modules.
MODELS = {
    "mlp": ("skmnist._estimators.mlp", "MLPClassifier"),
    "cnn": ("skmnist._estimators.cnn", "CNNClassifier"),
    "backprop": ("skmnist._estimators.backprop", "BackpropClassifier"),
}

# Parameters of the estimators that are no options: functions and objects can't be written on a
# command line, and a command that fits once has nothing to start warm from.
NO_OPTIONS = {"callbacks", "warm_start"}


def choose(parser, metavar, table, argv):
    """Return the name in `table` that `argv` begins with, and its own parser.

    Parameters
    ----------
    parser : ArgumentParser
        It ends the process where there is no such name, or where help is wanted.
    metavar : str
        What the names are.
    table : dict of str to str
        What each does.
    argv : list of str
    """
    choices = parser.add_subparsers(dest="name", metavar=metavar, required=True)
    parsers = {
        name: choices.add_parser(
            name,
            help=text,
            description=textwrap.fill(text, 78),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            # --lr is never to mean --lr-schedule.
            allow_abbrev=False,
        )
        for name, text in table.items()
    }
    name = argv[0] if argv and argv[0] in table else parser.parse_args(argv).name
    return name, parsers[name]


def add_examples(parser, *lines):
    """End the help with examples."""
    parser.epilog = "\n  ".join([f"Example{'s' * (len(lines) > 1)}:", *lines])


def model_class(model):
    """Return the class that a value of --model stands for."""
    module, name = MODELS[model]
    return getattr(import_module(module), name)


def defaults(model):
    """Return ``{name: default}`` of a model's parameters that are options."""
    signature = inspect.signature(model_class(model)).parameters
    options = {name: p.default for name, p in signature.items() if name not in NO_OPTIONS}
    return options | {"verbose": "bar"}


def check(classifiers):
    """Refuse classifiers whose parameters aren't allowed, before anything takes time.

    Raises
    ------
    InvalidParameterError
        It ends the command as a bad argument.
    """
    from skmnist._estimators.parameters import check_parameters

    for clf in classifiers:
        check_parameters(clf)


def add_model_file(parser):
    """Add FILE, a saved network."""
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="the network, a file that 'skmnist train --save FILE' or skmnist.save wrote",
    )


def add_out(parser, default):
    """Add --out, the folder to write to."""
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=Path(default),
        help="folder for what is written, made if needed (default: %(default)s)",
    )


def add_cv(parser, default=3, otherwise=""):
    """Add --cv; `otherwise` says what happens without it, if that is something else."""
    parser.add_argument(
        "--cv",
        metavar="N",
        type=at_least(2),
        default=default,
        help="number of parts that the training images are split into; each is tested on once, "
        f"by a network trained on the others (default: {otherwise or default})",
    )


def add_jobs(parser):
    """Add --n-jobs."""
    parser.add_argument(
        "--n-jobs",
        metavar="N",
        type=at_least(1),
        default=1,
        help="number of trainings at the same time (default: %(default)s)",
    )


def at_least(low):
    """Return a function that reads an integer of at least `low`."""

    def read(text):
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or value < low:
            raise argparse.ArgumentTypeError(f"give an integer of at least {low}, not {text!r}")
        return value

    return read


def parse_with_parameters(parser, argv, *, verbose="bar", leave_out=()):
    """Add --model and an option for each of its parameters; return the arguments.

    Among them is the ``classifier`` that they describe, not trained yet. `verbose` is its default;
    `leave_out` are parameters that the command sets itself.
    """
    # The model says which other options there are, so it is read first.
    first = argparse.ArgumentParser(
        prog=parser.prog, usage=parser.usage, add_help=False, allow_abbrev=False
    )
    for one in (first, parser):
        one.add_argument(
            "--model", choices=MODELS, default="mlp", help="the network (default: %(default)s)"
        )
    model = first.parse_known_args(argv)[0].model
    options = defaults(model) | {"verbose": verbose}
    options = {name: value for name, value in options.items() if name not in leave_out}
    add_parameters(parser, f"{model_class(model).__name__} (--model {model})", options)
    others = [f"--model {other} --help" for other in MODELS if other != model]
    parser.epilog += f"\n\nThe other networks' parameters: {', '.join(others)}"
    args, rest = parser.parse_known_args(argv)
    if rest:
        parser.error(_refusal(rest, model))
    args.classifier = model_class(model)(**{name: getattr(args, name) for name in options})
    return args


def add_parameters(parser, owner, options):
    """Add an option for each parameter, given as ``{name: default}``."""
    from skmnist._estimators.parameters import PARAMETERS

    group = parser.add_argument_group(
        f"parameters of {owner}",
        "Values are written as in Python, but names without quotes, None as none,\n"
        "and tuples as 64,32 or 64 32.",
    )
    for name, default in options.items():
        rules, kind, text = PARAMETERS[name]
        how = {"action": _ReadValue, "metavar": "VALUE", "nargs": 1}
        if isinstance(default, bool):
            how = {"action": _Switch}
        elif any(rule.holds((1, 1)) for rule in rules):
            how["nargs"] = "+"
        kind = kind.replace('"', "")
        text = f"{text} ({kind}; default: {as_text(default)})".replace("`", "").replace("%", "%%")
        group.add_argument(f"--{name.replace('_', '-')}", default=default, help=text, **how)


class _ReadValue(argparse.Action):
    """Read one word as a value, several as a tuple of values."""

    def __call__(self, parser, namespace, words, option_string=None):
        values = [read_value(word.strip(",")) for word in words]
        setattr(namespace, self.dest, values[0] if len(values) == 1 else tuple(values))


class _Switch(argparse.BooleanOptionalAction):
    """--name or --no-name, with the help that was given: older Pythons add the default."""

    def __init__(self, *args, help, **kwargs):
        super().__init__(*args, **kwargs)
        self.help = help


_WORDS = {"none": None, "true": True, "false": False}


def read_value(text):
    """Return the number, tuple, dict, bool or None that `text` stands for, else the text."""
    try:
        return _WORDS[text] if text in _WORDS else ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError):
        return text


def read_name(text, model):
    """Return the name of a parameter of `model`, which may be written as its option is.

    Raises
    ------
    ValueError
        It says what there is.
    """
    name = text.removeprefix("--").replace("-", "_")
    known = defaults(model)
    if name not in known:
        near = difflib.get_close_matches(name.lower(), known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else f" There are {', '.join(known)}."
        raise ValueError(f"--model {model} has no parameter {text!r}.{hint}")
    return name


def as_text(value):
    """Return a value as one would write it on the command line."""
    if isinstance(value, tuple) and value:
        return ",".join(map(str, value))
    return "none" if value is None else str(value).lower()


def _refusal(rest, model):
    """Return why the arguments `rest` are refused."""
    option = rest[0].split("=")[0]
    name = option.removeprefix("--").removeprefix("no-").replace("-", "_")
    owners = [f"--model {other}" for other in MODELS if name in defaults(other)]
    if not option.startswith("--") or not owners or f"--model {model}" in owners:
        return f"unrecognized arguments: {' '.join(rest)}"
    return f"--model {model} has no option {option}, only {' and '.join(owners)}"
