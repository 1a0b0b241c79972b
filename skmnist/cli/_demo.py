"""``skmnist demo``: two networks on the bundled digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._arguments import add_examples, add_output_dir
from ._data import load_data
from ._model_params import check_classifiers, model_class
from ._output import ensure_writable, print_paths, write_figure
from ._train_and_evaluate import evaluate_classifier, train_classifier

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_MAX_EPOCHS = {"mlp": 50, "cnn": 10}  # both stop early


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Add the options and return the arguments; ``classifiers`` are the ones to train."""
    add_examples(parser, "skmnist demo", "skmnist demo --random-state 1 --output-dir another-demo")
    add_output_dir(parser, "skmnist-demo")
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda or mps")
    parser.add_argument("--random-state", type=int, default=0, help="random seed (default: 0)")
    args = parser.parse_args(argv)
    shared = {
        "early_stopping": True,
        "device": args.device,
        "random_state": args.random_state,
        "verbose": "bar",
    }
    args.classifiers = {
        model: model_class(model)(max_epochs=n, **shared) for model, n in _MAX_EPOCHS.items()
    }
    return args


def run(args: argparse.Namespace) -> None:
    """Train the networks; print their scores, write a report on each and their training curves."""
    from skmnist.displays import TrainingCurveDisplay

    check_classifiers(args.classifiers.values())
    ensure_writable(args.output_dir)
    data = load_data("sample")
    paths = []
    for model, clf in args.classifiers.items():
        train_classifier(clf, data)
        paths.append(evaluate_classifier(clf, data, args.output_dir / model))
    curves = TrainingCurveDisplay.from_estimator(args.classifiers)
    print_paths([*paths, write_figure(curves.figure_, args.output_dir / "training-curves.png")])
