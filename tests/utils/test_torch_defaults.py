"""torch's settings are changed inside the block, and restored after it."""

import threading

import pytest
import torch

from skmnist._utils.torch_defaults import torch_defaults
from tests.helpers import every_torch_setting


def state():
    empty = torch.empty(0)
    return (
        empty.device.type,
        empty.dtype,
        torch.is_autocast_enabled("cpu"),
        torch.is_inference_mode_enabled(),
    )


@every_torch_setting
def test_defaults_hold_inside_the_block_and_the_setting_after_it(changed_setting):
    defaults = state()
    with changed_setting():
        changed = state()
        with torch_defaults():
            assert state() == defaults
        assert state() == changed
        with pytest.raises(KeyError), torch_defaults():
            raise KeyError
        assert state() == changed
    assert state() == defaults


def test_last_of_several_threads_restores_the_default_dtype():
    entered, leave = threading.Event(), threading.Event()
    seen = []

    def hold():
        with torch_defaults():
            entered.set()
            leave.wait()
            seen.append(torch.empty(0).dtype)

    torch.set_default_dtype(torch.float64)
    try:
        with torch_defaults():
            thread = threading.Thread(target=hold)
            thread.start()
            entered.wait()
        assert torch.empty(0).dtype == torch.float32  # the thread is still inside
        leave.set()
        thread.join()
        assert seen == [torch.float32]
        assert torch.empty(0).dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
