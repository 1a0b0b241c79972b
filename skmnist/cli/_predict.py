"""``skmnist predict``: predict the digits in images."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._arguments import add_examples, add_model_file, parse_args
from ._output import ensure_writable, print_paths, write_figure

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from matplotlib.figure import Figure, SubFigure

_N_BEST = 3  # number of printed classes
_BAR_WIDTH = 30  # characters for 100%


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Add the options and return the arguments."""
    add_examples(
        parser,
        "skmnist train --model cnn --save digits.safetensors",
        "skmnist predict digits.safetensors photo.jpg --save-steps steps.png",
        "skmnist predict digits.safetensors postcode.jpg --multiple",
        "skmnist predict digits.safetensors *.png",
    )
    add_model_file(parser)
    parser.add_argument(
        "images",
        metavar="IMAGE",
        type=Path,
        nargs="+",
        help="image file: a photo, a scan or a drawing. Several files get one line each",
    )
    parser.add_argument(
        "--multiple",
        action="store_true",
        help="predict several digits, in one or more lines of writing",
    )
    parser.add_argument(
        "--save-steps",
        metavar="PNG",
        type=Path,
        help="save a figure of the preprocessing steps, from the image to the input of the "
        "network, to this file; for a single image",
    )
    args = parse_args(parser, argv)
    if args.save_steps and len(args.images) > 1:
        parser.error(f"--save-steps: expected a single image, got {len(args.images)}")
    return args


def run(args: argparse.Namespace) -> None:
    """Load the model, print its predictions and, if requested, save the figure."""
    from skmnist._persistence.save_load import load
    from skmnist.preprocessing._predict_image import predict_image

    if args.save_steps:
        ensure_writable(args.save_steps.parent)
    estimator = load(args.file)
    if len(args.images) > 1:
        _predict_images(estimator, args.images, multiple=args.multiple)
        return
    (path,) = args.images
    result = predict_image(estimator, path, multiple=args.multiple)
    if isinstance(result, list):
        _print_predictions(path, result)
    else:
        _print_prediction(path, result)
    if args.save_steps:
        print_paths([write_figure(_plot_steps(estimator, path, result), args.save_steps)])


def _predict_images(estimator: Any, paths: Sequence[Path], *, multiple: bool) -> None:
    """Print one line for each image; an image that cannot be used does not stop the others.

    Raises
    ------
    ImageError
        At the end, if some images could not be used.
    """
    from skmnist.exceptions import ImageError
    from skmnist.preprocessing._predict_image import predict_image

    n_errors = 0
    for path in paths:
        try:
            result = predict_image(estimator, path, multiple=multiple)
        except ImageError as error:
            print(f"skmnist: {error}", file=sys.stderr, flush=True)
            n_errors += 1
            continue
        if isinstance(result, list):
            text = " ".join(str(prediction.label) for prediction in result)
        else:
            text = f"{result.label} ({result.proba[result.label]:.1%})"
        print(f"{path}: {text}", flush=True)
    if n_errors:
        raise ImageError(f"{n_errors} of {len(paths)} images cannot be used.")


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
    """Return the most probable labels with their probabilities."""
    return sorted(prediction.proba.items(), key=lambda item: -item[1])[:_N_BEST]


def _plot_steps(estimator: Any, path: Path, result: Any) -> Figure | SubFigure:
    """Return a figure of the preprocessing steps, or of an image and all its digits."""
    from skmnist.displays import PreprocessingDisplay
    from skmnist.preprocessing import DigitNormalizer, read_image
    from skmnist.preprocessing._predict_image import split_normalizer

    if not isinstance(result, list):
        _, normalizer = split_normalizer(estimator)
        return PreprocessingDisplay.from_estimator(normalizer or DigitNormalizer(), path).figure_
    steps = {"gray": read_image(path, max_side=800)}
    for i, prediction in enumerate(result, 1):
        steps[f"digit {i}: {prediction.label}"] = prediction.image
    return PreprocessingDisplay(steps).plot().figure_
