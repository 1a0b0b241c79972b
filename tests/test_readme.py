"""README.md: its commands, code, links and numbers."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from skmnist import cli

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MARKED = re.compile(r"^<!-- command -->\n```bash\n(.*?)\n```$", flags=re.MULTILINE | re.DOTALL)
COMMANDS = MARKED.findall(README)


def test_readme_has_fewer_than_200_lines():
    assert len(README.splitlines()) < 200


def test_setup_is_two_commands_of_one_line():
    install, test = COMMANDS
    assert "\n" not in install + test
    assert install.startswith("python3 -m venv .venv && ")
    assert install.endswith("skmnist demo")
    assert "'.[test]'" in test
    assert test.endswith("pytest")


def test_quick_start_prints_what_the_readme_shows(capsys):
    (code,) = re.findall(r"^```python\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    (output,) = re.findall(r"^```text\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
    shown, printed = output.rsplit(maxsplit=1), capsys.readouterr().out.rsplit(maxsplit=1)
    assert printed[0] == shown[0]
    # Another processor or version of PyTorch may round differently.
    assert float(printed[1]) == pytest.approx(float(shown[1]), abs=0.015)


def test_linked_files_exist():
    targets = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", README)
    images = re.findall(r'<img src="([^"]+)"', README)
    assert len(images) == 3
    for target in targets + images:
        assert (ROOT / target).is_file(), target


def test_accuracies_are_those_of_the_benchmark():
    results = json.loads((ROOT / "benchmarks" / "accuracy.json").read_text("utf-8"))["results"]
    expected = [
        f"| {result['training_set']} "
        f"| `{result['classifier']}` | {len(result['accuracies'])} "
        f"| {result['mean']:.1f}%" + (f" ± {result['std']:.1f} |" if result["std"] else " |")
        for result in results
    ]
    assert re.findall(r"^\| (?:Sample|MNIST) .*$", README, flags=re.MULTILINE) == expected


def test_every_measured_number_is_in_the_results_of_the_benchmarks():
    benchmarks = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    accuracies = (ROOT / "benchmarks" / "accuracy.json").read_text("utf-8")
    prose = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
    # Percentages and decimals are measured; other numbers count things, such as "5,000 digits".
    numbers = set(re.findall(r"(?<![\d.])\d+\.\d+(?![\d.])", prose)) - {"3.10", "3.13"}
    assert {"99.35", "99.65", "0.43"} <= numbers
    known = set(re.findall(r"\d+\.\d+", benchmarks + accuracies))
    assert numbers - known == set()


@pytest.mark.parametrize("line", re.findall(r"^skmnist .*$", README, flags=re.MULTILINE))
def test_command_lines_are_valid(line, monkeypatch, capsys):
    monkeypatch.setattr(cli, "_run", lambda *_: None)
    argv = line.split()[1:]
    if "--help" in argv:
        with pytest.raises(SystemExit, match="0"):
            cli.main(argv)
    else:
        assert cli.main(argv) == 0


# -- .ci/run ---------------------------------------------------------------------------------

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")

# Instead of the README's commands: make tools that write down how they are called.
FIRST = (
    "mkdir -p .venv/bin && for name in pip ruff mypy python; do cp tool .venv/bin/$name; done && "
    "echo first >> log"
)
SECOND = "ls .venv >> log"
TOOL = '#!/bin/sh\necho "$(basename "$0") $*" >> log\n'
# An interpreter that makes environments of these tools.
PYTHON = """#!/bin/sh
if [ "$2" = venv ]; then
    mkdir -p $3/bin
    for name in pip skmnist python; do cp tool $3/bin/$name; done
fi
"""


@pytest.fixture
def checkout(tmp_path):
    """A folder with the README (its two commands replaced), .ci/run and an old environment."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    (tmp_path / "tool").write_text(TOOL)
    (tmp_path / "tool").chmod(0o755)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "old").touch()
    versions = [f'"Programming Language :: Python :: 3.{minor}",' for minor in (97, 98, 99)]
    (tmp_path / "pyproject.toml").write_text("\n".join(versions))
    install, test = COMMANDS
    write_readme(tmp_path, README.replace(install, FIRST).replace(test, SECOND))
    return tmp_path


def write_readme(folder, text):
    (folder / "README.md").write_text(text, encoding="utf-8")


def run_ci(folder):
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "PYENV_ROOT": str(folder)}
    return subprocess.run([folder / ".ci" / "run"], capture_output=True, text=True, env=env)


@needs_bash
def test_ci_runs_the_readmes_commands_in_a_new_environment(checkout):
    done = run_ci(checkout)
    assert done.returncode == 0, done.stderr
    missing = "Python 3.{} is not installed; its tests are skipped."
    commands = [f"+ {FIRST}", f"+ {SECOND}"]
    assert done.stdout.splitlines() == [*commands, missing.format(97), missing.format(99)]
    assert (checkout / "log").read_text().splitlines() == [
        "first",
        "bin",  # and nothing of the old environment
        "pip install .[dev]",
        "ruff check",
        "ruff format --check",
        "mypy ",  # without arguments
        "python -m benchmarks.gpu --device cpu --quick --out .venv/gpu-rehearsal",
        "python -m sphinx -W --keep-going -b html docs docs/_build/html",
        "python -m fuzz.audit",
    ]


@needs_bash
@pytest.mark.parametrize("name", ["python3.99", "versions/3.99.1/bin/python"])
@pytest.mark.parametrize("passes", [True, False])
def test_ci_tests_the_newest_python_if_it_is_found(checkout, name, passes):
    (checkout / name).parent.mkdir(parents=True, exist_ok=True)
    (checkout / name).write_text(PYTHON)
    (checkout / name).chmod(0o755)
    if not passes:
        (checkout / "tool").write_text(TOOL + 'case "$0" in *.venv-*/python) exit 3; esac\n')
    done = run_ci(checkout)
    assert done.returncode == (0 if passes else 3)
    assert done.stdout.splitlines()[-1] == "+ tests on Python 3.99"
    *_, install, version, tests = (checkout / "log").read_text().splitlines()
    assert install == "pip install -q --no-compile . pytest pytest-timeout pytest-xdist"
    assert version == "skmnist --version"
    assert tests.startswith("python -m pytest -q -n 0 tests/")
    files = re.findall(r"tests/\S+", tests)
    assert [file for file in files if not (ROOT / file).exists()] == []


def test_supported_pythons_agree():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    minors = [int(minor) for minor in re.findall(r'"Programming .* Python :: 3\.(\d+)"', text)]
    oldest, newest = minors[0], minors[-1]
    assert minors == list(range(oldest, newest + 1))
    assert f'requires-python = ">=3.{oldest}"' in text
    assert f'target-version = "py3{oldest}"' in text
    for page in ("README.md", "docs/install.md", "docs/index.md", "CHANGES.md"):
        words = (ROOT / page).read_text(encoding="utf-8")
        assert f"Python 3.{oldest} to 3.{newest}" in words, page


@needs_bash
def test_ci_fails_if_a_command_fails(checkout):
    readme = (checkout / "README.md").read_text(encoding="utf-8")
    write_readme(checkout, readme.replace(SECOND, "false"))
    assert run_ci(checkout).returncode == 1
    assert (checkout / "log").read_text().splitlines() == ["first"]


@needs_bash
def test_ci_rejects_a_readme_without_its_two_commands(checkout):
    readme = (checkout / "README.md").read_text(encoding="utf-8")
    write_readme(checkout, readme.replace("<!-- command -->", "", 1))
    done = run_ci(checkout)
    assert done.returncode == 1
    assert "marks 1 commands; expected two" in done.stderr
    assert not (checkout / "log").exists()
