"""``skmnist demo``: train and compare two classifiers on the bundled digits."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from ._arguments import add_examples, add_output_dir, parse_args
from ._data import load_data
from ._model_params import check_classifiers, model_class
from ._output import ensure_writable, print_paths, write_figure, write_text
from ._train_and_evaluate import evaluate_classifier, train_classifier

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pandas import DataFrame

_MAX_EPOCHS = 30

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>skmnist demo</title>
<link rel="icon" href="data:,">
<style>
body {{ max-width: 52rem; margin: 0 auto; padding: 1rem; color: #1f2328; background: #fff;
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }}
.scroll {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .25rem .75rem; border-bottom: 1px solid #d1d9e0; text-align: right; }}
th:first-child {{ text-align: left; }}
thead th {{ vertical-align: bottom; }}
img {{ max-width: 100%; }}
a {{ color: #0b5cad; }}
@media (max-width: 36rem) {{ th, td {{ padding: .25rem .4rem; font-size: .9rem; }} }}
</style>
</head>
<body>
<h1>An MLP and a CNN on {n_train:,} digits</h1>
<div class="scroll">
{table}
</div>
<p>Evaluation reports: {links}</p>
<h2>Training curves</h2>
<img src="training-curves.png" alt="Loss and validation accuracy of both models after each epoch">
</body>
</html>
"""


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Add the options and return the arguments; ``classifiers`` has the ones to train."""
    add_examples(parser, "skmnist demo", "skmnist demo --random-state 1 --output-dir another-demo")
    add_output_dir(parser, "skmnist-demo")
    parser.add_argument(
        "--device",
        default="auto",
        help="device for training: auto (a GPU if available, otherwise the CPU), cpu, cuda or mps "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--random-state",
        metavar="INT",
        type=int,
        default=0,
        help="random seed (default: %(default)s)",
    )
    args = parse_args(parser, argv)
    shared = {
        "early_stopping": True,
        "n_iter_no_change": _MAX_EPOCHS,
        "device": args.device,
        "random_state": args.random_state,
        "verbose": "bar",
        "max_epochs": _MAX_EPOCHS,
    }
    args.classifiers = {
        "mlp": model_class("mlp")(**shared),
        "cnn": model_class("cnn").from_preset("fast", augment="light", **shared),
    }
    return args


def run(args: argparse.Namespace) -> None:
    """Train, evaluate and save both classifiers; print a comparison and the next steps."""
    from skmnist._persistence.save_load import save
    from skmnist.displays import TrainingCurveDisplay

    check_classifiers(args.classifiers.values())
    ensure_writable(args.output_dir)
    data = load_data("sample")
    paths = []
    for model, clf in args.classifiers.items():
        train_classifier(clf, data)
        paths.append(evaluate_classifier(clf, data, args.output_dir / model))
        model_file = args.output_dir / f"{model}.safetensors"
        save(clf, model_file)
        paths.append(model_file)
    curves = TrainingCurveDisplay.from_estimator(args.classifiers)
    paths.append(write_figure(curves.figure_, args.output_dir / "training-curves.png"))
    table = _comparison(args.classifiers, data)
    print(f"\nComparison:\n{table}")
    page = write_text(_page(table, len(data.X)), args.output_dir / "index.html")
    print_paths([page, *paths])
    _print_next_steps(args.output_dir)


def _comparison(classifiers: Mapping[str, Any], data: Any) -> DataFrame:
    """Return a table with one row for each classifier."""
    import pandas as pd

    rows = {
        model: {
            "test accuracy": f"{clf.score(data.X_test, data.y_test):.1%}",
            "weights": f"{clf.n_weights_:,}",
            "epochs": clf.n_iter_,
            "training time": f"{clf.fit_time_:.1f} s",
        }
        for model, clf in classifiers.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def _page(table: DataFrame, n_train: int) -> str:
    """Return the HTML page that compares the classifiers and links to their reports."""
    links = ", ".join(f'<a href="{model}/report.html">{model}</a>' for model in table.index)
    return _PAGE.format(table=table.to_html(border=0), n_train=n_train, links=links)


def _print_next_steps(output_dir: Path) -> None:
    """Print what to do with the written files."""
    cnn = shlex.quote(str(output_dir / "cnn.safetensors"))
    page = shlex.quote(str(output_dir / "index.html"))
    print(
        "\nNext steps:\n"
        f"  Open {page} in a web browser: both models and their reports.\n"
        f"  Draw digits:       skmnist serve {cnn} --open\n"
        f"  Predict a photo:   skmnist predict {cnn} photo.jpg"
    )
