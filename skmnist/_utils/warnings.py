"""Warnings that point to the user's line, or are shown once per line of code."""

from __future__ import annotations

import sys
import warnings

# Packages whose functions and decorators are between a user's line and the warning.
_INTERNAL = {"contextlib", "joblib", "skmnist", "sklearn", "skorch", "torch"}

_ONCE = ("default", "module", "once")
_shown: set[tuple[str, int, type[Warning], str]] = set()


def warn_caller(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning for the user's line, the first one outside of the internal packages.

    The number of calls in between depends on the version of scikit-learn, which wraps `fit`.
    """
    warnings.warn(message, category, stacklevel=_caller_stacklevel())


def warn_once(message: str, category: type[Warning]) -> None:
    """Issue a warning like :func:`warn_caller`, but only once for the same line and message.

    Python shows a warning again after any change of the warning filters. scikit-learn's validation
    changes them in each call, so a loop over batches would show the warning for each batch. The
    filter actions "always" and "error" still apply to every call.
    """
    stacklevel = _caller_stacklevel()
    frame = sys._getframe(stacklevel - 1)
    module = frame.f_globals.get("__name__", "")
    key = (frame.f_code.co_filename, frame.f_lineno, category, message)
    if _action(message, category, module, frame.f_lineno) in _ONCE:
        if key in _shown:
            return
        _shown.add(key)
    warnings.warn(message, category, stacklevel=stacklevel)


def _caller_stacklevel() -> int:
    """Return the `stacklevel` of the user's line for ``warnings.warn`` in the calling function."""
    stacklevel, frame = 1, sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in _INTERNAL:
        stacklevel, frame = stacklevel + 1, frame.f_back
    return stacklevel


def _action(message: str, category: type[Warning], module: str, line: int) -> str:
    """Return the action of the first matching warning filter."""
    for action, message_regex, filter_category, module_regex, filter_line in warnings.filters:
        if (
            issubclass(category, filter_category)
            and (message_regex is None or message_regex.match(message))
            and (module_regex is None or module_regex.match(module))
            and filter_line in (0, line)
        ):
            return action
    return "default"
