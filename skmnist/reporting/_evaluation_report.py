"""Report on the evaluation of a classifier."""

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
    """Evaluation report of a fitted classifier on a test set.

    Use :meth:`from_estimator` to create one. A notebook displays it as HTML. :meth:`save` writes
    the report to files.

    Parameters
    ----------
    results : dict
        Results of an evaluation, such as the attribute `results` of another report, or the content
        of a ``report.json``.

    Attributes
    ----------
    results : dict
        All results, as numbers, strings, lists and dicts. Classes are represented by their index in
        ``results["classes"]``. Undefined values are None.
    per_class : DataFrame of shape (n_classes, 4)
        Precision, recall, F1 and support of each class. The index contains `display_labels` if they
        were passed, otherwise the class labels.
    confusion_matrix : DataFrame of shape (n_classes, n_classes)
        Number of test samples of each true class (rows) and predicted class (columns).

    See Also
    --------
    sklearn.metrics.classification_report : Precision, recall and F1 as text.

    Notes
    -----
    The interval of the accuracy is the Wilson score interval for independent test samples [1]_. It
    describes the uncertainty due to the choice of the test samples, but not the variation between
    training runs with different seeds.

    The expected calibration error is computed as in Guo et al. [2]_, from the probability of the
    predicted class in ten bins of equal width. Log loss and Brier score are those of scikit-learn.

    Precision is undefined (NaN) for a class that is never predicted, and recall for a class without
    test samples.

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
    <EvaluationReport of MLPClassifier: accuracy ...% (...% to ...%) on 1,250 test samples>
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
        explain: bool = True,
    ) -> Self:
        """Evaluate a fitted classifier on a test set.

        Parameters
        ----------
        estimator : estimator
            Any fitted classifier with the API of scikit-learn, including pipelines and searches. If
            it does not provide the training history, times or probabilities, the report states the
            reason instead.
        X_test : array-like, sparse matrix or DataFrame of shape (n_samples, n_features), \
                (n_samples, height, width), (n_samples, channels, height, width) or \
                (n_samples, height, width, channels)
            The test set, in a format that the classifier accepts.
        y_test : array-like of shape (n_samples,)
            True labels.
        display_labels : array-like of shape (n_classes,), default=None
            Names of the classes, in the order of ``estimator.classes_``. If None,
            ``estimator.classes_``.
        image_shape : "auto", tuple or None, default="auto"
            Shape of one image, (height, width), (channels, height, width) or (height, width,
            channels), to show the mistakes. "auto" is the shape of a 3-D or 4-D `X_test` or the
            shape stored in the classifier, otherwise a square of at least 8 x 8 pixels if all
            features are in [0, 255]. If None, no images are shown.
        n_mistakes : int, default=12
            Maximum number of mistakes to show.
        explain : bool, default=True
            Whether to show below each mistake what speaks for the true and for the predicted class.
            This takes about 170 predictions for each mistake, for images of 28 x 28 pixels. See
            :class:`skmnist.displays.ExplanationDisplay`, method "occlusion".

        Returns
        -------
        report : EvaluationReport

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator is not a classifier.
        ValueError
            If `X_test`, `y_test` and the classes are inconsistent.
        """
        return cls(
            evaluate(
                estimator,
                X_test,
                y_test,
                display_labels=display_labels,
                image_shape=image_shape,
                n_mistakes=n_mistakes,
                explain=explain,
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
        """DataFrame: Number of test samples of each true and predicted class."""
        return pd.DataFrame(
            self.results["confusion_matrix"],
            index=self._index("true"),
            columns=self._index("predicted"),
        )

    def _index(self, name: str) -> pd.Index:
        """Return the display labels if they were passed, otherwise the class labels."""
        classes, labels = self.results["classes"], self.results["display_labels"]
        return pd.Index(classes if labels == [str(c) for c in classes] else labels, name=name)

    def to_html(self) -> str:
        """Convert the report to a self-contained HTML page.

        Returns
        -------
        html : str
        """
        return render.to_html(self.results)

    def to_markdown(self) -> str:
        """Convert the report to Markdown, without images.

        Returns
        -------
        markdown : str
        """
        return render.to_markdown(self.results)

    def to_json(self) -> str:
        """Convert `results` to JSON. Undefined values are null.

        Returns
        -------
        json : str
        """
        return render.to_json(self.results)

    def save(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Save the report as HTML, Markdown and JSON, with its figures as PNG.

        The files are ``report.html``, ``report.md``, ``report.json`` and the figures. They get
        their names after all of them are written, so that there are no incomplete files.

        Parameters
        ----------
        folder : str or Path
            The folder to write to. It is created if needed, and existing files are replaced.

        Returns
        -------
        paths : list of Path
            Paths of the files, ``report.html`` last.

        Raises
        ------
        OSError
            If the folder is not writable or the disk is full. Existing files are not changed.
        """
        figures = {f"{name}.png": png for name, (png, _) in draw_figures(self.results).items()}
        markdown = render.to_markdown(self.results, figures)
        texts = {
            "report.json": self.to_json(),
            "report.md": markdown,
            "report.html": self.to_html(),
        }
        # Folders can have names that are not valid Unicode.
        encoded = {name: text.encode(errors="backslashreplace") for name, text in texts.items()}
        return writer.write(figures | encoded, folder)

    def _repr_html_(self) -> str:
        return render.to_html_part(self.results)

    def __repr__(self) -> str:
        name, accuracy = self.results["name"], self.results["accuracy"]
        return (
            f"<EvaluationReport of {name}: accuracy {percent(accuracy['value'], 2)} "
            f"({percent(accuracy['low'], 2)} to {percent(accuracy['high'], 2)}) on "
            f"{accuracy['n_samples']:,} test samples>"
        )
