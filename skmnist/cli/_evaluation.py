"""Train a classifier; print and write how it does on test images."""


def train(clf, data):
    """Train a classifier and say how long it took."""
    print(f"\n{clf}", flush=True)
    clf.fit(data.X, data.y)
    kept = f", weights of epoch {clf.best_epoch_} kept" if clf.early_stopping else ""
    print(f"{clf.n_iter_} epochs in {clf.fit_time_:.1f} seconds on {clf.device_}{kept}")


def evaluate(clf, data, out):
    """Print how a fitted classifier does and write its report; return the page's path."""
    from skmnist.reporting import EvaluationReport

    report = EvaluationReport.from_estimator(
        clf, data.X_test, data.y_test, display_labels=names_of(clf.classes_, data.names)
    )
    accuracy = report.results["accuracy"]
    print(
        f"Test accuracy: {accuracy['value']:.1%} "
        f"({accuracy['confidence']:.0%} interval {accuracy['low']:.1%} to {accuracy['high']:.1%})\n"
    )
    print(report.per_class.rename_axis(None).to_string(float_format="{:.3f}".format, na_rep="-"))
    print("\nConfusion matrix (true classes down, predicted ones across, in the same order):")
    # Long names above the columns would make the table too wide for a terminal.
    short = all(len(str(name)) == 1 for name in report.confusion.columns)
    print(
        report.confusion.rename_axis(index=None, columns=None).to_string(header=short), flush=True
    )
    return report.write(out)[-1]


def names_of(classes, names):
    """Return the data set's names of the classes that a classifier knows, if it has them all."""
    numbers = dict(enumerate(names))
    return [numbers[c] for c in classes] if set(classes) <= set(numbers) else None
