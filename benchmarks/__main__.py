"""The command: ``python -m benchmarks --help``."""

import argparse
import os
import sys
from pathlib import Path

from benchmarks.cores import pin

# Where each part is: names instead of functions, as nothing may import NumPy yet.
PARTS = {
    "mlp": "benchmarks.parts:mlp",
    "cnn": "benchmarks.parts:cnn",
    "grid": "benchmarks.parts:grid",
    "predict": "benchmarks.parts:predict",
    "memory": "benchmarks.resources:memory",
    "import": "benchmarks.resources:import_time",
    "growth": "benchmarks.parts:growth",
}

# NumPy's BLAS reads these when it is imported.
BLAS_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def parse(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="skmnist's speed and memory beside its peers'."
    )
    parser.add_argument("--parts", default=",".join(PARTS), help="which (default: %(default)s)")
    parser.add_argument("--rounds", type=int, help="of all contestants (default: 5)")
    parser.add_argument("--epochs", type=int, default=5, help="of one fit (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="of torch and BLAS (default: 1)")
    parser.add_argument("--core", type=int, help="run on this core only, but for the grid search")
    parser.add_argument("--quick", action="store_true", help="few images: to see that it works")
    parser.add_argument("--data-home", help="folder of the full MNIST (default: SKMNIST_DATA)")
    parser.add_argument(
        "--output-dir",
        type=Path,
        default=Path(__file__).parent / "results",
        help="folder for results.txt, results.csv and results.png (default: benchmarks/results)",
    )
    args = parser.parse_args(argv)
    args.rounds = args.rounds or (2 if args.quick else 5)
    args.parts = args.parts.split(",")
    unknown = set(args.parts).difference(PARTS)
    if unknown:
        parser.error(f"unknown parts: {', '.join(sorted(unknown))}; choose from {', '.join(PARTS)}")
    return args


def main():
    args = parse()
    os.environ.update(dict.fromkeys(BLAS_THREADS, str(args.threads)))
    all_cores = pin(args.core)

    from benchmarks.run import run

    sys.exit(run(args, {name: PARTS[name] for name in args.parts}, all_cores))


if __name__ == "__main__":
    main()
