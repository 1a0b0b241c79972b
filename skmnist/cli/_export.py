"""``skmnist export``: a saved network as an ONNX model."""

from pathlib import Path

from ._arguments import add_examples, add_model_file
from ._output import prepare, print_paths


def parse(parser, argv):
    """Add the options and return the arguments."""
    add_examples(
        parser,
        "skmnist train --model cnn --save digits.skm",
        "skmnist export digits.skm digits.onnx",
    )
    add_model_file(parser)
    parser.add_argument(
        "to", metavar="ONNX", type=Path, help="the ONNX model to write, such as digits.onnx"
    )
    return parser.parse_args(argv)


def run(args):
    """Load the network, write the ONNX model, and say how to use it."""
    from skmnist._persistence.onnx_export import export_onnx
    from skmnist._persistence.save_load import load

    estimator = load(args.file)
    prepare(args.to.parent)
    export_onnx(estimator, args.to)
    print_paths([args.to])
    print(
        "\nIt answers as the network does. In Python, with X as for its predict:\n"
        f"  session = onnxruntime.InferenceSession({str(args.to)!r})\n"
        '  labels, probabilities = session.run(None, {"pixels": X.astype("float32")})'
    )
