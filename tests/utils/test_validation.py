"""Validation of parameters."""

import re

import numpy as np
import pytest

from skmnist._utils.validation import check_choice


@pytest.mark.parametrize("value", ["auto", None, np.str_("auto")])
def test_allowed_value_passes(value):
    check_choice("DigitNormalizer", "stroke_width", value, ("auto", None))


@pytest.mark.parametrize(
    ("value", "hint"), [("atuo", " Did you mean 'auto'?"), ("Auto", " Did you mean 'auto'?"),
                        ("thin", ""), (1, ""), (True, ""), (np.zeros(2), "")],
)  # fmt: skip
def test_other_value_raises_and_the_nearest_choice_is_suggested(value, hint):
    message = (
        "The 'stroke_width' parameter of DigitNormalizer must be a str among {'auto'} or None. "
        f"Got {value!r} instead.{hint}"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_choice("DigitNormalizer", "stroke_width", value, ("auto", None))
