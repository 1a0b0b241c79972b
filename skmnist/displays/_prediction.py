"""What a classifier makes of one picture."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._images import for_imshow, one_image
from ._style import COLORS, LINE, add_inset, check_number, make_frame, shorten_to, text_width

# In inches: the height of a bar and of the smallest picture; beside the bars the room for the
# picture and for the axis without its names; above and below them; the least room for the bars
# and the numbers at their ends.
_BAR, _LEAST, _PICTURE, _AXIS, _ABOVE, _BELOW, _BARS = 0.24, 2.2, 2.4, 0.4, 0.1, 0.5, 2.0


class PredictionDisplay:
    """One picture, and the probabilities that a classifier gives the classes.

    Use :meth:`from_estimator` to make one.

    Parameters
    ----------
    image : ndarray of shape (height, width) or (channels, height, width)
        The picture.
    proba : ndarray of shape (n_classes,)
        The probability of each class.
    names : array-like of shape (n_classes,), default=None
        What to call the classes; by default they are numbered from 0.
    true_class : int, default=None
        The number of the true class, counted from 0 in the order of `proba`, where it is known.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The frame around the picture and the bars.
    axes_ : ndarray of matplotlib Axes
        The picture, the bars.
    bars_ : matplotlib BarContainer
        The bars, from the top.
    figure_ : matplotlib Figure
        The figure that holds them.

    See Also
    --------
    MisclassifiedDisplay : What a classifier gets wrong.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.displays import PredictionDisplay
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = MLPClassifier(max_epochs=3, random_state=0).fit(X, y)
    >>> display = PredictionDisplay.from_estimator(clf, X[0], y_true=y[0])
    >>> len(display.bars_)
    10
    """

    def __init__(self, image, proba, *, names=None, true_class=None):
        self.image = image
        self.proba = proba
        self.names = names
        self.true_class = true_class

    @classmethod
    def from_estimator(
        cls, estimator, image, *, y_true=None, display_labels=None, n=10, ax=None, cmap="gray_r"
    ):
        """Plot what a fitted classifier makes of one picture.

        Parameters
        ----------
        estimator : estimator
            Any fitted classifier that has ``predict_proba``.
        image : array-like or sparse matrix of shape (n_features,), (height, width), \
                (channels, height, width), or a batch of one of these
            One picture, with pixels such as the classifier was fitted on.
        y_true : object, default=None
            Its true label, which is marked.
        display_labels : array-like of shape (n_classes,), default=None
            What to call the classes, in the order of ``estimator.classes_``, which it is by
            default.
        n : int, default=10
            See :meth:`plot`.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        cmap : str or matplotlib Colormap, default="gray_r"
            See :meth:`plot`.

        Returns
        -------
        display : PredictionDisplay

        Raises
        ------
        NotFittedError
            If the estimator isn't fitted.
        ValueError
            If `image` isn't one picture of the size that it was fitted on, or `y_true` none of
            its classes.
        """
        check_is_fitted(estimator)
        image, row = one_image(estimator, image)
        classes = estimator.classes_
        true_class = None
        if y_true is not None:
            (true_classes,) = np.nonzero(classes == np.ravel(y_true)[0])
            if not len(true_classes):
                raise ValueError(f"y_true={y_true!r} is not among classes_ = {classes.tolist()}.")
            true_class = int(true_classes[0])
        names = classes if display_labels is None else display_labels
        proba = estimator.predict_proba(row)[0]
        return cls(image, proba, names=names, true_class=true_class).plot(n=n, ax=ax, cmap=cmap)

    def plot(self, *, n=10, ax=None, cmap="gray_r"):
        """Draw the picture and a bar for each class.

        Parameters
        ----------
        n : int, default=10
            Number of bars. Where there are more classes, the most probable ones are shown, from
            the top, and the true one.
        ax : matplotlib Axes, default=None
            Where to draw. If None, a new figure is made.
        cmap : str or matplotlib Colormap, default="gray_r"
            Colours of a picture with one channel; by default 0 is white, like paper.

        Returns
        -------
        display : PredictionDisplay
            The object itself, with the attributes of the drawing.
        """
        check_number("n", n)
        proba, image = np.asarray(self.proba), np.asarray(self.image)
        names = [str(name) for name in (range(len(proba)) if self.names is None else self.names)]
        shown = self._shown(n)
        room = max(_LEAST, _BAR * len(shown) + _ABOVE + _BELOW)
        self.ax_, width, height = make_frame(ax, room)
        self.figure_ = self.ax_.figure

        side = min(_PICTURE - 0.3, height - 2 * LINE - 0.2)
        top = height - 2 * LINE - 0.1
        picture = add_inset(self.ax_, 0.15, top - side, _PICTURE - 0.3, side)
        picture.imshow(for_imshow(image, image.min(), image.max()), cmap=cmap)
        picture.set_axis_off()
        picture.set_title(self._describe(names), fontsize="small")

        labels = [shorten_to(names[i], max(0.4, width - _PICTURE - _AXIS - _BARS)) for i in shown]
        left = _PICTURE + max(map(text_width, labels)) + _AXIS
        bars = add_inset(self.ax_, left, _BELOW, width - left - 0.1, height - _ABOVE - _BELOW)
        self._plot_bars(bars, 100 * proba[shown], labels, shown, width - left - 0.1)
        self.axes_ = np.array([picture, bars])
        return self

    def _plot_bars(self, ax, percent, labels, shown, room):
        places = np.arange(len(shown))
        self.bars_ = ax.barh(places, percent, color=COLORS[0], height=0.7)
        marks = ["(true)" if i == self.true_class else "" for i in shown]
        texts = [f"{p:.1f}% {mark}" for p, mark in zip(percent, marks, strict=True)]
        ax.bar_label(self.bars_, texts, padding=3, fontsize="small")
        ax.set_yticks(places, labels, fontsize="small")
        # From the top; two bars are no broader than five would be.
        middle, half = (len(shown) - 1) / 2, max(len(shown), 5) / 2
        ax.set_ylim(middle + half, middle - half)
        ax.set_ylabel("Class", fontsize="small")
        # Beyond 100 % is room for the numbers.
        ax.set_xlim(0, 100 * room / max(room - text_width("100.0% (true) "), 0.5))
        ax.set_xticks([0, 50, 100])
        ax.tick_params(labelsize="small")
        ax.set_xlabel("Probability (%)", fontsize="small")
        ax.spines[["top", "right"]].set_visible(False)

    def _shown(self, n):
        """Return the numbers of the classes to show, from the top."""
        if len(self.proba) <= n:
            return list(range(len(self.proba)))
        order = np.argsort(-np.asarray(self.proba), kind="stable").tolist()
        shown = order[:n]
        if self.true_class is not None and self.true_class not in shown:
            shown[-1] = self.true_class
        return shown

    def _describe(self, names):
        lines = [] if self.true_class is None else [("true", self.true_class)]
        lines.append(("predicted", int(np.argmax(self.proba))))
        room = _PICTURE - 0.2 - text_width("predicted : 100.0%")
        return "\n".join(
            f"{word} {shorten_to(names[i], room)}: {self.proba[i]:.1%}" for word, i in lines
        )
