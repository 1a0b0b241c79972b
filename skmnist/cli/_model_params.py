"""Options for the model and its parameters."""

from __future__ import annotations

import argparse
import ast
import difflib
import inspect
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from skmnist._estimators.presets import PRESETS

from ._arguments import choices_metavar, meant_name, one_of, parse_args, suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

# Value of --model -> module and name of the class.
MODELS = {
    "mlp": ("skmnist._estimators.mlp", "MLPClassifier"),
    "cnn": ("skmnist._estimators.cnn", "CNNClassifier"),
    "backprop": ("skmnist._estimators.backprop", "BackpropClassifier"),
}

# Parameters without an option: callbacks are Python objects, and a command fits only once.
EXCLUDED_PARAMS = {"callbacks", "warm_start"}
# A directory of checkpoints is for one fit; a study has several.
EXCLUDED_STUDY_PARAMS = {"checkpoint_dir"}

# Descriptions for the command line, if the one of the Python parameter does not apply.
_HELP = {
    "image_shape": "Shape of one image as HEIGHT,WIDTH, CHANNELS,HEIGHT,WIDTH or "
    "HEIGHT,WIDTH,CHANNELS (1, 3 or 4 channels). auto: the shape of the images, or a square if the "
    "number of pixels is a square number, otherwise 1 x n_pixels.",
    "weight_init": "Weight initialization. he: normal, std = sqrt(2 / fan_in). glorot: uniform, "
    "std = sqrt(2 / (fan_in + fan_out)). lecun: uniform, std = 1 / sqrt(fan_in). torch: PyTorch's "
    "default. zeros: all zeros. auto: lecun for a CNN, otherwise torch.",
    "loss": "Loss function, averaged over the samples of a mini-batch. mse: squared error between "
    "the outputs after a sigmoid and one-hot targets, summed over the classes.",
    "label_smoothing": "Share of each training target that is spread evenly over all classes, in "
    "[0, 1). Validation losses are not smoothed.",
    "optimizer_params": "Additional arguments of PyTorch's optimizer, for example "
    "\"{'betas': (0.9, 0.98)}\" for adam.",
    "average": "Whether to predict with the average of the weights over the last part of the "
    "training instead of the last weights. Training continues from the last weights.",
    "max_epochs": "Maximum number of epochs (passes over the training set).",
    "early_stopping": "Whether to stop training when the validation accuracy stops improving. If "
    "set, --validation-fraction of the training data is set aside as a validation set, and the "
    "weights of the best epoch are restored.",
    "class_weight": "Class weights. balanced: inversely proportional to the class frequencies. "
    "A dict such as '{0: 2.0}' gives single classes another weight than 1.",
    "augment": "Data augmentation of the training images. light: small random rotations, "
    "translations, scaling, shear, stroke-width changes and elastic distortions, but no flips.",
    "precision": "Floating-point type of the computation. auto: float32 for images with integer "
    "pixels. bfloat16 and float16: automatic mixed precision.",
    "checkpoint_dir": "Directory for checkpoints. A checkpoint is saved after every epoch, and the "
    "last two are kept. With --resume, training continues from the latest; without it, existing "
    "checkpoints are replaced. Use a separate directory for each model.",
    "n_threads": "Maximum number of CPU threads, which does not affect the results. none: the "
    "number of cores that the process may use. Small networks use one thread. With --batch-norm, "
    "the number affects rounding, and none means 1 if --random-state is set.",
    "deterministic": "Whether to use only deterministic algorithms on a GPU. Results on a CPU are "
    "always deterministic.",
    "random_state": "Random seed. An int gives bit-for-bit reproducible results on the same "
    "device.",
    "verbose": "Verbosity. 0: silent. 1: a table with one line per epoch. 2: one line per epoch "
    "and one with the mean loss after every 100 mini-batches. bar: a progress bar.",
}

_LITERALS = {"none": None, "true": True, "false": False}


def model_class(model: str) -> Any:
    """Return the class of a value of --model."""
    module, name = MODELS[model]
    return getattr(import_module(module), name)


def default_params(model: str) -> dict[str, Any]:
    """Return ``{name: default}`` of the parameters of a model that have an option."""
    signature = inspect.signature(model_class(model)).parameters
    options = {name: p.default for name, p in signature.items() if name not in EXCLUDED_PARAMS}
    return options | {"verbose": "bar"}


def check_classifiers(classifiers: Iterable[Any]) -> None:
    """Check the parameters of classifiers before data are loaded.

    Raises
    ------
    InvalidParameterError
        If a parameter has an invalid value.
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
    """Add --model, --preset and an option for each parameter of the model; return the arguments.

    Parameters
    ----------
    parser : ArgumentParser
    argv : list of str
        The arguments.
    verbose : int or "bar", default="bar"
        The default of --verbose.
    exclude : collection of str, default=()
        Parameters that get no option.

    Returns
    -------
    args : Namespace
        ``args.classifier`` is the unfitted classifier.
    """
    # The options depend on the model and the preset, so these are parsed first.
    model_parser = argparse.ArgumentParser(
        prog=parser.prog, usage=parser.usage, add_help=False, allow_abbrev=False
    )
    for parser_ in (model_parser, parser):
        parser_.add_argument(
            "--model",
            metavar=choices_metavar(MODELS),
            type=one_of(MODELS),
            help="classifier to train (default: mlp, or cnn with --preset)",
        )
        parser_.add_argument(
            "--preset",
            metavar=choices_metavar(PRESETS),
            type=one_of(PRESETS),
            help="parameters of a CNN that is trained quickly (fast), is as accurate as possible "
            "(accurate), or has fewer than 10,000 parameters (tiny); the other options replace "
            "single ones (default: none)",
        )
    chosen = model_parser.parse_known_args(argv)[0]
    model = chosen.model or ("cnn" if chosen.preset else "mlp")
    if chosen.preset and model != "cnn":
        parser.error(f"--preset is for --model cnn, not for --model {model}")
    options = default_params(model) | {"verbose": verbose} | PRESETS.get(chosen.preset, {})
    options = {name: value for name, value in options.items() if name not in exclude}
    selected = f"--preset {chosen.preset}" if chosen.preset else f"--model {model}"
    add_model_params(parser, f"{model_class(model).__name__} ({selected})", options)
    others = [f"--model {other} --help" for other in MODELS if other != model]
    parser.epilog = f"{parser.epilog}\n\nParameters of the other models: {', '.join(others)}"
    args = parse_args(parser, argv, lambda option: _other_model_message(option, model))
    args.model = model
    args.classifier = model_class(model)(**{name: getattr(args, name) for name in options})
    return args


def add_model_params(
    parser: argparse.ArgumentParser, owner: str, options: Mapping[str, Any]
) -> None:
    """Add an option for each parameter, given as ``{name: default}``."""
    from skmnist._estimators.parameters import PARAMETERS

    group = parser.add_argument_group(
        f"parameters of {owner}",
        "Values use Python syntax, without quotes around strings. Write None as none\n"
        "and tuples as 64,32.",
    )
    for name, default in options.items():
        constraints, _, description = PARAMETERS[name]
        settings: dict[str, Any] = {"action": _ParseValue, "nargs": 1}
        if isinstance(default, bool):
            settings = {"action": _BooleanFlag}
        else:
            settings["metavar"] = _metavar(name, constraints)
            if _accepts_tuples(constraints):
                settings["nargs"] = "+"
        text = f"{_help_text(name, description)} (default: {format_value(default)})"
        group.add_argument(_option(name), default=default, help=text.replace("%", "%%"), **settings)


def _accepts_tuples(constraints: Iterable[Any]) -> bool:
    """Return whether a value may be a tuple: of ints, or of the choices for each layer."""
    tuples = [(1, 1), *((choice,) for constraint in constraints for choice in constraint.choices)]
    return any(constraint.is_satisfied_by(t) for constraint in constraints for t in tuples)


def _option(name: str) -> str:
    """Return the option of a parameter."""
    return f"--{name.replace('_', '-')}"


def _help_text(name: str, description: str) -> str:
    """Return a parameter's description in the notation of the command line."""
    from skmnist._estimators.parameters import PARAMETERS

    if name in _HELP:
        return _HELP[name]
    text = description
    text = re.sub(r"`+(\w+)`+ is True", lambda match: f"{_option(match[1])} is set", text)
    text = re.sub(
        r"`+(\w+)`+", lambda match: _option(match[1]) if match[1] in PARAMETERS else match[1], text
    )
    return re.sub(r"\bNone\b", "none", text.replace("`", "").replace('"', ""))


def _metavar(name: str, constraints: Iterable[Any]) -> str:
    """Return how the values of a parameter are written, such as ``{adam,sgd}`` or ``INT``."""
    constraints = list(constraints)

    def accepts(value: Any) -> bool:
        return any(constraint.is_satisfied_by(value) for constraint in constraints)

    if accepts("any text"):
        return name.split("_")[-1].upper()  # DIR or DEVICE
    kinds = [
        *(["FLOAT"] if accepts(0.5) else ["INT"] if accepts(1) or accepts((1, 1)) else []),
        *(["DICT"] if accepts({}) else []),
        *(choice for constraint in constraints for choice in constraint.choices),
        *(["none"] if accepts(None) else []),
    ]
    return kinds[0] if len(kinds) == 1 else choices_metavar(kinds)


class _ParseValue(argparse.Action):
    """Store one word as a value, several words as a tuple."""

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
    """--name and --no-name. Python 3.10 to 3.12 would append the default to the help again."""

    def __init__(self, *args: Any, help: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.help = help


def parse_value(text: str) -> Any:
    """Parse a number, tuple, dict, bool or None; return other text unchanged."""
    try:
        return _LITERALS[text] if text in _LITERALS else ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError):
        return text


def parse_param_name(text: str, model: str) -> str:
    """Return the name of a parameter that a study can set, given with hyphens or underscores.

    Raises
    ------
    ValueError
        If the model has no such parameter.
    """
    name = text.removeprefix("--").replace("-", "_")
    known = default_params(model).keys() - EXCLUDED_STUDY_PARAMS
    if name not in known:
        meant = meant_name(name)
        raise ValueError(
            f"--model {model} has no parameter {text!r}. {suggestion(meant, sorted(known))}"
        )
    return name


def format_value(value: Any) -> str:
    """Return a value in the notation of the command line."""
    if isinstance(value, tuple) and value:
        return ",".join(map(str, value))
    return "none" if value is None else str(value).lower()


def _other_model_message(option: str, model: str) -> str:
    """Return the error message if only other models have the option, otherwise ""."""
    params = {other: default_params(other) for other in MODELS}
    name = option.removeprefix("--").removeprefix("no-").replace("-", "_")
    meant = meant_name(name)
    closest = difflib.get_close_matches(
        meant, {name for names in params.values() for name in names}, n=1
    )
    owners = [other for other in MODELS if closest and closest[0] in params[other]]
    if not owners or model in owners:
        return ""
    exact = closest[0] == name
    hint = "It is an option" if exact else f"Did you mean {_option(closest[0])}"
    models = " and ".join(f"--model {other}" for other in owners)
    return f"--model {model} has no option {option}. {hint} of {models}{'.' if exact else '?'}"
