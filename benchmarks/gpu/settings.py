"""What the parts are told, as JSON.

This module imports nothing that may be missing.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    part: str
    device: str
    quick: bool
    data: str | None
    out: str
    seconds: float  # that the part may take

    @property
    def path(self):
        """The file of the part."""
        return Path(self.out) / f"{self.part}.json"
