"""Docstrings of the classifiers: their parameters and fitted attributes."""

from __future__ import annotations

import inspect
import textwrap
from typing import TypeVar

from skmnist._utils.argument_names import suggest_arguments

from .fitted_attributes import describe_attributes
from .parameters import PARAMETERS

_Class = TypeVar("_Class", bound=type)


def fill_docstring(cls: _Class) -> _Class:
    """Insert the parameters and the fitted attributes into a classifier's docstring.

    ``{parameters}`` is replaced by the entries of the table, in the order and with the defaults of
    the signature, and ``{attributes}`` by the fitted attributes. Misspelled parameters get a
    suggestion.
    """
    parameters: list[str] = []
    attributes: list[str] = []
    for parameter in inspect.signature(cls).parameters.values():
        entry, default = PARAMETERS[parameter.name], parameter.default
        shown = f'"{default}"' if isinstance(default, str) else repr(default)
        head = f"{parameter.name} : {entry.type}, default={shown}"
        parameters += _entry(head, entry.description)
    for name, (kind, text) in describe_attributes(cls).items():
        attributes += _entry(f"{name} : {kind}", text)
    # setattr, because type checkers forbid this for the __init__ of an unknown class.
    setattr(cls, "__init__", suggest_arguments(vars(cls)["__init__"]))  # noqa: B010
    doc = inspect.cleandoc(cls.__doc__ or "")
    doc = doc.replace("{parameters}", "\n".join(parameters))
    cls.__doc__ = doc.replace("{attributes}", "\n".join(attributes))
    return cls


def _entry(head: str, text: str) -> list[str]:
    return [head, *textwrap.wrap(text, 94, initial_indent="    ", subsequent_indent="    ")]
