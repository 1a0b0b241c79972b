"""The report on the evaluation of a classifier."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from . import _render as render
from . import _writer as writer
from ._compute import evaluate
from ._figures import draw_figures
from ._sections import percent

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from typing_extensions import Self


class EvaluationReport:
    """What a fitted classifier does on test data, to read, to keep and to hand on.

    Use :meth:`from_estimator` to make one. A notebook shows it as it is; :meth:`save` writes
    its files.

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
    confusion_matrix : DataFrame of shape (n_classes, n_classes)
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
    >>> paths = report.save("digits-report")  # doctest: +SKIP
    """

    def __init__(self, results: dict[str, Any]) -> None:
        self.results = results

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X_test: ArrayLike,
        y_test: ArrayLike,
        *,
        display_labels: Sequence[Any] | np.ndarray | None = None,
        image_shape: Literal["auto"] | Sequence[int] | None = "auto",
        n_mistakes: int = 12,
    ) -> Self:
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
    def per_class(self) -> pd.DataFrame:
        """DataFrame: Precision, recall, F1 and support of each class."""
        return pd.DataFrame(self.results["per_class"], index=self._index("class")).astype(
            {"precision": float, "recall": float, "f1": float}
        )

    @functools.cached_property
    def confusion_matrix(self) -> pd.DataFrame:
        """DataFrame: Number of rows of each true class predicted as each class."""
        return pd.DataFrame(
            self.results["confusion_matrix"],
            index=self._index("true"),
            columns=self._index("predicted"),
        )

    def _index(self, name: str) -> pd.Index:
        """Return the labels, or the display labels that were given for them."""
        classes, labels = self.results["classes"], self.results["display_labels"]
        return pd.Index(classes if labels == [str(c) for c in classes] else labels, name=name)

    def to_html(self) -> str:
        """Return the report as one HTML page that needs no other file and no network.

        Returns
        -------
        str
        """
        return render.to_html(self.results)

    def to_markdown(self) -> str:
        """Return the report as Markdown, without its pictures.

        Returns
        -------
        str
        """
        return render.to_markdown(self.results)

    def to_json(self) -> str:
        """Return `results` as JSON; what has no value is null.

        Returns
        -------
        str
        """
        return render.to_json(self.results)

    def save(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Save the report: ``report.html``, ``report.md``, ``report.json`` and PNG pictures.

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
        figures = {f"{name}.png": png for name, (png, _) in draw_figures(self.results).items()}
        markdown = render.to_markdown(self.results, figures)
        texts = {
            "report.json": self.to_json(),
            "report.md": markdown,
            "report.html": self.to_html(),
        }
        return writer.write(figures | {name: text.encode() for name, text in texts.items()}, folder)

    def _repr_html_(self) -> str:
        return render.to_html_part(self.results)

    def __repr__(self) -> str:
        name, accuracy = self.results["name"], self.results["accuracy"]
        return (
            f"<EvaluationReport of {name}: accuracy {percent(accuracy['value'], 2)} "
            f"({percent(accuracy['low'], 2)} to {percent(accuracy['high'], 2)}) on "
            f"{accuracy['n_samples']:,} test rows>"
        )
