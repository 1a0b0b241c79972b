"""Time measurements: each function takes (task, rounds, quick) and yields groups of rows."""

import statistics
import time
from dataclasses import replace
from functools import partial

from sklearn.model_selection import GridSearchCV

from skmnist import CNNClassifier

from . import contestants as by
from .cores import n_cores
from .data import as_floats
from .measure import Group, Row, alternate, compare, ratios, spread

LARGE = 10_000  # images from which one epoch of the wide CNN is enough to compare accuracies

LRS = [3e-4, 1e-3, 3e-3, 1e-2]
SIZES_AND_BATCHES = {"hidden_layer_sizes": [(32,), (64, 32), (128,)], "batch_size": [64, 128]}

N_IMAGES = [7_500, 15_000, 30_000, 60_000, 120_000, 240_000]
REFERENCE = 3  # index of the size that the others are compared with
WIDTHS = [32, 64, 128, 256, 512]


def _setting(task):
    return f"{len(task.data):,} images, {task.epochs} epochs; {_agreement(task)}"


def _agreement(task):
    return f"accuracies agree within {task.tolerance}"


def mlp(task, rounds, quick):
    title = "MLP epoch"
    contestants = {
        "skmnist": by.skmnist_mlp,
        "scikit-learn": by.sklearn_mlp,
        "skorch": by.skorch_mlp,
        "torch loop": by.torch_loop,
        "torchvision DataLoader": by.dataloader_script,
    }
    rows = compare(alternate(title, contestants, task, rounds), task.tolerance)
    setting = f"784-64-32-10, Adam, batch {task.batch_size}, {_setting(task)}"
    if task.data.torchvision_root is None:
        setting += "; DataLoader without torchvision's files"
    yield Group(title, setting, "s", rows)


def cnn(task, rounds, quick):
    title = "wide CNN epoch"
    if len(task.data) >= LARGE:
        task = replace(task, epochs=1)
    contestants = {"skmnist": by.skmnist_cnn, "skorch": by.skorch_cnn}
    rows = compare(alternate(title, contestants, task, rounds), task.tolerance)
    setting = f"conv 32 k5, pool 2, conv 64 k5 s3, pool 4, {_setting(task)}"
    yield Group(title, setting, "s", rows)


def grid(task, rounds, quick):
    title = "grid search"
    task = replace(task, data=task.data.first(300 if quick else 10_000))
    contestants = {
        "skmnist": partial(_search, by.skmnist_estimator, {"lr": LRS}),
        "scikit-learn": partial(_search, by.sklearn_estimator, {"learning_rate_init": LRS}),
    }
    rows = compare(alternate(title, contestants, task, rounds), task.tolerance)
    setting = f"24 candidates x 3 folds, n_jobs=2 on {n_cores()} core(s), {_setting(task)}"
    yield Group(title, setting, "s", rows)


def _search(estimator, lrs, task):
    search = GridSearchCV(
        estimator(task), {**lrs, **SIZES_AND_BATCHES}, cv=3, n_jobs=2, refit=False
    )
    start = time.perf_counter()
    search.fit(task.data.floats, task.data.y)
    return by.Outcome(time.perf_counter() - start, search.best_score_)


def predict(task, rounds, quick):
    small = replace(task, data=task.data.first(10_000))
    data = small.data
    fitted = {"skmnist": by.skmnist_estimator(small), "scikit-learn": by.sklearn_estimator(small)}
    accuracies = {
        name: estimator.fit(data.floats, data.y).score(data.floats_test, data.y_test)
        for name, estimator in fitted.items()
    }

    many = as_floats(data.repeated(10_000).X)
    for title, X, n_calls, unit, scale in (
        ("predict 10,000 images", many, 5, "ms", 1e3),
        ("predict one image", many[:1], 50 if quick else 1000, "µs", 1e6),
    ):
        contestants = {
            name: partial(_predict, estimator, X, n_calls, accuracies[name])
            for name, estimator in fitted.items()
        }
        rows = compare(alternate(title, contestants, task, rounds), small.tolerance, scale)
        yield Group(title, f"median of {n_calls} calls; {_agreement(small)}", unit, rows)


def _predict(estimator, X, n_calls, accuracy, task):
    seconds = []
    for _ in range(n_calls):
        start = time.perf_counter()
        estimator.predict(X)
        seconds.append(time.perf_counter() - start)
    return by.Outcome(statistics.median(seconds), accuracy)


def growth(task, rounds, quick):
    yield _growth_with_n(task, rounds, quick)
    yield _growth_with_width(task, rounds, quick)


def _growth_with_n(task, rounds, quick):
    title = "growth with n"
    sizes = [n // 30 for n in N_IMAGES] if quick else N_IMAGES

    def fit(n, task):
        return by.skmnist_mlp(replace(task, data=task.data.repeated(n), as_bytes=True))

    outcomes = alternate(title, {n: partial(fit, n) for n in sizes}, task, rounds)
    per_image = {n: [r.seconds / n for r in results] for n, results in outcomes.items()}
    rows = [
        Row(
            f"skmnist, {n:,} images",
            spread(1e6 * s for s in seconds),
            ratio=ratios(seconds, per_image[sizes[REFERENCE]]),
            x=n,
        )
        for n, seconds in per_image.items()
    ]
    setting = f"uint8, {task.epochs} epochs; ratio: relative to {sizes[REFERENCE]:,} images"
    return Group(title, setting, "µs per image", rows, "Images")


def _growth_with_width(task, rounds, quick):
    title = "growth with width"
    task = replace(task, data=task.data.first(15_000))
    contestants = {
        "skmnist": by.skmnist_mlp,
        "scikit-learn": by.sklearn_mlp,
        "torch loop": by.torch_loop,
    }
    rows = []
    for width in WIDTHS[:2] if quick else WIDTHS:
        sized = replace(task, hidden_layer_sizes=(width, width // 2))
        outcomes = alternate(f"{title} {width}", contestants, sized, rounds)
        named = {f"{name}, {width} + {width // 2} units": o for name, o in outcomes.items()}
        rows += compare(named, task.tolerance, x=width)
    return Group(title, _setting(task), "s per epoch", rows, "Units in the first layer")


def threads(task, rounds, quick):
    """Measure one fit of the default CNN with 1, 2, 4, ... threads, and skorch with all."""
    # Few images and several epochs: after one, averaging the weights makes skmnist more accurate.
    task = by.with_defaults(replace(task, data=task.data.first(5_000)), CNNClassifier)
    n_max = n_cores()
    counts = [2**i for i in range(n_max.bit_length()) if 2**i < n_max] + [n_max]
    contestants = {n: partial(_with_threads, by.default_cnn, n) for n in counts}
    contestants["skorch"] = partial(_with_threads, by.skorch_default_cnn, n_max)
    outcomes = alternate("threads", contestants, task, rounds)

    seconds = {n: [r.seconds for r in outcomes[n]] for n in counts}
    rows = [
        Row(f"skmnist, {n} thread{'s' * (n > 1)}", spread(s), ratio=ratios(s, seconds[1]), x=n)
        for n, s in seconds.items()
    ]
    setting = f"{_setting(task)}; ratio: relative to one thread"
    yield Group("CNN epoch by threads", setting, "s", rows, "Threads")

    both = {"skmnist": outcomes[n_max], "skorch": outcomes["skorch"]}
    setting = f"default CNN, {n_max} threads, {_setting(task)}"
    yield Group("CNN epoch, all cores", setting, "s", compare(both, task.tolerance))


def _with_threads(contestant, n_threads, task):
    return contestant(replace(task, threads=n_threads))
