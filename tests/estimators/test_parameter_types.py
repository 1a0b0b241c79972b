"""The type annotations of the parameters list the allowed choices."""

import inspect
import typing

import pytest

import skmnist
from skmnist._estimators.parameters import PARAMETERS

CLASSIFIERS = [
    skmnist.MLPClassifier,
    skmnist.CNNClassifier,
    skmnist.BackpropClassifier,
    skmnist.TorchClassifier,
]


def literals(hint):
    """Return the strings of all ``Literal`` types in a type."""
    if typing.get_origin(hint) is typing.Literal:
        return {choice for choice in typing.get_args(hint) if isinstance(choice, str)}
    return set().union(*map(literals, typing.get_args(hint)))


@pytest.mark.parametrize("cls", CLASSIFIERS)
def test_type_annotations_list_the_allowed_choices(cls):
    hints = typing.get_type_hints(cls.__init__)
    for name in inspect.signature(cls).parameters:
        choices = {c for constraint in PARAMETERS[name].constraints for c in constraint.choices}
        assert literals(hints[name]) == choices, name
