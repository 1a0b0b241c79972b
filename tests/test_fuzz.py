"""The scripts in ``fuzz`` find nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT, run_python

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")


@pytest.mark.slow
@pytest.mark.parametrize("bar", ["Ctrl-C", "K3", "D1", "D2", "D3"])
def test_fuzz_faults_finds_nothing(bar):
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.faults", "--only", bar], cwd=ROOT, capture_output=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_memory_threads_and_files_do_not_grow():
    lines = run_python("-m", "fuzz.soak", "--fits", "24", "--predicts", "500")
    assert lines[-1] == "Every bar holds."


@pytest.mark.slow
@pytest.mark.parametrize("script", ["determinism", "threads", "inputs"])
def test_fuzz_script_finds_nothing(script):
    assert run_python("-m", f"fuzz.{script}")[-1] == "Every bar holds."


@pytest.mark.slow
@needs_fork
def test_fuzz_data_files_finds_nothing():
    lines = run_python("-m", "fuzz.data_files", "--kills", "10", "--crowds", "3")
    assert lines[-1] == "Every bar holds."


@pytest.mark.slow
def test_fuzz_checks_finds_nothing():
    lines = run_python("-m", "fuzz.checks", "--runs", "1", "--seeds", "3")
    assert lines[-1] == "Every bar holds."
