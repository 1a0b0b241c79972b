"""The calls of torch that capture a CUDA graph, with stand-ins for torch's classes."""

import contextlib
import threading
from unittest.mock import Mock, create_autospec

import pytest
import torch

from skmnist._training import cuda_graphs

DEVICE = torch.device("cuda:1")


@pytest.fixture
def calls(monkeypatch):
    """The names of what was called, in order; only those arguments are accepted that torch does."""
    calls = []

    def note(name):
        return lambda *args, **kwargs: calls.append(name)

    @contextlib.contextmanager
    def stream(stream):
        calls.append("enter stream")
        yield
        calls.append("leave stream")

    graph = create_autospec(torch.cuda.CUDAGraph, instance=True)
    for name in ("register_generator_state", "capture_begin", "capture_end"):
        getattr(graph, name).side_effect = note(name)
    streams = [create_autospec(torch.cuda.Stream, instance=True) for _ in range(2)]
    streams[0].wait_stream.side_effect = note("capture stream waits")
    streams[1].wait_stream.side_effect = note("current stream waits")
    for name, value in {
        "CUDAGraph": Mock(return_value=graph),
        "Stream": Mock(return_value=streams[0]),
        "current_stream": Mock(return_value=streams[1]),
        "stream": stream,
        "memory_reserved": Mock(return_value=2**31),
        "memory_allocated": Mock(return_value=2**20),
        "empty_cache": note("empty_cache"),
    }.items():
        monkeypatch.setattr(torch.cuda, name, value)
    cuda_graphs._capture_stream.cache_clear()
    yield calls
    cuda_graphs._capture_stream.cache_clear()


BEFORE = ["capture stream waits", "enter stream", "empty_cache", "register_generator_state"]


def test_step_is_captured_on_its_own_stream(calls):
    # On the stream's device, which need not be the current one before.
    generators = [torch.Generator()]
    replay = cuda_graphs.capture(lambda: calls.append("step"), DEVICE, generators)
    assert callable(replay)
    capture = ["capture_begin", "step", "capture_end", "leave stream", "current stream waits"]
    assert calls == BEFORE + capture


def test_little_memory_is_kept(calls, monkeypatch):
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 2**25)
    cuda_graphs.capture(lambda: None, DEVICE, [])
    assert "empty_cache" not in calls


def test_failed_step_ends_the_capture_and_its_error_is_raised(calls):
    def fail():
        raise RuntimeError("the first error")

    graph = torch.cuda.CUDAGraph()
    graph.capture_end.side_effect = RuntimeError("the capture was invalidated")
    with pytest.raises(RuntimeError, match="the first error"):
        cuda_graphs.capture(fail, DEVICE, [])
    graph.capture_end.assert_called_once()


def test_threads_capture_one_after_the_other(calls):
    # torch allows one capture at a time in a process.
    barrier = threading.Barrier(2, timeout=0.2)

    def meet():
        with pytest.raises(threading.BrokenBarrierError):
            barrier.wait()

    threads = [
        threading.Thread(target=cuda_graphs.capture, args=(meet, DEVICE, [])) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    starts = [i for i, name in enumerate(calls) if name == "capture_begin"]
    assert len(starts) == 2
    assert "capture_end" in calls[starts[0] : starts[1]]
