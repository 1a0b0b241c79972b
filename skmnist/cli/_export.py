"""``skmnist export``: export a saved model to ONNX or to a web page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ._arguments import (
    add_examples,
    add_model_file,
    choices_metavar,
    load_model,
    one_of,
    parse_args,
)
from ._output import ensure_writable, print_paths

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_SUFFIXES = {"onnx": (".onnx",), "html": (".html", ".htm")}


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Add the options and return the arguments."""
    add_examples(
        parser,
        "skmnist export digits.html",
        "skmnist train --model cnn --save my.safetensors",
        "skmnist export my.safetensors my.onnx",
        "skmnist export my.safetensors --format html",
    )
    add_model_file(parser, optional=True)
    parser.add_argument(
        "output",
        metavar="OUTPUT",
        type=Path,
        nargs="?",
        help="file to write, for example digits.onnx or digits.html. Default: FILE with the suffix "
        "of the format",
    )
    parser.add_argument(
        "--format",
        metavar=choices_metavar(_SUFFIXES),
        type=one_of(_SUFFIXES),
        help="onnx, or html for a web page to draw digits on. Default: from the suffix of OUTPUT",
    )
    args = parse_args(parser, argv)
    if args.output is None and args.file is not None and _format_of(args.file):
        args.file, args.output = None, args.file
    if args.output is None:
        if args.format is None:
            parser.error("expected OUTPUT or --format")
        args.output = (args.file or Path("digits")).with_suffix(f".{args.format}")
    implied = _format_of(args.output)
    args.format = args.format or implied
    if args.format is None:
        parser.error(f"unknown suffix of {args.output}. Use .onnx or .html, or pass --format")
    if implied not in (None, args.format):
        parser.error(f"--format {args.format} does not match the suffix of {args.output}")
    if args.file is None and args.format == "onnx":
        parser.error("expected FILE, because only a page can contain the default model")
    return args


def _format_of(path: Path) -> str | None:
    """Return the format that the suffix of a file stands for, None if it is another suffix."""
    suffix = path.suffix.lower()
    return next((name for name, suffixes in _SUFFIXES.items() if suffix in suffixes), None)


def run(args: argparse.Namespace) -> None:
    """Load the model, write the file and print how to use it."""
    estimator = load_model(args.file)
    ensure_writable(args.output.parent)
    if args.format == "html":
        from skmnist._persistence.page_export import export_page

        export_page(estimator, args.output)
        print_paths([args.output])
        print(
            "\nOpen it in a browser, send it by e-mail or put it on a web host. It contains the "
            "network and needs no\nserver and no internet connection."
        )
        return
    from skmnist._persistence.onnx_export import export_onnx

    export_onnx(estimator, args.output)
    print_paths([args.output])
    print(
        "\nTo use it in Python, with the same X as for predict:\n"
        "  import onnxruntime\n"
        f"  session = onnxruntime.InferenceSession({str(args.output)!r})\n"
        '  labels, probabilities = session.run(None, {"pixels": X.astype("float32")})'
    )
