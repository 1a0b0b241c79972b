"""Validation of parameters."""

import re

import numpy as np
import pytest

from skmnist._utils.validation import check_choice


@pytest.mark.parametrize("value", ["auto", None, np.str_("auto")])
def test_allowed_value_passes(value):
    check_choice("DigitNormalizer", "stroke_width", value, ("auto", None))


@pytest.mark.parametrize(
    ("value", "shown", "hint"),
    [
        ("atuo", "'atuo'", " Did you mean 'auto'?"),
        ("Auto", "'Auto'", " Did you mean 'auto'?"),
        ("thin", "'thin'", ""),
        (1, "1", ""),
        (np.int64(1), "1", ""),
        (True, "True", ""),
        (np.zeros(2), "array([0., 0.])", ""),
    ],
)
def test_other_value_raises_and_the_nearest_choice_is_suggested(value, shown, hint):
    message = (
        "The 'stroke_width' parameter of DigitNormalizer must be a str among {'auto'} or None. "
        f"Got {shown} instead.{hint}"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_choice("DigitNormalizer", "stroke_width", value, ("auto", None))
