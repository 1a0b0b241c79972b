"""Options of the studies that compare several models."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from skmnist.cli._arguments import parse_args, suggestion
from skmnist.cli._model_params import (
    EXCLUDED_STUDY_PARAMS,
    MODELS,
    add_model_params,
    default_params,
    model_class,
    parse_param_name,
    parse_value,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_NOT_GIVEN = object()


def parse_with_compared_models(
    parser: argparse.ArgumentParser,
    argv: Sequence[str],
    *,
    exclude: Collection[str] = EXCLUDED_STUDY_PARAMS,
) -> argparse.Namespace:
    """Add --model and the parameters that all models have in common; return the arguments.

    Parameters
    ----------
    parser : ArgumentParser
    argv : list of str
        The arguments.
    exclude : collection of str, default=EXCLUDED_STUDY_PARAMS
        Parameters that get no option.

    Returns
    -------
    args : Namespace
        ``args.classifiers`` is a dict of the unfitted classifiers by their names.
    """
    models = _parse_models(parser, argv)
    shared = _shared_options([model for model, *_ in models], exclude)
    add_model_params(parser, "all compared models", shared)
    parser.set_defaults(**dict.fromkeys(shared, _NOT_GIVEN))
    args = parse_args(parser, argv)
    given = {name: getattr(args, name) for name in shared}
    given = {name: value for name, value in given.items() if value is not _NOT_GIVEN}
    args.classifiers = {}
    for model, *settings in models:
        try:
            own_params = dict(_parse_setting(setting, model) for setting in settings)
        except ValueError as error:
            parser.error(str(error))
        name = " ".join([model, *settings])
        if name in args.classifiers:
            parser.error(f"--model {name} is given twice")
        args.classifiers[name] = model_class(model)(**given | own_params)
    return args


def _parse_models(parser: argparse.ArgumentParser, argv: Sequence[str]) -> list[list[str]]:
    """Add --model; return the name and the settings of each model."""
    # The options depend on the models, so --model is parsed first.
    model_parser = argparse.ArgumentParser(
        prog=parser.prog, usage=parser.usage, add_help=False, allow_abbrev=False
    )
    for parser_ in (model_parser, parser):
        parser_.add_argument(
            "--model",
            action="append",
            nargs="+",
            metavar=("NAME", "PARAMETER=VALUE"),
            help=f"a model ({', '.join(MODELS)}) and its own parameter values; repeat the option "
            "for each model (default: all three models)",
        )
    models = model_parser.parse_known_args(argv)[0].model or [[model] for model in MODELS]
    for model, *_ in models:
        if model not in MODELS:
            parser.error(f"argument --model: invalid value {model!r}. {suggestion(model, MODELS)}")
    return models


def _shared_options(models: Sequence[str], exclude: Collection[str]) -> dict[str, Any]:
    """Return ``{name: default}`` of the parameters that all models have in common."""
    first, *others = map(default_params, models)
    first["verbose"] = 0
    shared = {}
    for name, default in first.items():
        if name not in exclude and all(name in other for other in others):
            same = name == "verbose" or all(other[name] == default for other in others)
            shared[name] = default if same else "depends on the model"
    return shared


def _parse_setting(text: str, model: str) -> tuple[str, Any]:
    """Return the name and the value of ``PARAMETER=VALUE``."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(
            f"--model {model} {text}: expected PARAMETER=VALUE, for example lr=0.01 or "
            f"hidden-layer-sizes=64,32, got {text!r}"
        )
    return parse_param_name(name, model), parse_value(value)
