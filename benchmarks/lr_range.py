"""Accuracy with the learning rate that a range test suggests: ``python -m benchmarks.lr_range``.

For each optimizer, a network is trained with the suggestion of ``lr_range_test`` and with each rate
of a grid, with several seeds. The accuracies are those of validation images, which are no part of
the training or of the test set.
"""

import argparse
import json
import statistics
import sys

import numpy as np

from benchmarks.data import load_digits, load_sample
from benchmarks.machine import cpu, versions
from benchmarks.options import add_data_home, add_output_dir, split_choices
from skmnist import CNNClassifier, MLPClassifier
from skmnist.studies import lr_range_test

# Name -> parameters of the classifier.
OPTIMIZERS = {
    "adam": {"optimizer": "adam"},
    "adamw": {"optimizer": "adamw"},
    "nadam": {"optimizer": "nadam"},
    "rmsprop": {"optimizer": "rmsprop"},
    "adagrad": {"optimizer": "adagrad"},
    "sgd": {"optimizer": "sgd"},
    "sgd with momentum": {"optimizer": "sgd", "momentum": 0.9},
}
MODELS = {"mlp": MLPClassifier, "cnn": CNNClassifier}
LRS = np.geomspace(1e-5, 10, 13)
TOLERANCE = 0.003  # 0.3 points of accuracy


def parse(argv=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lr_range", description=__doc__)
    parser.add_argument("--models", default=",".join(MODELS), help="default: %(default)s")
    parser.add_argument("--n-train", type=int, default=4000, help="default: %(default)s")
    parser.add_argument("--n-valid", type=int, default=10_000, help="default: %(default)s")
    parser.add_argument("--epochs", type=int, default=10, help="default: %(default)s")
    parser.add_argument("--seeds", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--first-seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--sample", action="store_true", help="use the bundled sample")
    add_data_home(parser)
    add_output_dir(parser, "lr_range.json")
    args = parser.parse_args(argv)
    args.models = split_choices(parser, "--models", args.models, MODELS)
    return args


def split(args, seed):
    """Return training and validation images, other ones for each seed."""
    digits = load_sample() if args.sample else load_digits(args.data_home)
    n_train = min(args.n_train, len(digits) * 3 // 4)
    order = np.random.default_rng(seed).permutation(len(digits))[: n_train + args.n_valid]
    train, valid = order[:n_train], order[n_train:]
    return (digits.X[train], digits.y[train]), (digits.X[valid], digits.y[valid]), digits.source


def measure(model, params, args):
    """Return the suggestions, their mean accuracy, and that of each rate."""
    suggestions, suggested, grid = [], [], []
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        train, valid, _ = split(args, seed)
        clf = MODELS[model](max_epochs=args.epochs, random_state=seed, **params)
        suggestions.append(lr_range_test(clf, *train).suggestion_)
        suggested.append(accuracy(clf, suggestions[-1], train, valid))
        grid.append([accuracy(clf, lr, train, valid) for lr in LRS])
    return suggestions, statistics.mean(suggested), np.mean(grid, axis=0)


def accuracy(clf, lr, train, valid):
    """Return the accuracy on validation images, 0 if the training diverged."""
    try:
        return clf.set_params(lr=float(lr)).fit(*train).score(*valid)
    except ValueError:
        return 0.0


def main(argv=None):
    args = parse(argv)
    train, valid, source = split(args, 0)
    print(
        f"Data: {len(train[0]):,} training and {len(valid[0]):,} validation images of {source}; "
        f"{args.epochs} epochs, {args.seeds} seeds; grid of {len(LRS)} rates from {LRS[0]:g} to "
        f"{LRS[-1]:g}"
    )
    print(f"{'':<24}{'suggestion':>12}{'accuracy':>10}{'best of grid':>14}{'at lr':>9}{'loss':>8}")
    rows, holds = [], True
    for model in args.models:
        for name, params in OPTIMIZERS.items():
            suggestions, suggested, grid = measure(model, params, args)
            best = int(grid.argmax())
            loss = grid[best] - suggested
            holds &= loss <= TOLERANCE
            suggestion = statistics.geometric_mean(suggestions)
            print(
                f"{model + ', ' + name:<24}{suggestion:>12.2g}{suggested:>10.2%}{grid[best]:>14.2%}"
                f"{LRS[best]:>9.2g}{100 * loss:>8.2f}{'' if loss <= TOLERANCE else ' *'}",
                flush=True,
            )
            rows.append(
                {
                    "model": model,
                    "optimizer": name,
                    "suggestions": suggestions,
                    "accuracy": suggested,
                    "grid": dict(zip(map("{:.3g}".format, LRS), grid.tolist(), strict=True)),
                }
            )
    verdict = "" if holds else " not"
    print(f"Every suggestion is{verdict} within 0.3 points of the best rate of the grid")
    results = {"data": source, "cpu": cpu(), "versions": versions(), "rows": rows}
    args.output_dir.mkdir(parents=True, exist_ok=True)
    path = args.output_dir / "lr_range.json"
    path.write_text(json.dumps(results, indent=1), encoding="utf-8")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
