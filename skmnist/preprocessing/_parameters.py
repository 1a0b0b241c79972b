"""One form for what is wrong with a parameter."""


def check_choice(name, value, choices):
    """Raise ValueError unless `value` is one of `choices`."""
    # The kind counts, too: 1 is not True, and an array is compared with nothing.
    if not any(value is one or (isinstance(value, str) and value == one) for one in choices):
        words = ", ".join(map(repr, choices))
        raise ValueError(f"{name}={value!r}: wanted is one of {words}.")
