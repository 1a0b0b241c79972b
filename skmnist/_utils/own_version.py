"""The version of skmnist, also of a checkout that is not installed."""

from __future__ import annotations

import sys
from typing import Any


def own_version() -> str:
    """Return the version of the package that this module belongs to."""
    package: Any = sys.modules[__name__.partition(".")[0]]
    return str(package.__version__)
