"""Measure stacked training: ``python -m benchmarks.stacked``.

The program trains MLPs of different learning rates alone and as one batched network, and prints
the time per member and epoch. `stack="auto"` in the searches rests on this table.
"""

import argparse
import statistics

import numpy as np
from sklearn.base import clone

from benchmarks.machine import cpu, load
from skmnist import MLPClassifier
from skmnist._estimators.stacked_fit import train_stack
from skmnist._training.stacked.plan import share_pixels
from skmnist._utils.device import resolve_device

NETWORKS = [  # hidden layers and batch size
    ((16,), 32),
    ((32,), 32),
    ((64, 32), 32),
    ((64, 32), 64),
    ((128,), 64),
    ((200,), 64),
    ((256, 128), 64),
]
N_MEMBERS = [1, 4, 8, 16, 64]


def measure(
    X,
    y,
    *,
    n_members=64,
    hidden_layer_sizes=(64, 32),
    batch_size=64,
    same_batches=True,
    device="cpu",
    n_epochs=3,
):
    """Return the seconds per member and epoch, alone and stacked.

    The members are MLPs of different learning rates with the other default parameters. They train
    on the same batches, or each has a seed, and so an order of the samples, of its own. They are in
    one stack. The one alone is trained before and after it. Times are medians of the epochs after
    the first.
    """
    classifiers = [
        MLPClassifier(
            hidden_layer_sizes,
            lr=float(lr),
            batch_size=batch_size,
            max_epochs=n_epochs + 1,
            device=device,
            n_threads=1,
            random_state=0 if same_batches else i,
        )
        for i, lr in enumerate(np.geomspace(1e-4, 1e-2, n_members))
    ]
    before = epoch_time(clone(classifiers[0]).fit(X, y))
    fits = []
    for clf in classifiers:
        with clf._defer_training() as deferred:
            clf.fit(X, y)
        fits += deferred
    share_pixels([fit.member for fit in fits])
    train_stack(fits, lambda i, n: None)
    after = epoch_time(clone(classifiers[0]).fit(X, y))
    return (before + after) / 2, epoch_time(classifiers[0])


def epoch_time(clf):
    """Return the median duration of the epochs of a fit after the first."""
    return statistics.median(clf.epoch_times_[1:])


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stacked", description=__doc__)
    parser.add_argument("--device", default="cpu", help="of the networks")
    parser.add_argument("--quick", action="store_true", help="use few images, as a check")
    args = parser.parse_args(argv)
    # Here, because it needs packages that `measure` doesn't.
    from skmnist.datasets import load_mnist_sample

    X, y = load_mnist_sample(return_X_y=True)
    if args.quick:
        X, y = X[::25], y[::25]
    device = resolve_device(args.device)
    print(f"{len(X):,} images of the bundled sample, {device} ({cpu()}, one thread, {load()})")
    print("Milliseconds per member and epoch:\n")
    print("| Hidden layers | Batch size | Batches | Members | Alone | Stacked | Ratio |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    cases = [
        (*network, same, n_members)
        for network in NETWORKS[: 1 if args.quick else None]
        for same in (True, False)
        for n_members in N_MEMBERS[: 2 if args.quick else None]
    ]
    for hidden_layer_sizes, batch_size, same, n_members in cases:
        alone, stacked = measure(
            X,
            y,
            n_members=n_members,
            hidden_layer_sizes=hidden_layer_sizes,
            batch_size=batch_size,
            same_batches=same,
            device=args.device,
        )
        print(
            f"| {hidden_layer_sizes} | {batch_size} | {'same' if same else 'own'} | {n_members} | "
            f"{alone * 1e3:.1f} | {stacked * 1e3:.1f} | {stacked / alone:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
