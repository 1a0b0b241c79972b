"""``skmnist predict``: the digit in a photo."""

from pathlib import Path

from ._arguments import add_examples, add_model_file
from ._output import prepare, print_paths, write_figure

_MOST = 3  # classes that are printed
_BAR = 30  # characters for 100 %


def parse(parser, argv):
    """Add the options and return the arguments."""
    add_examples(
        parser,
        "skmnist train --model cnn --save digits.skm",
        "skmnist predict digits.skm photo.jpg --show steps.png",
        "skmnist predict digits.skm postcode.jpg --multiple",
    )
    add_model_file(parser)
    parser.add_argument(
        "image", metavar="IMAGE", type=Path, help="the picture: a photo, a scan or a drawing"
    )
    parser.add_argument(
        "--multiple",
        action="store_true",
        help="the picture holds several digits, in a row or in a few rows",
    )
    parser.add_argument(
        "--show",
        metavar="PNG",
        type=Path,
        help="also draw how the photo becomes what the network sees, to this file",
    )
    return parser.parse_args(argv)


def run(args):
    """Load the network; print what it sees in the picture and, if wanted, draw it."""
    from skmnist._persistence.save_load import load
    from skmnist.preprocessing._predict_image import predict_image

    if args.show:
        prepare(args.show.parent)
    found = predict_image(load(args.file), args.image, multiple=args.multiple)
    if args.multiple:
        _print_digits(args.image, found)
    else:
        _print_digit(args.image, found)
    if args.show:
        print_paths([write_figure(_draw(args.image, found), args.show)])


def _print_digit(path, prediction):
    print(f"{path}: {prediction.label}")
    width = max(len(str(label)) for label in prediction.proba)
    for label, p in _best(prediction, _MOST):
        print(f"  {label!s:{width}}  {p:6.1%}  {'#' * round(_BAR * p)}".rstrip())


def _print_digits(path, predictions):
    print(f"{path}: {' '.join(str(one.label) for one in predictions)}")
    for i, one in enumerate(predictions, 1):
        top, left, bottom, right = one.box
        best = ", ".join(f"{label} {p:.1%}" for label, p in _best(one, _MOST))
        print(f"  digit {i}: {best}; rows {top} to {bottom}, columns {left} to {right}")


def _best(prediction, n):
    return sorted(prediction.proba.items(), key=lambda item: -item[1])[:n]


def _draw(path, found):
    """Return a figure of the steps of one digit, or of all digits beside their photo."""
    from skmnist.displays import NormalizerDisplay
    from skmnist.preprocessing import DigitNormalizer, read_image

    if not isinstance(found, list):
        return NormalizerDisplay.from_estimator(DigitNormalizer(), path).figure_
    steps = {"gray": read_image(path, max_side=800)}
    for i, one in enumerate(found, 1):
        steps[f"digit {i}: {one.label}"] = one.image
    return NormalizerDisplay(steps).plot().figure_
