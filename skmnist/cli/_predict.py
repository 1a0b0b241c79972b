"""``skmnist predict``: the digit in a photo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._arguments import add_examples, add_model_file
from ._output import ensure_writable, print_paths, write_figure

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from matplotlib.figure import Figure, SubFigure

_N_BEST = 3  # classes that are printed
_BAR_WIDTH = 30  # characters for 100 %


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Add the options and return the arguments."""
    add_examples(
        parser,
        "skmnist train --model cnn --save digits.safetensors",
        "skmnist predict digits.safetensors photo.jpg --save-steps steps.png",
        "skmnist predict digits.safetensors postcode.jpg --multiple",
    )
    add_model_file(parser)
    parser.add_argument(
        "image", metavar="IMAGE", type=Path, help="the image: a photo, a scan or a drawing"
    )
    parser.add_argument(
        "--multiple",
        action="store_true",
        help="the image shows several digits, in one or more lines",
    )
    parser.add_argument(
        "--save-steps",
        metavar="PNG",
        type=Path,
        help="also write a figure of the preprocessing steps, from the photo to the network's "
        "input, to this file",
    )
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> None:
    """Load the network; print its predictions and, if requested, write the figure."""
    from skmnist._persistence.save_load import load
    from skmnist.preprocessing._predict_image import predict_image

    if args.save_steps:
        ensure_writable(args.save_steps.parent)
    result = predict_image(load(args.file), args.image, multiple=args.multiple)
    if args.multiple:
        _print_predictions(args.image, result)
    else:
        _print_prediction(args.image, result)
    if args.save_steps:
        print_paths([write_figure(_plot_steps(args.image, result), args.save_steps)])


def _print_prediction(path: Path, prediction: Any) -> None:
    print(f"{path}: {prediction.label}")
    width = max(len(str(label)) for label in prediction.proba)
    for label, p in _best(prediction):
        print(f"  {label!s:{width}}  {p:6.1%}  {'#' * round(_BAR_WIDTH * p)}".rstrip())


def _print_predictions(path: Path, predictions: Sequence[Any]) -> None:
    print(f"{path}: {' '.join(str(prediction.label) for prediction in predictions)}")
    for i, prediction in enumerate(predictions, 1):
        top, left, bottom, right = prediction.box
        best = ", ".join(f"{label} {p:.1%}" for label, p in _best(prediction))
        print(f"  digit {i}: {best}; rows {top} to {bottom}, columns {left} to {right}")


def _best(prediction: Any) -> list[tuple[Any, float]]:
    """Return the most probable labels and their probabilities."""
    return sorted(prediction.proba.items(), key=lambda item: -item[1])[:_N_BEST]


def _plot_steps(path: Path, result: Any) -> Figure | SubFigure:
    """Return a figure of the steps of one digit, or of all digits beside their photo."""
    from skmnist.displays import PreprocessingDisplay
    from skmnist.preprocessing import DigitNormalizer, read_image

    if not isinstance(result, list):
        return PreprocessingDisplay.from_estimator(DigitNormalizer(), path).figure_
    steps = {"gray": read_image(path, max_side=800)}
    for i, prediction in enumerate(result, 1):
        steps[f"digit {i}: {prediction.label}"] = prediction.image
    return PreprocessingDisplay(steps).plot().figure_
