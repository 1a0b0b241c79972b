"""torch's default settings, whatever the program has changed."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

_lock = threading.Lock()
_depth = 0  # number of active blocks
_saved = torch.float32  # the default dtype before the first active block


@contextlib.contextmanager
def torch_defaults() -> Iterator[None]:
    """Use torch's default settings inside the block, so that the program's have no effect.

    - New tensors are on the CPU and float32, whatever ``torch.set_default_device`` and
      ``torch.set_default_dtype`` have set.
    - ``torch.autocast`` is off.
    - ``torch.inference_mode`` is off.

    Settings are only changed if they differ, because most of them slow down each call of torch.
    """
    with contextlib.ExitStack() as stack:
        if torch.is_inference_mode_enabled():
            stack.enter_context(torch.inference_mode(False))
        for device_type in _autocast_devices():
            stack.enter_context(torch.autocast(device_type, enabled=False))
        stack.enter_context(_default_dtype_float32())
        if torch.empty(0).device.type != "cpu":
            stack.enter_context(torch.device("cpu"))
        yield


def _autocast_devices() -> list[str]:
    """Return the types of the devices for which autocast is on."""
    return [kind for kind in ("cpu", "cuda", "mps") if torch.is_autocast_enabled(kind)]


@contextlib.contextmanager
def _default_dtype_float32() -> Iterator[None]:
    """Create float32 tensors inside the block, if no dtype is specified.

    The setting is global. If several threads are inside such a block, the last one to leave
    restores the original setting.
    """
    global _depth, _saved
    with _lock:
        if _depth == 0:
            _saved = torch.get_default_dtype()
            if _saved != torch.float32:
                torch.set_default_dtype(torch.float32)
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0 and _saved != torch.float32:
                torch.set_default_dtype(_saved)


def _reset_after_fork() -> None:
    # A thread of the parent process may hold the lock; this copy would never be released.
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_after_fork)
