"""The report on a classifier: what users see of this folder."""

import functools

import pandas as pd

from . import _render as render
from . import _writer as deliver
from ._compute import evaluate
from ._figures import draw
from ._sections import percent


class EvaluationReport:
    """What a fitted classifier does on test data, to read, to keep and to hand on.

    Use :meth:`from_estimator` to make one. A notebook shows it as it is; :meth:`write` makes
    files of it.

    Parameters
    ----------
    results : dict
        What the report says, such as the attribute `results` of another report or what
        ``json.load`` reads from a ``report.json``.

    Attributes
    ----------
    results : dict
        All that the report says, in plain numbers, texts, lists and dicts. Classes are numbered
        in the order of ``results["classes"]``; None stands for what has no value.
    per_class : DataFrame of shape (n_classes, 4)
        Precision, recall, F1 and support of each class; the index holds `display_labels` where
        they were given, else the labels.
    confusion : DataFrame of shape (n_classes, n_classes)
        Number of test rows of each true class (down) that were predicted as each class (across).

    See Also
    --------
    sklearn.metrics.classification_report : Precision, recall and F1 as a text.

    Notes
    -----
    The interval of the accuracy is Wilson's, for independent test rows [1]_. It says how far the
    choice of the test rows may have moved the number, not how much training again with another
    seed would.

    The expected calibration error is that of Guo et al. [2]_, with ten bins of equal width, of
    the probability of the predicted class. Log loss and Brier score are scikit-learn's.

    Precision without a predicted row, and recall without a true one, have no value (NaN).

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
       Journal of the American Statistical Association 22 (1927).
    .. [2] C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural
       networks", ICML 2017.

    Examples
    --------
    >>> from sklearn.model_selection import train_test_split
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.reporting import EvaluationReport
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    >>> clf = MLPClassifier(random_state=0).fit(X_train, y_train)
    >>> report = EvaluationReport.from_estimator(clf, X_test, y_test)
    >>> report
    <EvaluationReport of MLPClassifier: accuracy ...% (...% to ...%) on 1,250 test rows>
    >>> report.per_class.columns.to_list()
    ['precision', 'recall', 'f1', 'support']
    >>> paths = report.write("digits-report")  # doctest: +SKIP
    """

    def __init__(self, results):
        self.results = results

    @classmethod
    def from_estimator(
        cls, estimator, X_test, y_test, *, display_labels=None, image_shape="auto", n_mistakes=12
    ):
        """Evaluate a fitted classifier on data that it wasn't trained on.

        Parameters
        ----------
        estimator : estimator
            Any fitted classifier with scikit-learn's methods, a Pipeline or a search among
            them. What it doesn't keep (epochs, times, probabilities) is left out of the report,
            which says so.
        X_test : array-like, sparse matrix or DataFrame of shape (n_samples, n_features), \
                (n_samples, height, width) or (n_samples, channels, height, width)
            The test data, in a form that the classifier predicts.
        y_test : array-like of shape (n_samples,)
            The true labels.
        display_labels : array-like of shape (n_classes,), default=None
            What to call the classes, in the order of ``estimator.classes_``, which it is by
            default.
        image_shape : "auto", tuple or None, default="auto"
            Shape of one picture, (height, width) or (channels, height, width), to show the
            mistakes. "auto" takes that of a 3-D or 4-D `X_test` or of the classifier, else a
            square of at least 8 x 8 if the features are numbers from 0 to 255. None shows no
            pictures.
        n_mistakes : int, default=12
            Number of mistakes to show, if there are as many.

        Returns
        -------
        report : EvaluationReport

        Raises
        ------
        NotFittedError
            If the estimator isn't fitted.
        TypeError
            If it is no classifier.
        ValueError
            If `X_test`, `y_test` and the classes don't fit each other.
        """
        return cls(
            evaluate(
                estimator,
                X_test,
                y_test,
                display_labels=display_labels,
                image_shape=image_shape,
                n_mistakes=n_mistakes,
            )
        )

    @functools.cached_property
    def per_class(self):
        """DataFrame: Precision, recall, F1 and support of each class."""
        return pd.DataFrame(self.results["per_class"], index=self._labels("class")).astype(
            {"precision": float, "recall": float, "f1": float}
        )

    @functools.cached_property
    def confusion(self):
        """DataFrame: Number of rows of each true class predicted as each class."""
        return pd.DataFrame(
            self.results["confusion"], index=self._labels("true"), columns=self._labels("predicted")
        )

    def _labels(self, of):
        """Return the labels, or the names that were given for them."""
        classes, names = self.results["classes"], self.results["names"]
        return pd.Index(classes if names == [str(c) for c in classes] else names, name=of)

    def to_html(self):
        """Return the report as one HTML page that needs no other file and no network.

        Returns
        -------
        str
        """
        return render.to_html(self.results)

    def to_markdown(self):
        """Return the report as Markdown, without its pictures.

        Returns
        -------
        str
        """
        return render.to_markdown(self.results)

    def to_json(self):
        """Return `results` as JSON; what has no value is null.

        Returns
        -------
        str
        """
        return render.to_json(self.results)

    def write(self, folder):
        """Write the report: ``report.html``, ``report.md``, ``report.json`` and PNG pictures.

        All files get their names when all are written, so that none is ever there in part.

        Parameters
        ----------
        folder : str or Path
            Where to; it is made if needed. Files of these names are replaced.

        Returns
        -------
        paths : list of Path
            The files, ``report.html`` last.

        Raises
        ------
        OSError
            If the folder can't be written to or the disk is full. What was there before stays.
        """
        pictures = {f"{name}.png": png for name, (png, _) in draw(self.results).items()}
        markdown = render.to_markdown(self.results, pictures)
        texts = {
            "report.json": self.to_json(),
            "report.md": markdown,
            "report.html": self.to_html(),
        }
        return deliver.write(
            pictures | {name: text.encode() for name, text in texts.items()}, folder
        )

    def _repr_html_(self):
        return render.to_html_part(self.results)

    def __repr__(self):
        one = self.results["accuracy"]
        return (
            f"<EvaluationReport of {self.results['name']}: accuracy {percent(one['value'], 2)} "
            f"({percent(one['low'], 2)} to {percent(one['high'], 2)}) on "
            f"{one['n_samples']:,} test rows>"
        )
