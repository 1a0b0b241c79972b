"""Run the parts, print the table as it grows, write the files."""

import contextlib
import os
import pkgutil
import platform
from importlib.metadata import version
from pathlib import Path

import torch

import skmnist

from .contestants import Task
from .cores import n_cores
from .data import load_digits, load_sample
from .measure import AccuraciesDiffer
from .plots import draw
from .tables import as_text, write_csv


def run(args, parts, all_cores):
    """Run some parts; return the exit status: 1 where the accuracies of one didn't agree."""
    torch.set_num_threads(args.threads)
    data = load_sample().first(2000) if args.quick else load_digits(args.data_home)
    task = Task(data, epochs=args.epochs, threads=args.threads)
    args.output_dir.mkdir(parents=True, exist_ok=True)
    groups, failed = [], False
    with (args.output_dir / "results.txt").open("w", encoding="utf-8") as file:

        def tell(text):
            print(text, flush=True)
            print(text, file=file, flush=True)

        tell(_preface(args, data))
        for name, where in parts.items():
            part = pkgutil.resolve_name(where)
            try:
                with all_cores() if name == "grid" else contextlib.nullcontext():
                    for group in part(task, args.rounds, args.quick):
                        groups.append(group)
                        tell("\n" + as_text(group))
            except AccuraciesDiffer as error:
                failed = True
                tell(f"\n{name}: {error}")
    write_csv(groups, args.output_dir / "results.csv")
    drawn = draw(groups, args.output_dir / "results.png")
    print(f"\nWritten to {args.output_dir}: results.txt, results.csv" + ", results.png" * drawn)
    return int(failed)


def _preface(args, data):
    packages = ("torch", "torchvision", "skorch", "scikit-learn", "numpy")
    versions = [f"{name} {version(name)}" for name in packages]
    versions = [f"skmnist {skmnist.__version__}", *versions, f"Python {platform.python_version()}"]
    lines = [
        f"Data: {data.source}; {len(data):,} images to train on, {len(data.X_test):,} to test on.",
        ", ".join([*versions, platform.system()]),
        f"{_cpu()}, {args.threads} thread(s) on {n_cores()} core(s), {_load()}",
        f"Medians of {args.rounds} alternating rounds after one to warm up. Times are those of the"
        " whole fit, divided by the epochs.",
        "Ratio: skmnist's time over the row's, within a round. No times where accuracies disagree.",
    ]
    if data.why_not_full:
        lines.insert(1, f"Not the full MNIST: {data.why_not_full}")
    if args.quick:
        lines.append("QUICK: this shows that the benchmarks work; the times mean nothing.")
    if n_cores() > args.threads:
        lines.append(
            "Not pinned: --core 0 (or taskset -c 0 before the command) steadies one thread."
        )
    return "\n".join(lines)


def _load():
    """Return how busy the machine is already, which no figure here should be read without."""
    return f"load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"


def _cpu():
    """Return the processor's name, which Linux tells best."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(x.split(":", 1)[1].strip() for x in lines if x.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
