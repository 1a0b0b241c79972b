"""The scripts in ``fuzz`` find no failures."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT, run_python

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")


@pytest.mark.slow
@pytest.mark.parametrize("requirement", ["Ctrl-C", "K3", "D1", "D2", "D3"])
def test_fuzz_faults_finds_no_failure(requirement):
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.faults", "--only", requirement], cwd=ROOT, capture_output=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_memory_threads_and_files_do_not_grow():
    lines = run_python("-m", "fuzz.soak", "--fits", "24", "--predicts", "500")
    assert lines[-1] == "All requirements are met."


@pytest.mark.slow
@pytest.mark.parametrize("script", ["determinism", "threads", "inputs"])
def test_fuzz_script_finds_no_failure(script):
    assert run_python("-m", f"fuzz.{script}")[-1] == "All requirements are met."


@pytest.mark.slow
@needs_fork
def test_fuzz_data_files_finds_no_failure():
    lines = run_python("-m", "fuzz.data_files", "--kills", "10", "--concurrent", "3")
    assert lines[-1] == "All requirements are met."


@pytest.mark.slow
def test_fuzz_checks_finds_no_failure():
    lines = run_python("-m", "fuzz.checks", "--runs", "1", "--seeds", "3")
    assert lines[-1] == "All requirements are met."
