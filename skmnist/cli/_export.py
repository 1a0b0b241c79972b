"""``skmnist export``: export a saved model to ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ._arguments import add_examples, add_model_file, parse_args
from ._output import ensure_writable, print_paths

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Add the options and return the arguments."""
    add_examples(
        parser,
        "skmnist train --model cnn --save digits.safetensors",
        "skmnist export digits.safetensors digits.onnx",
    )
    add_model_file(parser)
    parser.add_argument(
        "onnx_file",
        metavar="ONNX",
        type=Path,
        help="ONNX file to write, for example digits.onnx",
    )
    return parse_args(parser, argv)


def run(args: argparse.Namespace) -> None:
    """Load the model, write the ONNX file and print how to use it."""
    from skmnist._persistence.onnx_export import export_onnx
    from skmnist._persistence.save_load import load

    estimator = load(args.file)
    ensure_writable(args.onnx_file.parent)
    export_onnx(estimator, args.onnx_file)
    print_paths([args.onnx_file])
    print(
        "\nTo use it in Python, with the same X as for predict:\n"
        "  import onnxruntime\n"
        f"  session = onnxruntime.InferenceSession({str(args.onnx_file)!r})\n"
        '  labels, probabilities = session.run(None, {"pixels": X.astype("float32")})'
    )
