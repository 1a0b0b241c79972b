"""Command-line options of several benchmarks.

This module imports neither NumPy nor torch, whose threads are set after the options are parsed.
"""

from pathlib import Path


def add_data_home(parser):
    parser.add_argument("--data-home", help="folder of the full MNIST (default: SKMNIST_DATA)")


def add_output_dir(parser, files="the results"):
    parser.add_argument(
        "--output-dir",
        type=Path,
        default=Path(__file__).parent / "results",
        help=f"folder for {files} (default: benchmarks/results)",
    )


def split_choices(parser, option, value, choices):
    """Return the words of a list with commas, or end the program if one is not a choice."""
    chosen = value.split(",")
    unknown = sorted(set(chosen).difference(choices))
    if unknown:
        parser.error(f"{option} must be among {', '.join(choices)}; got {', '.join(unknown)}")
    return chosen
