"""Run the parts, print the table and write the result files."""

import contextlib
import pkgutil
import platform

import torch

from .contestants import Task
from .cores import n_cores
from .data import load_digits, load_sample
from .machine import cpu, load, versions
from .measure import AccuraciesDiffer
from .plots import draw
from .tables import as_text, write_csv

# The parts that use all cores, even if the others are pinned to one.
ALL_CORES = ("grid", "threads")


def run(args, parts, all_cores):
    """Run the parts; return the exit status, which is 1 if accuracies differ."""
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
                with all_cores() if name in ALL_CORES else contextlib.nullcontext():
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
    libraries = [f"{name} {version}" for name, version in versions().items()]
    lines = [
        f"Data: {data.source}; {len(data):,} training and {len(data.X_test):,} test images.",
        ", ".join([*libraries, platform.system()]),
        f"{cpu()}, {args.threads} thread(s) on {n_cores()} core(s), {load()}",
        f"Medians of {args.rounds} rounds after one warm-up round. Training times are those of the"
        " complete fit, divided by the number of epochs.",
        "Ratio: time of skmnist divided by the time of the row, computed in each round.",
    ]
    if data.why_not_full:
        lines.insert(1, f"Not the full MNIST: {data.why_not_full}")
    if args.quick:
        lines.append("QUICK: this only checks that the benchmarks run. Ignore the times.")
    if n_cores() > args.threads:
        lines.append(
            "Not pinned to one core: use --core 0 (or taskset -c 0) for more stable times."
        )
    return "\n".join(lines)
