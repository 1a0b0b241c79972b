"""What the epochs need to know beyond skorch's parameters."""

from collections.abc import Callable
from typing import NamedTuple


class Recipe(NamedTuple):
    """How the epochs are run."""

    seed: int
    loss: str = "cross_entropy"  # a key of LOSSES
    shuffle: bool = True
    schedule: str | None = None  # a key of SCHEDULES
    first_epoch: int = 0  # the one that the schedule starts from
    bf16: bool = False  # multiply in bfloat16
    hand_written: bool = True  # use the hand-written backward pass where there is one
    record: bool = True  # replay a recorded step where it can be recorded
    augment: Callable | str | None = None  # applied to each training batch
    picture: tuple = ()  # (channels, height, width), for an augmentation that is named
    foreign: bool = False  # the module isn't ours and may draw from torch's global generators
    evaluate_rows: int = 1000  # how many go through the network at once without training
