"""Command line: ``python -m benchmarks.gpu --help``."""

import argparse
import sys
from pathlib import Path

from ..options import split_choices
from .parts import PARTS
from .runner import run_all


def parse(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description="Run the GPU tests, and measure everything that a GPU is needed for.",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument(
        "--data", help="folder of the full MNIST (default: SKMNIST_DATA), or an mnist.npz file"
    )
    parser.add_argument(
        "--parts", default=",".join(PARTS), help="in their order (default: %(default)s)"
    )
    parser.add_argument("--device", default="cuda:0", help="default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="few images and runs, as a rehearsal")
    parser.add_argument(
        "--limit", type=float, default=465, help="seconds for all parts (default: %(default)s)"
    )
    args = parser.parse_args(argv)
    args.parts = split_choices(parser, "--parts", args.parts, PARTS)
    if args.device == "cuda":
        args.device = "cuda:0"
    if not args.device.startswith(("cuda:", "cpu")):
        parser.error(f"--device must be cpu, cuda or cuda:N; got {args.device}")
    if args.device == "cpu" and not args.quick:
        parser.error("--device cpu is a rehearsal, which needs --quick")
    return args


if __name__ == "__main__":
    sys.exit(run_all(parse()))
