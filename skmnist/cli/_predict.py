"""``skmnist predict``: predict the digits in images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._arguments import MODEL_SUFFIX, add_examples, load_model, parse_args
from ._output import ensure_writable, print_paths, write_figure
from ._predict_files import (
    add_output_options,
    check_output_options,
    is_table,
    label_text,
    predict_files,
    predict_table,
)

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
        "skmnist predict photo.jpg",
        "skmnist predict photo.jpg --save-steps steps.png",
        "skmnist predict photo.jpg --explain why.png",
        "skmnist predict postcode.jpg --multiple",
        "skmnist predict scans --output results.csv",
        "skmnist train --model cnn --save my.safetensors",
        "skmnist predict my.safetensors *.png",
        "skmnist predict my.safetensors test.csv --output submission.csv",
    )
    parser.add_argument(
        "files",
        metavar="FILE",
        type=Path,
        nargs="+",
        help="image files: photos, scans or drawings. Several images, or those of a folder and its "
        "subfolders, get one line each. Images that cannot be used do not stop the others, but the "
        "exit code is then 1. A CSV, npz or Parquet file of images needs --output; each of its "
        "images gets a digit. If the first file ends in .safetensors, it is the model; otherwise "
        "the model that comes with skmnist is used",
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
    parser.add_argument(
        "--explain",
        metavar="PNG",
        type=Path,
        help="save a figure of what speaks for the predicted and for the second class, to this "
        "file; for a single digit",
    )
    add_output_options(parser)
    args = parse_args(parser, argv)
    first, *others = args.files
    has_model = first.suffix == MODEL_SUFFIX
    args.model, args.images = (first, others) if has_model else (None, args.files)
    if not args.images:
        parser.error("expected an image after the model")
    late = next((path for path in args.images if path.suffix == MODEL_SUFFIX), None)
    if late:
        parser.error(f"expected the model before the images, got {late} after them")
    if args.save_steps and len(args.images) > 1:
        parser.error(f"--save-steps: expected a single image, got {len(args.images)}")
    if args.explain and (len(args.images) > 1 or args.multiple):
        parser.error("--explain: expected a single image of one digit")
    check_output_options(parser, args)
    return args


def run(args: argparse.Namespace) -> None:
    """Load the model, print its predictions and, if requested, save the figure."""
    from skmnist._pretrained.predict_image import predict_image

    for path in filter(None, (args.save_steps, args.explain)):
        ensure_writable(path.parent)
    if is_table(args.images):
        # A table is a test set, not photos: a submission has a label for each image.
        predict_table(load_model(args.model, abstain=False), args)
        return
    estimator = load_model(args.model)
    if args.output or len(args.images) > 1 or args.images[0].is_dir():
        predict_files(estimator, args)
        return
    (path,) = args.images
    result = predict_image(path, estimator, multiple=args.multiple)
    if isinstance(result, list):
        _print_predictions(path, result)
    else:
        _print_prediction(path, result)
    written = []
    if args.save_steps:
        written.append(write_figure(_plot_steps(estimator, path, result), args.save_steps))
    if args.explain:
        written.append(write_figure(_plot_explanation(estimator, result), args.explain))
    if written:
        print_paths(written)


def _print_prediction(path: Path, prediction: Any) -> None:
    note = " (does not look like a digit)" if prediction.rejected else ""
    print(f"{path}: {label_text(prediction)}{note}")
    width = max(len(str(label)) for label in prediction.proba)
    for label, p in _best(prediction):
        print(f"  {label!s:{width}}  {p:6.1%}  {'#' * round(_BAR_WIDTH * p)}".rstrip())


def _print_predictions(path: Path, predictions: Sequence[Any]) -> None:
    print(f"{path}: {' '.join(map(label_text, predictions))}")
    for i, prediction in enumerate(predictions, 1):
        top, left, bottom, right = prediction.box
        best = ", ".join(f"{label} {p:.1%}" for label, p in _best(prediction))
        print(f"  digit {i}: {best}; rows {top} to {bottom}, columns {left} to {right}")


def _best(prediction: Any) -> list[tuple[Any, float]]:
    """Return the most probable labels with their probabilities."""
    return sorted(prediction.proba.items(), key=lambda item: -item[1])[:_N_BEST]


def _plot_steps(estimator: Any, path: Path, result: Any) -> Figure | SubFigure:
    """Return a figure of the preprocessing steps, or of an image and all its digits."""
    from skmnist._pretrained.predict_image import split_normalizer
    from skmnist.displays import PreprocessingDisplay
    from skmnist.preprocessing import DigitNormalizer, read_image

    if not isinstance(result, list):
        _, normalizer = split_normalizer(estimator)
        display = PreprocessingDisplay.from_estimator(normalizer or DigitNormalizer(), path)
        best = ", ".join(f"{label}: {p:.1%}" for label, p in _best(result))
        display.ax_.set_title(f"Predicted: {label_text(result)} ({best})")
        return display.figure_
    steps = {"gray": read_image(path, max_side=800)}
    for i, prediction in enumerate(result, 1):
        steps[f"digit {i}: {label_text(prediction)}"] = prediction.image
    return PreprocessingDisplay(steps).plot().figure_


def _plot_explanation(estimator: Any, result: Any) -> Figure | SubFigure:
    """Return a figure of what speaks for the predicted and for the second class."""
    from skmnist._pretrained.predict_image import as_input, split_normalizer
    from skmnist.displays import ExplanationDisplay

    classifier, _ = split_normalizer(estimator)
    image = as_input(classifier, result.image)
    return ExplanationDisplay.from_estimator(classifier, image).figure_
