"""The scripts in ``fuzz`` find no failures."""

import subprocess
import sys

import pytest

from tests.helpers import CLASSIFIERS, ROOT, run_python

pytestmark = [
    pytest.mark.skipif(not (ROOT / "fuzz").is_dir(), reason="fuzz is part of the checkout only"),
    pytest.mark.skipif(sys.platform != "linux", reason="the scripts fork, and read Linux's /proc"),
]

# Forked children of a process with several threads. pytest's own threads, buffers and plugins have
# no place in them.
FORK_SCRIPT = """
import os, threading, warnings
import numpy as np
import torch
from fuzz.common import CLASSIFIERS, digits
from fuzz.determinism import subject
from fuzz.threads import in_a_fork, use_several_threads
from skmnist._utils.random_state import fork_global_rng
from skmnist._training import threads

X, y = digits()
for cls in CLASSIFIERS:
    clf = subject(cls.__name__).fit(X, y)
    expected = clf.predict(X)
    use_several_threads()
    print(in_a_fork(lambda: np.array_equal(clf.predict(X), expected), 60))

# While other threads hold every lock that there is.
held, done = threading.Event(), threading.Event()
def hold():
    from skmnist.datasets import _loading as loading
    with fork_global_rng(0, "test"), threads._lock, loading._download_lock:
        held.set()
        done.wait()
holder = threading.Thread(target=hold)
holder.start()
held.wait()
def fits():
    from skmnist.datasets import _loading as loading
    with loading._download_lock:
        return subject("MLPClassifier").fit(X, y) is not None
print(in_a_fork(fits, 60))

def warns():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        subject("MLPClassifier", n_threads=2).fit(X, y)
        used = torch.get_num_threads()
    return "do not survive a fork" in str(caught[0].message) and used == 1
print(in_a_fork(warns, 60))
done.set()
holder.join()
print("threads", torch.get_num_threads())
"""

# Short runs of some scripts.
SHORT = {
    "kills": "--n 2",
    "model_files": "--every 200",
    "soak": "--fits 24 --predicts 500",
    "faults": "--only Ctrl-C --n 3",
}
# Each in a fork of one process: importing torch takes longer than most of these runs.
RUN_SHORT = f"""
import importlib, os, sys, traceback
import torch._dynamo  # which some optimizers import
scripts = {{name: importlib.import_module("fuzz." + name) for name in {list(SHORT)}}}
scripts["forks"] = None
for name, script in scripts.items():
    child = os.fork()
    if not child:
        output = os.open(os.path.join(sys.argv[1], name), os.O_WRONLY | os.O_CREAT)
        os.dup2(output, 1), os.dup2(output, 2)
        status = 1
        try:
            status = script.main({SHORT}[name].split()) if script else exec({FORK_SCRIPT!r}, {{}})
        except SystemExit as end:
            status = end.code
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status or 0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture(scope="module")
def short_runs(tmp_path_factory):
    """Run the scripts; return ``{name: (exit status, output)}``."""
    folder = tmp_path_factory.mktemp("fuzz")
    statuses = run_python("-c", RUN_SHORT, folder)
    return {
        name: (int(status), (folder / name).read_text())
        for name, status in zip([*SHORT, "forks"], statuses, strict=True)
    }


def test_killed_processes_resume_to_the_same_bits(short_runs):
    status, output = short_runs["kills"]
    assert status == 0, output
    assert "2 resumed fits, 2 with" in output


def test_interrupts_at_random_moments_keep_complete_epochs(short_runs):
    status, output = short_runs["faults"]
    assert status == 0, output
    assert "3 tries" in output


def test_corrupted_files_are_rejected_and_run_nothing(short_runs):
    status, output = short_runs["model_files"]
    assert status == 0, output
    assert "All requirements are met." in output


def test_memory_threads_and_files_do_not_grow(short_runs):
    status, output = short_runs["soak"]
    assert status == 0, output
    assert "All requirements are met." in output


def test_forked_children_predict_and_fit_after_the_use_of_several_threads(short_runs):
    status, output = short_runs["forks"]
    assert status == 0, output
    assert output.splitlines() == ["done"] * (len(CLASSIFIERS) + 2) + ["threads 2"]


# -- the whole scripts -------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "requirement", ["Ctrl-C", "K2 SIGTERM", "K3", "K4", "K5", "D1", "D2", "D3"]
)
def test_fuzz_faults_finds_no_failure(requirement):
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.faults", "--only", requirement], cwd=ROOT, capture_output=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("script", ["determinism", "inputs", "model_files", "threads"])
def test_fuzz_script_finds_no_failure(script):
    assert run_python("-m", f"fuzz.{script}")[-1] == "All requirements are met."


@pytest.mark.slow
def test_fuzz_data_files_finds_no_failure():
    lines = run_python("-m", "fuzz.data_files", "--kills", "10", "--concurrent", "3")
    assert lines[-1] == "All requirements are met."


@pytest.mark.slow
def test_fuzz_checks_finds_no_failure():
    lines = run_python("-m", "fuzz.checks", "--runs", "1", "--seeds", "3")
    assert lines[-1] == "All requirements are met."
