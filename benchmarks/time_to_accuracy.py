"""Training time until a test accuracy is reached: ``python -m benchmarks.time_to_accuracy``.

Every contestant trains in a new process, on one core and on all. The results are
``time_to_accuracy.json``, a table (``.md``) and a figure (``.png``).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np

from skmnist import CNNClassifier

from .accuracy_figure import draw
from .accuracy_summary import as_markdown, summarize
from .cores import THREAD_VARIABLES, n_cores, pinned
from .data import load_digits, load_sample
from .machine import cpu, versions
from .measure import show
from .options import add_data_home, add_output_dir, split_choices

_CHECKOUT = Path(__file__).parents[1]


class Contestant(NamedTuple):
    name: str
    network: str  # contestants with the same network must have the same number of parameters
    command: tuple


CONTESTANTS = {
    "cnn": Contestant("CNNClassifier", "CNN", ("epochs_child", "cnn")),
    "skorch": Contestant("skorch", "CNN", ("epochs_child", "skorch_cnn")),
    "torch": Contestant("torch loop", "CNN", ("epochs_child", "torch_cnn")),
    "keras": Contestant("Keras", "CNN", ("keras_child",)),
    "fast": Contestant('CNNClassifier "fast"', "fast", ("epochs_child", "fast")),
    "accurate": Contestant('CNNClassifier "accurate"', "accurate", ("epochs_child", "accurate")),
    "mlp": Contestant("MLPClassifier", "MLP", ("epochs_child", "mlp")),
    "sklearn": Contestant("scikit-learn MLP", "MLP", ("epochs_child", "sklearn_mlp")),
}
CORES = {"1": pinned, "all": nullcontext}
BACKENDS = ("tensorflow", "torch", "jax")  # the fastest on a CPU first


def parse(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.time_to_accuracy", description=__doc__
    )
    parser.add_argument("--runs", type=int, default=3, help="seeds; 0 only draws (default: 3)")
    parser.add_argument("--only", default=",".join(CONTESTANTS), help="default: %(default)s")
    parser.add_argument("--cores", default=",".join(CORES), help="default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="few images, 2 epochs, as a check")
    add_data_home(parser)
    parser.add_argument(
        "--keras-python", default=sys.executable, help="Python that has Keras (default: this one)"
    )
    parser.add_argument(
        "--keras-backend", choices=BACKENDS, default=BACKENDS[0], help="default: %(default)s"
    )
    add_output_dir(parser)
    args = parser.parse_args(argv)
    args.only = split_choices(parser, "--only", args.only, CONTESTANTS)
    args.cores = split_choices(parser, "--cores", args.cores, CORES)
    if args.runs < 0:
        parser.error(f"--runs must be at least 0; got {args.runs}")
    if args.quick:
        args.runs = min(args.runs, 1)
    return args


def main(argv=None):
    args = parse(argv)
    path = args.output_dir / "time_to_accuracy.json"
    if args.runs:
        measure(args, path)
    results = json.loads(path.read_text(encoding="utf-8"))
    table = as_markdown(results)
    path.with_suffix(".md").write_text(table, encoding="utf-8")
    draw(results, path.with_suffix(".png"))
    print(table)
    print(f"Written to {args.output_dir}: time_to_accuracy.json, .md, .png")


def measure(args, path):
    """Run the contestants in turn and write the results after each run."""
    data = load_sample().first(2000) if args.quick else load_digits(args.data_home)
    if data.why_not_full:
        raise SystemExit(data.why_not_full)
    header = {
        "data": f"{data.source}, {len(data):,} training and {len(data.X_test):,} test images",
        "cpu": cpu(),
        "n_cores": n_cores(),
        "versions": versions(),
    }
    rows = {(key, cores): None for cores in args.cores for key in args.only}
    kept = _others(path, header, rows)
    keras = _has_keras(args)
    args.output_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        np.savez(
            Path(folder) / "digits.npz", X=data.X, y=data.y, X_test=data.X_test, y_test=data.y_test
        )
        for seed in range(args.runs):
            task = {
                "seed": seed,
                "epochs": 2 if args.quick else None,  # None: the default of the class
                "cnn": CNNClassifier().get_params(),
            }
            (Path(folder) / "task.json").write_text(json.dumps(task))
            for key, cores in rows:
                row = rows[key, cores] or _new_row(key, cores)
                if key != "keras" or keras:
                    show(f"run {seed + 1} of {args.runs}, {cores} core(s), {row['name']}")
                    _add_run(row, _train(args, key, cores, folder))
                rows[key, cores] = summarize(row)
                done = [row for row in rows.values() if row]
                _check_parameters(done)
                results = {"date": date.today().isoformat(), **header, "rows": kept + done}
                path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    show("")


def _others(path, header, measured):
    """Return the rows of an earlier call that this call doesn't measure."""
    if not path.exists():
        return []
    earlier = json.loads(path.read_text(encoding="utf-8"))
    kept = [row for row in earlier["rows"] if (row["key"], row["cores"]) not in measured]
    changed = [name for name in header if header[name] != earlier[name]]
    if kept and changed:
        raise SystemExit(
            f"{path} has results for another {' and '.join(changed)}. Choose another --output-dir, "
            "or measure all contestants again (without --only and --cores)."
        )
    return kept


def _new_row(key, cores):
    name, network, _ = CONTESTANTS[key]
    return {"key": key, "name": name, "network": network, "cores": cores, "runs": []}


def _add_run(row, lines):
    *points, info = lines
    row.update(info)
    row["runs"].append(points)


def _train(args, key, cores, folder):
    """Return the lines that a contestant prints in a new process."""
    python = args.keras_python if key == "keras" else sys.executable
    module, *name = CONTESTANTS[key].command
    env = {name: value for name, value in os.environ.items() if name not in THREAD_VARIABLES}
    if cores == "1":
        env.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    # All contestants compute on the CPU, even if there is a GPU.
    env.update(KERAS_BACKEND=args.keras_backend, CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu")
    command = [python, "-m", f"benchmarks.{module}", *name, folder]
    with CORES[cores]():
        done = subprocess.run(command, cwd=_CHECKOUT, env=env, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _has_keras(args):
    """Return whether the Python of --keras-python has Keras and its backend."""
    names = ("keras", args.keras_backend)
    check = f"import importlib.util as u; print(all(u.find_spec(name) for name in {names}))"
    done = subprocess.run(
        [args.keras_python, "-c", check], stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.strip() == "True"


def _check_parameters(rows):
    """Raise an error if contestants with the same network differ in the number of parameters."""
    n_parameters = {}
    for row in rows:
        if row["runs"]:
            n_parameters.setdefault(row["network"], {})[row["name"]] = row["n_parameters"]
    for network, found in n_parameters.items():
        if len(set(found.values())) > 1:
            raise SystemExit(f"The networks differ, numbers of parameters of {network}: {found}")


if __name__ == "__main__":
    main()
