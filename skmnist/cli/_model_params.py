"""Options for the network and its parameters."""

from __future__ import annotations

import argparse
import ast
import difflib
import inspect
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

# Values of --model -> modules and names of their classes.
MODELS = {
    "mlp": ("skmnist._estimators.mlp", "MLPClassifier"),
    "cnn": ("skmnist._estimators.cnn", "CNNClassifier"),
    "backprop": ("skmnist._estimators.backprop", "BackpropClassifier"),
}

# Parameters of the estimators that have no option: functions and objects can't be written on a
# command line, and a command fits only once, so there is no warm start.
EXCLUDED_PARAMS = {"callbacks", "warm_start"}

_LITERALS = {"none": None, "true": True, "false": False}


def model_class(model: str) -> Any:
    """Return the class for a value of --model."""
    module, name = MODELS[model]
    return getattr(import_module(module), name)


def default_params(model: str) -> dict[str, Any]:
    """Return ``{name: default}`` of a model's parameters that are options."""
    signature = inspect.signature(model_class(model)).parameters
    options = {name: p.default for name, p in signature.items() if name not in EXCLUDED_PARAMS}
    return options | {"verbose": "bar"}


def check_classifiers(classifiers: Iterable[Any]) -> None:
    """Check the parameters of classifiers, before anything takes time.

    Raises
    ------
    InvalidParameterError
        It ends the command as a bad argument.
    """
    from skmnist._estimators.parameters import check_parameters

    for clf in classifiers:
        check_parameters(clf)


def parse_with_model_params(
    parser: argparse.ArgumentParser,
    argv: Sequence[str],
    *,
    verbose: Any = "bar",
    exclude: Collection[str] = (),
) -> argparse.Namespace:
    """Add --model and an option for each of its parameters; return the arguments.

    Among them is the ``classifier`` that they describe, not fitted yet. `verbose` is its default;
    `exclude` are parameters that the command sets itself.
    """
    # The other options depend on the model, so it is parsed first.
    model_parser = argparse.ArgumentParser(
        prog=parser.prog, usage=parser.usage, add_help=False, allow_abbrev=False
    )
    for parser_ in (model_parser, parser):
        parser_.add_argument(
            "--model", choices=MODELS, default="mlp", help="the network (default: %(default)s)"
        )
    model = model_parser.parse_known_args(argv)[0].model
    options = default_params(model) | {"verbose": verbose}
    options = {name: value for name, value in options.items() if name not in exclude}
    add_model_params(parser, f"{model_class(model).__name__} (--model {model})", options)
    others = [f"--model {other} --help" for other in MODELS if other != model]
    parser.epilog = f"{parser.epilog}\n\nThe other networks' parameters: {', '.join(others)}"
    args, unknown = parser.parse_known_args(argv)
    if unknown:
        parser.error(_unknown_option_message(unknown, model))
    args.classifier = model_class(model)(**{name: getattr(args, name) for name in options})
    return args


def add_model_params(
    parser: argparse.ArgumentParser, owner: str, options: Mapping[str, Any]
) -> None:
    """Add an option for each parameter, given as ``{name: default}``."""
    from skmnist._estimators.parameters import PARAMETERS

    group = parser.add_argument_group(
        f"parameters of {owner}",
        "Values are written as in Python, but names without quotes, None as none,\n"
        "and tuples as 64,32 or 64 32.",
    )
    for name, default in options.items():
        constraints, kind, text = PARAMETERS[name]
        settings: dict[str, Any] = {"action": _ParseValue, "metavar": "VALUE", "nargs": 1}
        if isinstance(default, bool):
            settings = {"action": _BooleanFlag}
        elif any(constraint.is_satisfied_by((1, 1)) for constraint in constraints):
            settings["nargs"] = "+"
        kind = kind.replace('"', "")
        text = f"{text} ({kind}; default: {format_value(default)})"
        text = text.replace("`", "").replace("%", "%%")
        group.add_argument(f"--{name.replace('_', '-')}", default=default, help=text, **settings)


class _ParseValue(argparse.Action):
    """Parse one word as a value, several as a tuple of values."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        parsed = [parse_value(word.strip(",")) for word in values or ()]
        setattr(namespace, self.dest, parsed[0] if len(parsed) == 1 else tuple(parsed))


class _BooleanFlag(argparse.BooleanOptionalAction):
    """--name or --no-name, with the given help: older Pythons append the default."""

    def __init__(self, *args: Any, help: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.help = help


def parse_value(text: str) -> Any:
    """Return the number, tuple, dict, bool or None that `text` denotes, else the text."""
    try:
        return _LITERALS[text] if text in _LITERALS else ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError):
        return text


def parse_param_name(text: str, model: str) -> str:
    """Return the name of a parameter of `model`, which may be written like its option.

    Raises
    ------
    ValueError
        It lists the parameters.
    """
    name = text.removeprefix("--").replace("-", "_")
    known = default_params(model)
    if name not in known:
        close = difflib.get_close_matches(name.lower(), known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else f" There are {', '.join(known)}."
        raise ValueError(f"--model {model} has no parameter {text!r}.{hint}")
    return name


def format_value(value: Any) -> str:
    """Return a value as it is written on the command line."""
    if isinstance(value, tuple) and value:
        return ",".join(map(str, value))
    return "none" if value is None else str(value).lower()


def _unknown_option_message(unknown: Sequence[str], model: str) -> str:
    """Return the error message for the arguments `unknown`."""
    option = unknown[0].split("=")[0]
    name = option.removeprefix("--").removeprefix("no-").replace("-", "_")
    owners = [f"--model {other}" for other in MODELS if name in default_params(other)]
    if not option.startswith("--") or not owners or f"--model {model}" in owners:
        return f"unrecognized arguments: {' '.join(unknown)}"
    return f"--model {model} has no option {option}, only {' and '.join(owners)}"
