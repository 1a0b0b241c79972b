"""Misclassified images."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ._class_names import class_names
from ._images import as_images, pixel_limits, to_imshow
from ._style import WIDTH, add_inset, make_axes, shorten, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

# In inches: the size of an image with its text, and the height of the text.
_CELL, _TEXT = 1.55, 0.4


class MisclassifiedDisplay:
    """Misclassified images with their labels and predicted probabilities.

    Use :meth:`from_estimator` or :meth:`from_predictions` to create one. They sort the mistakes by
    the margin between the probabilities of the predicted and the true class, largest first.

    Parameters
    ----------
    images : ndarray of shape (n_mistakes, height, width) or (n_mistakes, channels, height, width)
        The misclassified images, in the order in which to show them.
    y_true, y_pred : ndarray of shape (n_mistakes,)
        True and predicted labels.
    proba_true, proba_pred : ndarray of shape (n_mistakes,)
        Predicted probabilities of these labels.
    n_samples : int, default=None
        Number of images that were classified.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that contain all images.
    axes_ : ndarray of matplotlib Axes
        One for each image shown.
    figure_ : matplotlib Figure
        The figure that contains the axes.

    See Also
    --------
    sklearn.metrics.ConfusionMatrixDisplay : Confusion matrix.

    Examples
    --------
    >>> from sklearn.model_selection import train_test_split
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.displays import MisclassifiedDisplay
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    >>> clf = MLPClassifier(random_state=0).fit(X_train, y_train)
    >>> display = MisclassifiedDisplay.from_estimator(clf, X_test, y_test, n=6)
    >>> len(display.axes_)
    6
    >>> bool((display.y_true != display.y_pred).all())
    True
    """

    def __init__(
        self,
        images: np.ndarray,
        y_true: np.ndarray,
        y_pred: np.ndarray,
        proba_true: np.ndarray,
        proba_pred: np.ndarray,
        *,
        n_samples: int | None = None,
    ) -> None:
        self.images = images
        self.y_true = y_true
        self.y_pred = y_pred
        self.proba_true = proba_true
        self.proba_pred = proba_pred
        self.n_samples = n_samples

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayLike,
        y: ArrayLike,
        *,
        display_labels: ArrayLike | None = None,
        n: int = 12,
        ax: Axes | None = None,
        cmap: str | Colormap = "gray_r",
    ) -> Self:
        """Plot the worst mistakes of a fitted classifier.

        Parameters
        ----------
        estimator : estimator
            Any fitted classifier with ``predict_proba``.
        X : array-like or sparse matrix of shape (n_samples, n_features), \
                (n_samples, height, width), (n_samples, channels, height, width) or \
                (n_samples, height, width, channels)
            Test images, in a format that ``predict`` accepts.
        y : array-like of shape (n_samples,)
            True labels.
        display_labels : array-like of shape (n_classes,), default=None
            Names of the classes, in the order of ``estimator.classes_``. If None,
            ``estimator.classes_``.
        n : int, default=12
            See :meth:`plot`.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        cmap : str or matplotlib Colormap, default="gray_r"
            See :meth:`plot`.

        Returns
        -------
        display : MisclassifiedDisplay
        """
        images = as_images(X, getattr(estimator, "image_shape_", "auto"))
        return cls.from_predictions(
            images,
            y,
            estimator.predict_proba(X),
            classes=estimator.classes_,
            display_labels=display_labels,
            n=n,
            ax=ax,
            cmap=cmap,
        )

    @classmethod
    def from_predictions(
        cls,
        images: ArrayLike,
        y_true: ArrayLike,
        y_proba: ArrayLike,
        *,
        classes: ArrayLike | None = None,
        display_labels: ArrayLike | None = None,
        n: int = 12,
        ax: Axes | None = None,
        cmap: str | Colormap = "gray_r",
    ) -> Self:
        """Plot the worst mistakes, given the predicted probabilities.

        Parameters
        ----------
        images : array-like of shape (n_samples, height, width), \
                (n_samples, channels, height, width), (n_samples, height, width, channels) or \
                (n_samples, n_features)
            The images. The channels are last if the last number is 1, 3 or 4 and the height and
            the width are at least 5.
        y_true : array-like of shape (n_samples,)
            True labels.
        y_proba : array-like of shape (n_samples, n_classes)
            Probability of each class, as returned by ``predict_proba``. The prediction is the
            class with the highest probability.
        classes : array-like of shape (n_classes,), default=None
            Class labels of the columns of `y_proba`. If None, the sorted labels in `y_true`.
        display_labels : array-like of shape (n_classes,), default=None
            Names of the classes. If None, `classes`.
        n : int, default=12
            See :meth:`plot`.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        cmap : str or matplotlib Colormap, default="gray_r"
            See :meth:`plot`.

        Returns
        -------
        display : MisclassifiedDisplay

        Raises
        ------
        ValueError
            If the shapes of `images`, `y_true`, `y_proba` and `classes` are inconsistent, or
            `y_true` contains a label that is not in `classes`.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn.model_selection import cross_val_predict
        >>> from skmnist.displays import MisclassifiedDisplay
        >>> digits = load_digits()
        >>> clf = LogisticRegression(C=0.01, max_iter=1000)
        >>> proba = cross_val_predict(clf, digits.data, digits.target, method="predict_proba")
        >>> display = MisclassifiedDisplay.from_predictions(
        ...     digits.images, digits.target, proba
        ... )
        >>> display.ax_.get_title()
        'The 12 worst of ... mistakes among 1,797 images'
        """
        images, y_true, y_proba = as_images(images), np.asarray(y_true), np.asarray(y_proba)
        classes = np.unique(y_true) if classes is None else np.asarray(classes)
        if y_proba.shape != (len(y_true), len(classes)) or len(images) != len(y_true):
            raise ValueError(
                "The 'y_proba' parameter of MisclassifiedDisplay.from_predictions must have the "
                f"shape (n_samples, n_classes). Got {y_proba.shape} instead, with {len(images)} "
                f"images, {len(y_true)} labels and {len(classes)} classes. If y_true does not "
                "contain all classes, pass them as classes."
            )
        unknown = np.setdiff1d(y_true, classes)
        if len(unknown):
            raise ValueError(
                "The 'y_true' parameter of MisclassifiedDisplay.from_predictions must contain "
                f"labels among {classes.tolist()}. Got {unknown.tolist()} instead."
            )

        order = np.argsort(classes)
        true = order[np.searchsorted(classes, y_true, sorter=order)]
        pred = y_proba.argmax(axis=1)
        samples = np.arange(len(y_true))
        proba_true, proba_pred = y_proba[samples, true], y_proba[samples, pred]
        mistakes = np.flatnonzero(true != pred)
        worst = mistakes[np.argsort((proba_true - proba_pred)[mistakes], kind="stable")]
        names = class_names("MisclassifiedDisplay.from_predictions", classes, display_labels)
        display = cls(
            images[worst],
            names[true[worst]],
            names[pred[worst]],
            proba_true[worst],
            proba_pred[worst],
            n_samples=len(y_true),
        )
        return display.plot(n=n, ax=ax, cmap=cmap)

    def plot(self, *, n: int = 12, ax: Axes | None = None, cmap: str | Colormap = "gray_r") -> Self:
        """Plot the first `n` mistakes.

        Parameters
        ----------
        n : int, default=12
            Maximum number of images to show.
        ax : matplotlib Axes, default=None
            The axes to draw on. Their size determines how many images are side by side. If None, a
            new figure is created.
        cmap : str or matplotlib Colormap, default="gray_r"
            Colormap of images with one channel. By default, 0 is white.

        Returns
        -------
        display : MisclassifiedDisplay
            The display, with the attributes of the plot.
        """
        n = min(n, len(self.images))
        texts = [self._describe(i) for i in range(n)]
        cell = max(_CELL, max(map(text_width, texts), default=0) + 0.1)

        def n_rows(width: float) -> int:
            return max(1, math.ceil(n / max(1, int(width / cell))))

        self.ax_, width, height = make_axes(ax, _CELL * n_rows(WIDTH), self._title(n))
        self.figure_ = self.ax_.figure
        rows = n_rows(width)
        columns = math.ceil(n / rows)
        text_height = min(_TEXT, 0.5 * height / rows)
        self.axes_ = np.empty(n, dtype=object)
        low, high = pixel_limits(self.images)
        for i, text in enumerate(texts):
            row, column = divmod(i, columns)
            self.axes_[i] = inset = add_inset(
                self.ax_,
                (column + 0.03) * width / columns,
                height * (1 - (row + 1) / rows),
                0.94 * width / columns,  # wide images must not touch
                height / rows - text_height,
            )
            inset.imshow(to_imshow(self.images[i], low, high), cmap=cmap, vmin=0, vmax=1)
            inset.set_title(text, fontsize="small")
            inset.set_axis_off()
        return self

    def _title(self, n: int) -> str:
        total = len(self.images)
        what = f"The {n} worst of {total:,} mistakes" if n < total else f"All {n} mistakes"
        if not total:
            what = "No mistakes"
        return what if self.n_samples is None else f"{what} among {self.n_samples:,} images"

    def _describe(self, i: int) -> str:
        lines = [
            ("true", self.y_true[i], self.proba_true[i]),
            ("predicted", self.y_pred[i], self.proba_pred[i]),
        ]
        return "\n".join(f"{word} {shorten(label)}: {p:.1%}" for word, label, p in lines)
