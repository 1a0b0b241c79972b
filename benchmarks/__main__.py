"""Command line of the benchmarks: ``python -m benchmarks --help``."""

import argparse
import os
import sys
import warnings

from benchmarks.cores import THREAD_VARIABLES, pin
from benchmarks.options import add_data_home, add_output_dir, split_choices

# The function of each part, by name: NumPy must not be imported before the threads are set.
PARTS = {
    "mlp": "benchmarks.parts:mlp",
    "cnn": "benchmarks.parts:cnn",
    "grid": "benchmarks.parts:grid",
    "predict": "benchmarks.parts:predict",
    "memory": "benchmarks.resources:memory",
    "import": "benchmarks.resources:import_time",
    "growth": "benchmarks.parts:growth",
    "threads": "benchmarks.parts:threads",
}


def parse(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Compare the speed and memory of skmnist with other libraries.",
    )
    parser.add_argument(
        "--parts",
        default=",".join(PARTS),
        help="parts (default: %(default)s)",
    )
    parser.add_argument("--rounds", type=int, help="rounds (default: 5; 2 with --quick)")
    parser.add_argument(
        "--epochs", type=int, default=5, help="epochs per fit (default: %(default)s)"
    )
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch and BLAS (default: 1)")
    parser.add_argument("--core", type=int, help="run everything but grid and threads on this core")
    parser.add_argument("--quick", action="store_true", help="use few images, as a check")
    add_data_home(parser)
    add_output_dir(parser, "results.txt, results.csv and results.png")
    args = parser.parse_args(argv)
    args.rounds = args.rounds or (2 if args.quick else 5)
    args.parts = split_choices(parser, "--parts", args.parts, PARTS)
    return args


def main():
    args = parse()
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(args.threads)))
    all_cores = pin(args.core)

    from sklearn.exceptions import ConvergenceWarning

    from benchmarks.run import run

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # few epochs, on purpose
        sys.exit(run(args, {name: PARTS[name] for name in args.parts}, all_cores))


if __name__ == "__main__":
    main()
