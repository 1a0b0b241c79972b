"""Warnings that are shown once for each line of the caller, as Python intends."""

from __future__ import annotations

import sys
import warnings

_ONCE = ("default", "module", "once")
_shown: set[tuple[str, int, type[Warning], str]] = set()


def warn_once(message: str, category: type[Warning], stacklevel: int) -> None:
    """Warn as :func:`warnings.warn` does, but not again for the same line and message.

    Python forgets what it has shown whenever a filter of warnings changes, which scikit-learn's
    validation does each time: a loop over batches would show the warning for each. If a filter
    asks for the warning always, or as an error, it is always raised.
    """
    frame = sys._getframe(1)
    for _ in range(stacklevel - 1):
        frame = frame.f_back or frame
    module = frame.f_globals.get("__name__", "")
    key = (frame.f_code.co_filename, frame.f_lineno, category, message)
    if _action(message, category, module, frame.f_lineno) in _ONCE:
        if key in _shown:
            return
        _shown.add(key)
    warnings.warn(message, category, stacklevel=stacklevel + 1)


def _action(message: str, category: type[Warning], module: str, line: int) -> str:
    """Return the action of the first filter that matches a warning."""
    for action, message_regex, filter_category, module_regex, filter_line in warnings.filters:
        if (
            issubclass(category, filter_category)
            and (message_regex is None or message_regex.match(message))
            and (module_regex is None or module_regex.match(module))
            and filter_line in (0, line)
        ):
            return action
    return "default"
