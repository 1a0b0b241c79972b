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
    start: float  # its beginning, from time.time()

    @property
    def end(self):
        """When the part should end by itself, a little before it is stopped."""
        return self.start + self.seconds - min(5, self.seconds / 10)

    @property
    def path(self):
        """The file of the part."""
        return Path(self.out) / f"{self.part}.json"
