"""Warnings that come once for each line of the caller's, as Python means them to."""

import sys
import warnings

_ONCE = ("default", "module", "once")
_shown = set()


def warn_once(message, category, stacklevel):
    """Warn as :func:`warnings.warn` does, but not again for the same line and words.

    Python forgets what it has shown whenever a filter of warnings changes, which scikit-learn's
    validation does each time: a loop over batches would show the warning for each. Where a filter
    asks for the warning always, or as an error, it comes always.
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


def _action(message, category, module, line):
    """Return what the filters say about a warning."""
    for action, words, of, where, at in warnings.filters:
        if (
            issubclass(category, of)
            and (words is None or words.match(message))
            and (where is None or where.match(module))
            and at in (0, line)
        ):
            return action
    return "default"
